"""The table's rows and columns, read through the source that a run uses."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from components.extract.extract import extract_document
from components.extract.parquet_writer import ParquetWriter, write_all
from components.extract.sources.open import open_source
from components.extract.sources.source import Source
from components.extract.window import Window
from model.errors import DataError, Problem, Problems
from model.text import has_controls
from pipelines.new_model.label import VALUES, LabelColumn, LabelValue
from pipelines.new_model.names import one_line, words_of
from pipelines.new_model.table import TableFile

BYTES = 1  # what a source over files may bill
READABLE = 0.99  # share of a column that has to be a time
LONGEST_DAYS = 36_525
TIME_TYPES = ("TIMESTAMP", "DATETIME", "DATE")
TIME_WORDS = frozenset({"at", "time", "date", "datetime", "timestamp", "ts"})
SHOWN_WORDS = ("shown", "impression", "viewed", "displayed", "served", "searched", "requested", "timestamp", "created")
NO_ROWS = Problem("TABLE", "has no rows", "Use a table with rows", "table-empty")
EPOCHS = {"SECONDS": 1, "MILLIS": 1_000, "MICROS": 1_000_000}
EPOCH_FIRST, EPOCH_LAST = 631_152_000, 4_102_444_800  # 1990 and 2100 in seconds


@dataclass(frozen=True)
class TimeColumn:
    """A column of the type `kind` with the time at which a row was shown. `sql` makes a TIMESTAMP of it.

    `first` and `last` are UTC.
    """

    column: str
    kind: str
    sql: str
    first: datetime
    last: datetime

    @property
    def within_window(self) -> str:
        """SQL that bounds it by @start and @end. BigQuery skips a partition where the column stands alone."""
        if self.kind in ("DATE", "DATETIME"):
            column = column_sql(self.column)
            return f"{column} >= {self.kind}(@start) AND {column} < {self.kind}(@end)"
        return f"{self.sql} >= @start AND {self.sql} < @end"

    @property
    def end(self) -> date:
        """The day after the newest row, the exclusive end of a window."""
        return self.last.date() + timedelta(days=1)

    @property
    def days(self) -> int:
        """Whole days from the oldest row to `end`."""
        return (self.end - self.first.date()).days


class TableReader:
    """Queries of one table, in GoogleSQL, through the source that a run uses."""

    def __init__(self, table: TableFile, unreadable: Mapping[str, str]) -> None:
        """`unreadable` are columns, name -> type, that are in no file."""
        self._source: Source = open_source(f"duckdb:{table.data}", max_bytes_billed=BYTES)
        self._window = Window(None, datetime.now(UTC))  # no query here uses it
        self.table = f"`{table.name}` AS t"
        self.types = {**self._source.columns(f"SELECT * FROM {self.table}", self._window), **unreadable}
        _check_column_names(list(self.types))

    def label_values(self, label: LabelColumn) -> tuple[dict[LabelValue, int], bool]:
        """Rows by value of the label, the most frequent first, and whether there are more than VALUES of them."""
        column = column_sql(label.column)
        if self.types[label.column] not in ("BOOL", "INT64", "FLOAT64", "STRING"):
            message = f"is of type {self.types[label.column]}"
            hint = "A label is a number, a text or a BOOL"
            raise DataError(Problem(f"LABEL={one_line(label.column)}", message, hint, "label-type"))
        query = f"SELECT {column} AS value, COUNT(*) AS n FROM {self.table} GROUP BY {column}"
        values, rows = self._columns(f"{query} ORDER BY n DESC, value LIMIT {VALUES + 1}")
        counts = dict(zip(values, rows, strict=True))
        return counts, len(counts) > VALUES

    def time(self, label: str) -> tuple[TimeColumn | None, dict[str, str]]:
        """The first column that can be the time of a row, by type and name, and why the ones before it cannot."""
        reasons: dict[str, str] = {}
        for column in sorted((name for name in self.types if name != label), key=_time_rank):
            for sql in _as_time(column, self.types[column]):
                time = self._span(column, sql)
                if isinstance(time, TimeColumn):
                    return time, reasons
                reasons[column] = time
        return None, reasons

    def _span(self, column: str, sql: str) -> TimeColumn | str:
        ends = f"MIN({sql}) AS first, MAX({sql}) AS last, COUNT({sql}) AS n, COUNT(*) AS total"
        try:
            [first], [last], [readable], [total] = self._columns(f"SELECT {ends} FROM {self.table}")
        except DataError:  # the query fails at a value that cannot be read
            return "has values that are not times"
        if readable < READABLE * total:
            return f"is not a time in {total - readable:,} of {total:,} rows"
        if first == last:
            return f"is {first} in every row"
        time = TimeColumn(column, self.types[column], sql, first.astimezone(UTC), last.astimezone(UTC))
        if time.days > LONGEST_DAYS:
            return f"spans {time.first:%Y-%m-%d} to {time.last:%Y-%m-%d}"
        return time

    def fetch(self, sql: str, end: date, folder: Path) -> int:
        """Write the query's rows into `folder` as extract does, for the window that ends at `end`; returns how many.

        Raises DataError when there are none.
        """
        last = datetime.combine(end, time(), UTC)
        (folder / "rows").mkdir(parents=True)
        writer = ParquetWriter(folder / "rows")
        for _ in write_all(self._source.fetch(sql, self._window), writer):
            pass
        if writer.rows == 0:
            raise DataError(NO_ROWS)
        sql_sha256 = hashlib.sha256(sql.encode()).hexdigest()
        columns = self._source.columns(sql, self._window)
        extract_document(sql_sha256, Window(None, last), writer.rows, self._source.lineage(), columns).write(folder)
        return writer.rows

    def check(self, sql: str, start: datetime | None, end: datetime) -> dict[str, str]:
        """Name -> type of the query's columns. Raises SpecError or DataError when it cannot be run."""
        return self._source.columns(sql, Window(start, end))

    def _columns(self, query: str) -> list[list[Any]]:
        """The values of each column of the result. Raises DataError when there are none."""
        batches = list(self._source.fetch(query, self._window))
        if not batches:
            raise DataError(NO_ROWS)
        return [column.to_pylist() for column in pa.Table.from_batches(batches).columns]


def column_sql(name: str) -> str:
    return f"t.`{name}`"


def _check_column_names(names: Sequence[str]) -> None:
    problems = Problems()
    for name in names:
        if not name or name != name.strip() or has_controls(name) or "`" in name or "\\" in name:
            hint = "Rename it in the table: no blanks at its ends, no control characters, no ` and \\"
            problems.add(f"column {name!r}", "has a name that cannot be written in a query", hint, "column-name")
    problems.raise_if_any(DataError)


def _time_rank(name: str) -> tuple[int, int]:
    """Sort key: names of a time of showing come first, then other names of times."""
    words = words_of(name)
    shown_at = next((rank for rank, word in enumerate(SHOWN_WORDS) if word in words), len(SHOWN_WORDS))
    return (shown_at, 0 if TIME_WORDS & set(words) else 1)


def _as_time(column: str, kind: str) -> list[str]:
    """SQL candidates for its TIMESTAMP; none for a column that is not a time by type or by name."""
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
