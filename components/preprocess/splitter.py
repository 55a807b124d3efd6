"""Which rows are for training, which for calibration, which for the test.

By time the splits follow each other with a gap of the conversion window between them, so that no label of an earlier
split was decided during a later one. Lists are never divided, and a user of a later split is in no earlier one: rows
of the earlier split are purged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from artifacts.split import SPLITS, SplitCounts, SplitCountsByName, SplitName
from artifacts.typed_rows import TypedRows
from components.preprocess.cut_times import CutTimes, cut_times, shares_of
from model.spec.types import Spec
from model.sql import literal, quoted

# A byte each, where text would grow with the lists. `later` is younger than the test split of an older cut.
KINDS = "ENUM ('train', 'calibration', 'test', 'gap', 'purged', 'later')"


@dataclass(frozen=True)
class Counts:
    """Rows of a cut before sampling: of each split, between two splits (`gap`), and shared with a later split
    (`purged`)."""

    splits: SplitCountsByName
    gap: int
    purged: int

    @property
    def used(self) -> int:
        return sum(self.splits[name].rows for name in SPLITS)

    @property
    def total(self) -> int:
        return self.used + self.gap + self.purged


class Cut:
    """One division of the rows of a Splitter into train, calibration and test; `times` where it is by time.

    Number 1 is the newest, which alone there is without `split.cuts`.
    """

    def __init__(self, splitter: "Splitter", number: int, times: CutTimes | None) -> None:
        self._splitter, self.number, self.times = splitter, number, times
        self.column = f"split_{number}"  # of the table `assigned`

    def rows_of(self, name: SplitName) -> str:
        """SQL of the rows of a split. Its times are in the query too, so that other rows of the file are not read."""
        times = "".join(f" AND {bound}" for bound in self._bounds(name, self.times)) if self.times else ""
        return f"(SELECT * FROM {self._splitter.rows} {self._assigned(name)} WHERE true{times})"

    def rest(self) -> str:
        """SQL of the mature rows that are in no split: those of the gaps, and purged ones."""
        return f"(SELECT * FROM {self._splitter.rows} {self._assigned('gap', 'purged')})"

    def _assigned(self, *splits: str) -> str:
        listed = ", ".join(map(literal, splits))
        return f"SEMI JOIN (FROM assigned WHERE {self.column} IN ({listed})) USING (unit)"

    def _bounds(self, name: SplitName, times: CutTimes) -> list[str]:
        time, at = quoted(str(self._splitter.columns.time)), times.literals()
        return {
            "train": [f"{time} < {at['train_end']}"],
            "calibration": [f"{time} >= {at['calibration_start']}", f"{time} < {at['calibration_end']}"],
            "test": [f"{time} >= {at['test_start']}", *([f"{time} < {at['test_end']}"] if times.test_end else [])],
        }[name]

    def assignment(self) -> str:
        """SQL of a unit's split, before purging."""
        return self._by_time(self.times) if self.times else self._by_hash()

    def _by_time(self, times: CutTimes) -> str:
        at = times.literals()
        later = f"WHEN last >= {at['test_end']} THEN 'later' " if times.test_end else ""
        return (
            f"CASE {later}WHEN last < {at['train_end']} THEN 'train' WHEN first >= {at['test_start']} THEN 'test' "
            f"WHEN first >= {at['calibration_start']} AND last < {at['calibration_end']} THEN 'calibration' "
            "ELSE 'gap' END"
        )

    def _by_hash(self) -> str:
        """Test splits are shares of the hashes that follow each other; calibration is the share behind the test."""
        split = self._splitter.spec.split
        test, calibration = shares_of(split)
        chance = share_of_hash(f"'split {split.seed} ' || unit")
        start, end = (self.number - 1) * test, self.number * test
        return (
            f"CASE WHEN {chance} >= {start!r} AND {chance} < {end!r} THEN 'test' "
            f"WHEN ({chance} >= {end!r} AND {chance} < {end + calibration!r}) OR {chance} < {end + calibration - 1!r} "
            "THEN 'calibration' ELSE 'train' END"
        )

    def counts(self) -> Counts:
        """Rows before sampling."""
        return self._splitter.counts(self.column)


class Splitter:
    """Assigns every row of `rows` to a split in each cut: afterwards the table `assigned` has the splits of each unit.

    A unit (column `unit` of the rows, a hash) is what stays together: the list by time, the user or list at random, the
    group by group, else the row.
    Splits are train, calibration, test, gap (between them in time), purged (shares a user or list with a later one) and
    later (younger than the test split of an older cut).
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, rows: str, spec: Spec, columns: TypedRows, end: datetime
    ) -> None:
        self._connection, self.rows, self.spec, self.columns = connection, rows, spec, columns
        by_time = spec.split.by == "time"
        times: Sequence[CutTimes | None]
        times = cut_times(connection, rows, spec, columns, end) if by_time else [None] * spec.split.cuts
        self.cuts = tuple(Cut(self, *numbered) for numbered in zip(spec.split.numbers, times, strict=True))
        splits = ", ".join(f"CAST({cut.assignment()} AS {KINDS}) AS {cut.column}" for cut in self.cuts)
        connection.execute(f"CREATE TABLE assigned AS SELECT *, {splits} FROM ({self._units()})")
        for name in self._other_ids():
            connection.execute(f"CREATE TABLE {_members(name)} AS {self._pairs(name)}")
            for cut in self.cuts:
                self._purge(name, cut.column)

    def _units(self) -> str:
        time = quoted(self.columns.time) if self.columns.time else "NULL"
        positives = f"CAST(sum({quoted(self.columns.label)}) AS INTEGER)"
        counts = f"CAST(count(*) AS INTEGER) AS rows, {positives} AS positives"
        return f"SELECT unit, min({time}) AS first, max({time}) AS last, {counts} FROM {self.rows} GROUP BY unit"

    def _other_ids(self) -> list[str]:
        """The ids, user and list, that may be in several units."""
        roles, unit = self.spec.columns, unit_column(self.spec)
        return [name for name in (roles.user, roles.list) if name and name != unit]

    def _pairs(self, name: str) -> str:
        """Which values of `name`, as hashes, are in which unit, without missing values."""
        column = quoted(name)
        return f"SELECT DISTINCT unit, hash({column}) AS member FROM {self.rows} WHERE {column} IS NOT NULL"

    def _purge(self, name: str, split: str) -> None:
        """Units of an earlier split that share a value of `name` with a later one are purged."""
        members = _members(name)
        for earlier, later in (("calibration", "('test')"), ("train", "('test', 'calibration')")):
            shared = f"SELECT member FROM {members} SEMI JOIN (FROM assigned WHERE {split} IN {later}) USING (unit)"
            units = f"SELECT unit FROM {members} WHERE member IN ({shared})"
            self._connection.execute(
                f"UPDATE assigned SET {split} = 'purged' WHERE {split} = '{earlier}' AND unit IN ({units})"
            )

    def counts(self, split: str) -> Counts:
        """Of the cut with that column."""
        sums = "CAST(sum(rows) AS BIGINT), CAST(sum(positives) AS BIGINT)"
        ends = "CAST(min(first) AS VARCHAR), CAST(max(last) AS VARCHAR)"
        query = f"SELECT CAST({split} AS VARCHAR), {sums}, {ends} FROM assigned GROUP BY {split}"
        answers = {row[0]: row[1:] for row in self._connection.execute(query).fetchall()}
        lists, users = (self._distinct(name, split) for name in (self.spec.columns.list, self.spec.columns.user))
        by_name = {}
        for name in SPLITS:
            rows, positives, first, last = answers.get(name, (0, 0, None, None))
            by_name[name] = SplitCounts(
                rows=rows,
                positives=positives,
                lists=None if lists is None else lists.get(name, 0),
                users=None if users is None else users.get(name, 0),
                first=first,
                last=last,
            )
        gap, purged = (answers.get(name, (0,))[0] for name in ("gap", "purged"))
        return Counts(SplitCountsByName(**by_name), gap, purged)

    def _distinct(self, name: str | None, split: str) -> dict[str, int] | None:
        """How many different values each split has; None without the column."""
        if name is None:
            return None
        if name == self.spec.columns.list == unit_column(self.spec):  # every row has its list
            counts = "count(*) FROM assigned"
        else:
            members = _members(name) if name in self._other_ids() else f"({self._pairs(name)})"
            counts = f"count(DISTINCT member) FROM {members} JOIN assigned USING (unit)"
        query = f"SELECT CAST({split} AS VARCHAR), {counts} GROUP BY {split}"
        return dict(self._connection.execute(query).fetchall())


def _members(name: str) -> str:
    """SQL of the table that has the values of `name` in each unit."""
    return quoted(f"members {name}")


def unit_column(spec: Spec) -> str | None:
    """The column whose rows stay together; None where every row is a unit."""
    if spec.split.by == "time":
        return spec.columns.list
    return spec.split.group or spec.columns.user or spec.columns.list


def share_of_hash(text: str) -> str:
    """SQL: a number in [0, 1) that depends on the text alone."""
    return f"(CAST(hash({text}) >> 11 AS DOUBLE) / {float(1 << 53)!r})"


def sampled(spec: Spec, columns: TypedRows) -> str:
    """SQL that keeps every conversion and a share of the rest, by the row's own key."""
    keep = spec.training.keep_negatives
    if keep >= 1:
        return "true"
    chance = share_of_hash(f"{literal(f'negatives {spec.training.seed} ')} || row_key")
    return f"({quoted(columns.label)} = 1 OR {chance} < {keep!r})"
