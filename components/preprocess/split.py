"""Which rows are for training, which for calibration, which for the test.

By time the parts follow each other with a gap of the conversion window between them, so that no label of an earlier
part was decided during a later one. Lists are never divided, and a user of a later part is in no earlier one: the
earlier part gives way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from components.preprocess.columns import Columns
from model.errors import DataError, Problems
from model.spec.types import Spec
from model.sql import literal, quoted

PARTS = ("train", "calibration", "test")
KINDS = "ENUM ('train', 'calibration', 'test', 'gap', 'purged')"  # a byte each, where text would grow with the lists


@dataclass(frozen=True)
class Cuts:
    """Train is before `train_end`, calibration in [calibration_start, calibration_end), test from `test_start`."""

    train_end: datetime
    calibration_start: datetime
    calibration_end: datetime
    test_start: datetime

    def to_json(self) -> dict[str, str]:
        return {name: f"{moment.isoformat()}Z" for name, moment in self.__dict__.items()}


class Split:
    """Places every row of `rows`: afterwards the table `placed` has a part for each unit.

    A unit (column `unit` of the rows, a hash) is what stays together: the list by time, the user or list at random, the
    group by group, else the row.
    Parts are train, calibration, test, gap (between them in time) and purged (shares a user or list with a later part).
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, rows: str, spec: Spec, columns: Columns, end: datetime
    ) -> None:
        self._connection, self._rows, self._spec, self._columns = connection, rows, spec, columns
        self.cuts = self._cuts(end) if spec.split.by == "time" else None
        part = self._by_time(self.cuts) if self.cuts else self._by_hash()
        connection.execute(f"CREATE TABLE placed AS SELECT *, CAST({part} AS {KINDS}) AS part FROM ({self._units()})")
        for name in self._others():
            connection.execute(f"CREATE TABLE {_members(name)} AS {self._pairs(name)}")
            self._purge(name)

    @property
    def source(self) -> str:
        """SQL of the rows with their part."""
        return f"(SELECT r.*, p.part FROM {self._rows} r JOIN placed p ON p.unit = r.unit)"

    def _units(self) -> str:
        time = quoted(self._columns.time) if self._columns.time else "NULL"
        positives = f"CAST(sum({quoted(self._columns.label)}) AS INTEGER)"
        counts = f"CAST(count(*) AS INTEGER) AS rows, {positives} AS positives"
        return f"SELECT unit, min({time}) AS first, max({time}) AS last, {counts} FROM {self._rows} GROUP BY unit"

    def _others(self) -> list[str]:
        """The ids, user and list, that may be in several units."""
        roles, unit = self._spec.columns, unit_of(self._spec)
        return [name for name in (roles.user, roles.list) if name and name != unit]

    def _pairs(self, name: str) -> str:
        """Which values of `name`, as hashes, are in which unit; a missing value is none."""
        column = quoted(name)
        return f"SELECT DISTINCT unit, hash({column}) AS member FROM {self._rows} WHERE {column} IS NOT NULL"

    def _cuts(self, end: datetime) -> Cuts:
        asked = self._spec.split
        gap = timedelta(days=self._spec.source.conversion_days)
        if asked.test_days and asked.calibration_days:
            test = end - gap - timedelta(days=asked.test_days)
            calibration = test - gap - timedelta(days=asked.calibration_days)
        else:
            assert asked.test_share  # the spec is complete
            assert asked.calibration_share
            shares = [1 - asked.test_share, 1 - asked.test_share - asked.calibration_share]
            time = quoted(str(self._columns.time))
            found = self._connection.execute(f"SELECT quantile_disc({time}, {shares}) FROM {self._rows}").fetchone()
            assert found is not None  # an aggregate always answers
            test, calibration = found[0]
        return Cuts(calibration - gap, calibration, test - gap, test)

    def _by_time(self, cuts: Cuts) -> str:
        at = {name: f"TIMESTAMP '{moment.isoformat(sep=' ')}'" for name, moment in cuts.__dict__.items()}
        return (
            f"CASE WHEN last < {at['train_end']} THEN 'train' WHEN first >= {at['test_start']} THEN 'test' "
            f"WHEN first >= {at['calibration_start']} AND last < {at['calibration_end']} THEN 'calibration' "
            "ELSE 'gap' END"
        )

    def _by_hash(self) -> str:
        asked = self._spec.split
        assert asked.test_share  # the spec is complete
        assert asked.calibration_share
        chance = share_of_hash(f"'split {asked.seed} ' || unit")
        return (
            f"CASE WHEN {chance} < {asked.test_share!r} THEN 'test' "
            f"WHEN {chance} < {asked.test_share + asked.calibration_share!r} THEN 'calibration' ELSE 'train' END"
        )

    def _purge(self, name: str) -> None:
        """Units of an earlier part that share a value of `name` with a later one go."""
        members = _members(name)
        for earlier, later in (("calibration", "('test')"), ("train", "('test', 'calibration')")):
            shared = f"SELECT member FROM {members} SEMI JOIN (FROM placed WHERE part IN {later}) USING (unit)"
            units = f"SELECT unit FROM {members} WHERE member IN ({shared})"
            self._connection.execute(
                f"UPDATE placed SET part = 'purged' WHERE part = '{earlier}' AND unit IN ({units})"
            )

    def summary(self) -> dict[str, Any]:
        """Counts of the parts, before sampling."""
        sums = "CAST(sum(rows) AS BIGINT), CAST(sum(positives) AS BIGINT)"
        ends = "CAST(min(first) AS VARCHAR), CAST(max(last) AS VARCHAR)"
        query = f"SELECT CAST(part AS VARCHAR), {sums}, {ends} FROM placed GROUP BY part"
        found = {row[0]: row[1:] for row in self._connection.execute(query).fetchall()}
        lists, users = (self._distinct(name) for name in (self._spec.columns.list, self._spec.columns.user))
        summary = {}
        for part in (*PARTS, "gap", "purged"):
            rows, positives, first, last = found.get(part, (0, 0, None, None))
            ids = {"lists": lists and lists.get(part, 0), "users": users and users.get(part, 0)}
            summary[part] = {"rows": rows, "positives": positives, **ids, "first": first, "last": last}
        return summary

    def _distinct(self, name: str | None) -> dict[str, int] | None:
        """How many different values each part has; None without the column."""
        if name is None:
            return None
        if name == self._spec.columns.list == unit_of(self._spec):  # every row has its list
            counts = "count(*) FROM placed"
        else:
            members = _members(name) if name in self._others() else f"({self._pairs(name)})"
            counts = f"count(DISTINCT member) FROM {members} JOIN placed USING (unit)"
        query = f"SELECT CAST(part AS VARCHAR), {counts} GROUP BY part"
        return dict(self._connection.execute(query).fetchall())


def _members(name: str) -> str:
    """SQL of the table that says which values of `name` are in which unit."""
    return quoted(f"members {name}")


def unit_of(spec: Spec) -> str | None:
    """The column whose rows stay together; None where every row is on its own."""
    if spec.split.by == "time":
        return spec.columns.list
    return spec.split.group or spec.columns.user or spec.columns.list


def share_of_hash(text: str) -> str:
    """SQL: a number in [0, 1) that depends on the text alone."""
    return f"(CAST(hash({text}) >> 11 AS DOUBLE) / {float(1 << 53)!r})"


def refuse_empty(spec: Spec, parts: dict[str, Any], cuts: Cuts | None) -> None:
    """Raises DataError for every part without rows or without both classes, and for a training part too small.

    A part without both classes passes where all parts together have fewer conversions than a verdict needs of the test
    part alone: that is too little data, which is a verdict and not a problem.
    """
    problems = Problems()
    where = f" ({', '.join(f'{name} {moment}' for name, moment in cuts.to_json().items())})" if cuts else ""
    enough = sum(parts[part]["positives"] for part in PARTS) >= spec.promotion.min_conversions
    for part in PARTS:
        rows, positives = parts[part]["rows"], parts[part]["positives"]
        if rows == 0:
            problems.add(f"split.{part}", f"has no rows{where}", _larger(spec, part), "split-empty")
        elif positives in (0, rows) and enough:
            what = "no conversion" if positives == 0 else "nothing but conversions"
            found = f"has {what} in {rows:,} rows{where}"
            problems.add(
                f"split.{part}", found, f"{_larger(spec, part)}, or fix the label in the SQL", "split-one-class"
            )
    total = sum(one["rows"] for one in parts.values())
    share = parts["train"]["rows"] / total if total else 0.0
    if parts["train"]["rows"] and share < spec.split.min_train_share:
        lost = f"gap {parts['gap']['rows']:,}, purged {parts['purged']['rows']:,} of {total:,} rows"
        found = f"keeps {share:.1%}, less than split.min_train_share ({lost})"
        problems.add(
            "split.train", found, f"{_larger(spec, 'train')}, or lower split.min_train_share", "split-train-small"
        )
    problems.raise_if_any(DataError)


def _larger(spec: Spec, part: str) -> str:
    """How a part gets more rows, in the keys that this spec uses."""
    unit = "days" if spec.split.test_days else "share"
    others = f"lower split.test_{unit} or split.calibration_{unit}"
    own = others if part == "train" else f"raise split.{part}_{unit}"
    window = "widen source.window_days" if spec.source.window_days else "let the SQL select more rows"
    gap = ", lower source.conversion_days" if spec.split.by == "time" and spec.source.conversion_days else ""
    advice = f"{window}, {own}{gap}"
    return advice[:1].upper() + advice[1:]


def sampled(spec: Spec, columns: Columns) -> str:
    """SQL that keeps every conversion and a share of the rest, by the row's own key."""
    keep = spec.training.keep_negatives
    if keep >= 1:
        return "true"
    chance = share_of_hash(f"{literal(f'negatives {spec.training.seed} ')} || row_key")
    return f"({quoted(columns.label)} = 1 OR {chance} < {keep!r})"
