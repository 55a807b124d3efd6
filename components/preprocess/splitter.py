"""Which rows are for training, which for calibration, which for the test.

By time the splits follow each other with a gap of the conversion window between them, so that no label of an earlier
split was decided during a later one. Lists are never divided, and a user of a later split is in no earlier one: rows
of the earlier split are purged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import duckdb

from artifacts.split import SPLITS, SplitCounts, SplitCountsByName, SplitCuts, SplitName
from artifacts.typed_rows import TypedRows
from components.preprocess.duckdb_session import one_row
from model.spec.types import Spec
from model.sql import literal, quoted

KINDS = "ENUM ('train', 'calibration', 'test', 'gap', 'purged')"  # a byte each, where text would grow with the lists


@dataclass(frozen=True)
class Cuts:
    """Moments in UTC, without a time zone. Their meaning is that of the fields of SplitCuts."""

    train_end: datetime
    calibration_start: datetime
    calibration_end: datetime
    test_start: datetime

    def moments(self) -> Mapping[str, datetime]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def document(self) -> SplitCuts:
        return SplitCuts(**{name: f"{moment.isoformat()}Z" for name, moment in self.moments().items()})


@dataclass(frozen=True)
class Counts:
    """Rows before sampling: of each split, between two splits (`gap`), and shared with a later split (`purged`)."""

    splits: SplitCountsByName
    gap: int
    purged: int

    @property
    def used(self) -> int:
        return sum(self.splits[name].rows for name in SPLITS)

    @property
    def total(self) -> int:
        return self.used + self.gap + self.purged


class Splitter:
    """Assigns every row of `rows` to a split: afterwards the table `assigned` has the split of each unit.

    A unit (column `unit` of the rows, a hash) is what stays together: the list by time, the user or list at random, the
    group by group, else the row.
    Splits are train, calibration, test, gap (between them in time) and purged (shares a user or list with a later one).
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, rows: str, spec: Spec, columns: TypedRows, end: datetime
    ) -> None:
        self._connection, self._rows, self._spec, self._columns = connection, rows, spec, columns
        self.cuts = self._cuts(end) if spec.split.by == "time" else None
        split = self._by_time(self.cuts) if self.cuts else self._by_hash()
        connection.execute(
            f"CREATE TABLE assigned AS SELECT *, CAST({split} AS {KINDS}) AS split FROM ({self._units()})"
        )
        for name in self._other_ids():
            connection.execute(f"CREATE TABLE {_members(name)} AS {self._pairs(name)}")
            self._purge(name)

    def rows_of(self, name: SplitName) -> str:
        """SQL of the rows of a split. Its times are in the query too, so that other rows of the file are not read."""
        times = "".join(f" AND {bound}" for bound in self._bounds(name)) if self.cuts else ""
        assigned = f"SEMI JOIN (FROM assigned WHERE split = '{name}') USING (unit)"
        return f"(SELECT * FROM {self._rows} {assigned} WHERE true{times})"

    def rest(self) -> str:
        """SQL of the mature rows that are in no split: those of the gaps, and purged ones."""
        return f"(SELECT * FROM {self._rows} SEMI JOIN (FROM assigned WHERE split IN ('gap', 'purged')) USING (unit))"

    def _bounds(self, name: SplitName) -> list[str]:
        assert self.cuts is not None
        time, at = quoted(str(self._columns.time)), _literals(self.cuts)
        return {
            "train": [f"{time} < {at['train_end']}"],
            "calibration": [f"{time} >= {at['calibration_start']}", f"{time} < {at['calibration_end']}"],
            "test": [f"{time} >= {at['test_start']}"],
        }[name]

    def _units(self) -> str:
        time = quoted(self._columns.time) if self._columns.time else "NULL"
        positives = f"CAST(sum({quoted(self._columns.label)}) AS INTEGER)"
        counts = f"CAST(count(*) AS INTEGER) AS rows, {positives} AS positives"
        return f"SELECT unit, min({time}) AS first, max({time}) AS last, {counts} FROM {self._rows} GROUP BY unit"

    def _other_ids(self) -> list[str]:
        """The ids, user and list, that may be in several units."""
        roles, unit = self._spec.columns, unit_column(self._spec)
        return [name for name in (roles.user, roles.list) if name and name != unit]

    def _pairs(self, name: str) -> str:
        """Which values of `name`, as hashes, are in which unit, without missing values."""
        column = quoted(name)
        return f"SELECT DISTINCT unit, hash({column}) AS member FROM {self._rows} WHERE {column} IS NOT NULL"

    def _cuts(self, end: datetime) -> Cuts:
        split = self._spec.split
        gap = timedelta(days=self._spec.source.conversion_days)
        if split.test_days and split.calibration_days:
            test = end - gap - timedelta(days=split.test_days)
            calibration = test - gap - timedelta(days=split.calibration_days)
        else:
            test_share, calibration_share = self._shares()
            shares = [1 - test_share, 1 - test_share - calibration_share]
            time = quoted(str(self._columns.time))
            ((test, calibration),) = one_row(
                self._connection, f"SELECT quantile_disc({time}, {shares}) FROM {self._rows}"
            )
        return Cuts(calibration - gap, calibration, test - gap, test)

    def _shares(self) -> tuple[float, float]:
        """Of test and calibration, in a spec that has no days."""
        split = self._spec.split
        assert split.test_share is not None  # the spec reader requires days or shares
        assert split.calibration_share is not None
        return split.test_share, split.calibration_share

    def _by_time(self, cuts: Cuts) -> str:
        at = _literals(cuts)
        return (
            f"CASE WHEN last < {at['train_end']} THEN 'train' WHEN first >= {at['test_start']} THEN 'test' "
            f"WHEN first >= {at['calibration_start']} AND last < {at['calibration_end']} THEN 'calibration' "
            "ELSE 'gap' END"
        )

    def _by_hash(self) -> str:
        test, calibration = self._shares()
        chance = share_of_hash(f"'split {self._spec.split.seed} ' || unit")
        return (
            f"CASE WHEN {chance} < {test!r} THEN 'test' "
            f"WHEN {chance} < {test + calibration!r} THEN 'calibration' ELSE 'train' END"
        )

    def _purge(self, name: str) -> None:
        """Units of an earlier split that share a value of `name` with a later one are purged."""
        members = _members(name)
        for earlier, later in (("calibration", "('test')"), ("train", "('test', 'calibration')")):
            shared = f"SELECT member FROM {members} SEMI JOIN (FROM assigned WHERE split IN {later}) USING (unit)"
            units = f"SELECT unit FROM {members} WHERE member IN ({shared})"
            self._connection.execute(
                f"UPDATE assigned SET split = 'purged' WHERE split = '{earlier}' AND unit IN ({units})"
            )

    def counts(self) -> Counts:
        """Rows before sampling."""
        sums = "CAST(sum(rows) AS BIGINT), CAST(sum(positives) AS BIGINT)"
        ends = "CAST(min(first) AS VARCHAR), CAST(max(last) AS VARCHAR)"
        query = f"SELECT CAST(split AS VARCHAR), {sums}, {ends} FROM assigned GROUP BY split"
        answers = {row[0]: row[1:] for row in self._connection.execute(query).fetchall()}
        lists, users = (self._distinct(name) for name in (self._spec.columns.list, self._spec.columns.user))
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

    def _distinct(self, name: str | None) -> dict[str, int] | None:
        """How many different values each split has; None without the column."""
        if name is None:
            return None
        if name == self._spec.columns.list == unit_column(self._spec):  # every row has its list
            counts = "count(*) FROM assigned"
        else:
            members = _members(name) if name in self._other_ids() else f"({self._pairs(name)})"
            counts = f"count(DISTINCT member) FROM {members} JOIN assigned USING (unit)"
        query = f"SELECT CAST(split AS VARCHAR), {counts} GROUP BY split"
        return dict(self._connection.execute(query).fetchall())


def _literals(cuts: Cuts) -> dict[str, str]:
    return {name: f"TIMESTAMP '{moment.isoformat(sep=' ')}'" for name, moment in cuts.moments().items()}


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
