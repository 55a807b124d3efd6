"""The table's rows, read as a run reads them, and the query that reads them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from components.extract.extract import extract_document
from components.extract.parquet_writer import Parts, write_all
from components.extract.sources.source import Source, source_of
from components.extract.window import Window
from model.errors import DataError, Problem, Problems
from model.text import has_controls
from pipelines.new_model.label import VALUES, Value, Wanted
from pipelines.new_model.names import shown, words_of
from pipelines.new_model.table import Table

BYTES = 1  # what a source over files may bill
READABLE = 0.99  # share of a column that has to be a time
LONGEST_DAYS = 36_525
TIME_TYPES = ("TIMESTAMP", "DATETIME", "DATE")
TIME_WORDS = frozenset({"at", "time", "date", "datetime", "timestamp", "ts"})
SHOWN_WORDS = ("shown", "impression", "viewed", "displayed", "served", "searched", "requested", "timestamp", "created")
EPOCHS = {"SECONDS": 1, "MILLIS": 1_000, "MICROS": 1_000_000}
EPOCH_FIRST, EPOCH_LAST = 631_152_000, 4_102_444_800  # 1990 and 2100 in seconds


@dataclass(frozen=True)
class Time:
    """A column that says when a row was shown. `sql` makes a TIMESTAMP of it; `first` and `last` are UTC."""

    column: str
    sql: str
    first: datetime
    last: datetime

    @property
    def end(self) -> date:
        """The day after the newest row: what a window ends before."""
        return self.last.date() + timedelta(days=1)

    @property
    def days(self) -> int:
        """Whole days from the oldest row to `end`."""
        return (self.end - self.first.date()).days


class Reader:
    """Questions to one table, in GoogleSQL, through the source that a run would use."""

    def __init__(self, table: Table) -> None:
        self._source: Source = source_of(f"duckdb:{table.data}", max_bytes_billed=BYTES)
        self._window = Window(None, datetime.now(UTC))  # no query here asks for it
        self.table = f"`{table.name}` AS t"
        self.types = self._source.columns(f"SELECT * FROM {self.table}", self._window)
        _refuse_unspeakable(list(self.types))

    def label_values(self, wanted: Wanted) -> tuple[dict[Value, int], bool]:
        """Rows by value of the label, the most frequent first, and whether there are more values than looked at."""
        column = column_sql(wanted.column)
        if self.types[wanted.column] not in ("BOOL", "INT64", "FLOAT64", "STRING"):
            found = f"is of type {self.types[wanted.column]}"
            raise DataError(
                Problem(f"LABEL={shown(wanted.column)}", found, "A label is a number, a text or a BOOL", "label-type")
            )
        query = f"SELECT {column} AS value, COUNT(*) AS n FROM {self.table} GROUP BY {column}"
        counts = {row["value"]: row["n"] for row in self._rows(f"{query} ORDER BY n DESC, value LIMIT {VALUES + 1}")}
        return counts, len(counts) > VALUES

    def time(self, label: str) -> tuple[Time | None, dict[str, str]]:
        """The first column that can be the time of a row, by type and name, and why others cannot."""
        reasons: dict[str, str] = {}
        for column in sorted((name for name in self.types if name != label), key=_how_unlike_a_time):
            for sql in _as_time(column, self.types[column]):
                found = self._span(column, sql)
                if isinstance(found, Time):
                    return found, reasons
                reasons[column] = found
        return None, reasons

    def _span(self, column: str, sql: str) -> Time | str:
        ends = f"MIN({sql}) AS first, MAX({sql}) AS last, COUNT({sql}) AS n, COUNT(*) AS every"
        try:
            (row,) = self._rows(f"SELECT {ends} FROM {self.table}")
        except DataError:  # an engine may give up at the first value that it cannot read
            return "has values that are no times"
        if row["n"] < READABLE * row["every"]:
            return f"is no time in {row['every'] - row['n']:,} of {row['every']:,} rows"
        if row["first"] == row["last"]:
            return f"is {row['first']} in every row"
        found = Time(column, sql, row["first"].astimezone(UTC), row["last"].astimezone(UTC))
        if found.days > LONGEST_DAYS:
            return f"reaches from {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}"
        return found

    def fetch(self, sql: str, end: date, folder: Path) -> int:
        """Write the query's rows into `folder` as extract would, for the window that ends at `end`; returns how many.

        Raises DataError when there are none.
        """
        last = datetime.combine(end, time(), UTC)
        (folder / "rows").mkdir(parents=True)
        parts = Parts(folder / "rows")
        for _ in write_all(self._source.fetch(sql, self._window), parts):
            pass
        if parts.rows == 0:
            raise DataError(Problem("TABLE", "has no rows", "Name a table with rows", "table-empty"))
        sql_sha256 = hashlib.sha256(sql.encode()).hexdigest()
        columns = self._source.columns(sql, self._window)
        extract_document(sql_sha256, Window(None, last), parts.rows, self._source.lineage(), columns).write(folder)
        return parts.rows

    def check(self, sql: str, start: datetime | None, end: datetime) -> dict[str, str]:
        """Name -> type of the query's columns. Raises SpecError or DataError when it cannot be run."""
        return self._source.columns(sql, Window(start, end))

    def _rows(self, query: str) -> list[dict[str, Any]]:
        return [row for batch in self._source.fetch(query, self._window) for row in batch.to_pylist()]


def column_sql(name: str) -> str:
    return f"t.`{name}`"


def _refuse_unspeakable(names: Sequence[str]) -> None:
    problems = Problems()
    for name in names:
        if not name or name != name.strip() or has_controls(name) or "`" in name or "\\" in name:
            hint = "Rename it in the table: no blanks at its ends, no control characters, no ` and \\"
            problems.add(f"column {name!r}", "has a name that no query can write", hint, "column-name")
    problems.raise_if_any(DataError)


def _how_unlike_a_time(name: str) -> tuple[int, int]:
    """Names that say when something was shown come first, then names that say that they are a time at all."""
    words = words_of(name)
    shown_at = next((place for place, word in enumerate(SHOWN_WORDS) if word in words), len(SHOWN_WORDS))
    return (shown_at, 0 if TIME_WORDS & set(words) else 1)


def _as_time(column: str, kind: str) -> list[str]:
    """SQL that may be its TIMESTAMP; nothing for what is not a time by type, or not by name."""
    sql = column_sql(column)
    if kind in TIME_TYPES:
        return [sql if kind == "TIMESTAMP" else f"TIMESTAMP({sql})"]
    if not TIME_WORDS & set(words_of(column)):
        return []
    if kind == "STRING":
        return [f"SAFE_CAST({sql} AS TIMESTAMP)"]
    if kind == "INT64":
        return [
            f"IF({sql} BETWEEN {EPOCH_FIRST * unit} AND {EPOCH_LAST * unit}, TIMESTAMP_{name}({sql}), NULL)"
            for name, unit in EPOCHS.items()
        ]
    return []
