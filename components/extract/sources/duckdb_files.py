"""Tables as files in a folder, read by DuckDB: the embedded default."""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from components.extract.googlesql import types
from components.extract.googlesql.duckdb_macros import connect, define
from components.extract.googlesql.parse import Translation, parameters, parse, to_duckdb
from components.extract.googlesql.safe_casts import Loss
from components.extract.googlesql.syntax_errors import UnsupportedSqlError
from components.extract.googlesql.table_suffix import is_wildcard
from components.extract.sources import csv_types, duckdb_errors
from components.extract.sources.column_types import refuse_unmapped
from components.extract.sources.csv_file import open_csv
from components.extract.sources.csv_hints import with_csv_examples
from components.extract.sources.scan import Scan
from components.extract.sources.shards import union
from components.extract.sources.source import QueryLineage, refuse_duplicate_names
from components.extract.sources.table_state import NO_TABLE, TableState, version_of
from components.extract.sources.tables import Tables, reader, select, select_csv
from components.extract.window import Window
from model.errors import DataError, Problem, Problems

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_PER_BATCH = 100_000
MEMORY = "600MB"
STREAMING_BUFFER = "16MB"  # a batch: with less, DuckDB waits while one is written
THREADS = 2

TableKey = tuple[str, str]
"""A table's dataset, or "", and its name."""


class DuckDbSource:
    """A Source over the folder DATA."""

    def __init__(self, data: str) -> None:
        if not Path(data).is_dir():
            message = "is not a folder" if Path(data).exists() else "does not exist"
            hint = "DATA names the folder that has the SQL's tables as files"
            raise DataError(Problem(f"DATA={data}", message, hint, "data-missing"))
        self._tables = Tables(Path(data))
        self._csv: dict[str, csv_types.CsvTable] = {}
        self._rows: dict[str, int] = {}
        self._losses: tuple[Loss, ...] = ()
        self._translations: dict[str, Translation] = {}  # translating a wide query takes seconds

    def columns(self, sql: str, window: Window) -> dict[str, str]:
        with self._prepared(sql) as (connection, query):
            columns = types.of_relation(_run(connection, query.sql, _values(sql, window)))
        refuse_duplicate_names([name for name, _ in columns])
        refuse_unmapped(columns)
        return dict(columns)

    def data_version(self, sql: str, _window: Window, /) -> str:
        problems = Problems()
        keys = dict.fromkeys((table.db, table.name) for table in parse(sql).tables)
        files = [path for key in keys for path in self._tables.files(*key, problems)]
        problems.raise_if_any(DataError)
        return version_of([_state(path) for path in files], "bytes") if files else NO_TABLE

    def fetch(self, sql: str, window: Window) -> Iterator["pa.RecordBatch"]:
        from pyarrow import ArrowException

        with self.scan(sql, window) as scan:
            scan.connection.execute(f"SET streaming_buffer_size='{STREAMING_BUFFER}'")
            try:
                yield from scan.relation.to_arrow_reader(ROWS_PER_BATCH)
            except ArrowException as error:
                raise duckdb_errors.translated(error, scan.connection) from None

    @contextlib.contextmanager
    def scan(self, sql: str, window: Window) -> Iterator[Scan]:
        with self._prepared(sql) as (connection, query):
            threads = 1 if query.adds_floats else THREADS  # floats are then added in the order of the files
            connection.execute(f"SET memory_limit='{MEMORY}'; SET threads={threads}")
            try:
                yield Scan(connection, types.cast(_run(connection, query.sql, _values(sql, window))))
                self._losses = tuple(_losses(connection, query))
            except duckdb.Error as error:
                raise duckdb_errors.translated(error, connection) from None

    def lineage(self) -> QueryLineage:
        rows = dict(sorted(self._rows.items()))
        return QueryLineage("duckdb", tuple(rows), table_rows=rows, losses=self._losses)

    @contextlib.contextmanager
    def _prepared(self, sql: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Translation]]:
        """A connection in which the query's tables are views over their files, and the query in DuckDB's SQL."""
        problems = Problems()
        keys = dict.fromkeys((table.db, table.name) for table in parse(sql).tables)
        patterns = {key: self._tables.patterns(*key, problems) for key in keys}
        problems.raise_if_any(DataError)
        with connect() as connection:
            for key, shards in patterns.items():
                self._create_view(connection, key, shards)
            if sql not in self._translations:
                self._translations[sql] = self._translated(sql, connection, patterns)
            query = self._translations[sql]
            define(connection, query.sql, *(cast.count for cast in query.safe_casts))
            yield connection, query

    def _translated(
        self, sql: str, connection: duckdb.DuckDBPyConnection, patterns: dict[TableKey, dict[str, str]]
    ) -> Translation:
        columns = {key: types.of_view(connection, *key) for key in patterns}
        try:
            return to_duckdb(sql, columns)
        except UnsupportedSqlError as error:
            tables = {
                key: self._csv[pattern]
                for key, shards in patterns.items()
                for pattern in shards.values()
                if pattern in self._csv
            }
            raise with_csv_examples(error, connection, tables) from None

    def _create_view(self, connection: duckdb.DuckDBPyConnection, key: TableKey, shards: Mapping[str, str]) -> None:
        """`shards`: suffix -> pattern of the files; the suffix of a table that stands alone is ""."""
        dataset, name = key
        label = ".".join(filter(None, key))
        if dataset:
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{dataset}"')
        selects, total = {}, 0
        for suffix, pattern in shards.items():
            try:
                selects[suffix], rows = self._read(connection, pattern)
            except (duckdb.Error, EOFError, OSError) as error:
                raise duckdb_errors.unreadable(pattern, error) from None
            total += rows
        query = union(connection, label, selects) if is_wildcard(name) else selects[""]
        connection.execute(f"CREATE VIEW {types.qualified(dataset, name)} AS {query}")
        self._rows[label] = total

    def _read(self, connection: duckdb.DuckDBPyConnection, pattern: str) -> tuple[str, int]:
        """The table's columns as SQL, and how many rows it has."""
        if pattern.endswith(".parquet"):
            row = connection.execute(f"SELECT count(*) FROM {reader(pattern)}").fetchone()
            assert row is not None  # an aggregate always answers
            return select(connection, pattern), int(row[0])
        if pattern not in self._csv:
            self._csv[pattern] = csv_types.load(connection, open_csv(Path(pattern)))
        return select_csv(self._csv[pattern]), self._csv[pattern].rows


def _state(path: Path) -> TableState:
    stat = path.stat()
    return TableState(str(path), stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))


def _values(sql: str, window: Window) -> dict[str, datetime | None]:
    bounds = {"start": window.start, "end": window.end}
    return {name: bounds[name] for name in parameters(sql) & bounds.keys()}


def _run(
    connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, datetime | None]
) -> duckdb.DuckDBPyRelation:
    try:
        return connection.sql(query, params=values)
    except duckdb.Error as error:
        raise duckdb_errors.translated(error, connection) from None


def _losses(connection: duckdb.DuckDBPyConnection, query: Translation) -> Iterator[Loss]:
    """What the query's safe conversions turned to NULL, counted over all rows of each table."""
    for cast in dict.fromkeys(query.safe_casts):
        row = connection.execute(cast.count).fetchone()
        assert row is not None  # an aggregate always answers
        values, nulls, example = row
        yield Loss(cast.expression, cast.table, values, nulls, None if example is None else str(example))
