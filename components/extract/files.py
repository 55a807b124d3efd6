"""Tables as files in a folder, read by DuckDB: the embedded default."""

import contextlib
import difflib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from components.extract import csv_file, types
from components.extract.engine import NAN, connect
from components.extract.portable import parameters, to_duckdb
from components.extract.source import Lineage, refuse_twice
from components.extract.tables import Tables, select
from components.extract.window import Window
from model.errors import DataRefused, Fault, Faults

ROWS_A_BATCH = 100_000
MEMORY = "600MB"
AHEAD = "16MB"  # a batch: with less, DuckDB would wait while one is written


class Files:
    """A Source over the folder DATA."""

    def __init__(self, data: str) -> None:
        if not Path(data).is_dir():
            found = "is not a folder" if Path(data).exists() else "is not there"
            way_out = "DATA names the folder that holds the SQL's tables as files"
            raise DataRefused(Fault(f"DATA={data}", found, way_out))
        self._tables = Tables(Path(data))
        self._read: set[str] = set()

    def columns(self, sql: str, window: Window) -> dict[str, str]:
        with self._prepared(sql) as (connection, query):
            columns = types.of_relation(_run(connection, query, _asked(sql, window)))
        refuse_twice([name for name, _ in columns])
        return dict(columns)

    def fetch(self, sql: str, window: Window) -> Iterator[pa.RecordBatch]:
        with self._prepared(sql) as (connection, query):
            connection.execute(f"SET memory_limit='{MEMORY}'; SET streaming_buffer_size='{AHEAD}'; SET threads=2")
            relation = types.cast(_run(connection, query, _asked(sql, window)))
            try:
                yield from relation.to_arrow_reader(ROWS_A_BATCH)
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                raise _refusal(error, connection) from None

    def lineage(self) -> Lineage:
        return Lineage("duckdb", tuple(sorted(self._read)))

    @contextlib.contextmanager
    def _prepared(self, sql: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        """A connection in which the query's tables are views over their files, and the query in DuckDB's words."""
        query, tables = to_duckdb(sql)
        faults = Faults()
        named = dict.fromkeys((table.db, table.name) for table in tables)
        patterns = {key: self._tables.pattern(*key, faults) for key in named}
        faults.raise_if_any(DataRefused)
        with connect() as connection:
            for (dataset, name), pattern in patterns.items():
                self._read.add(".".join(filter(None, (dataset, name))))
                if dataset:
                    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{dataset}"')
                view = f'"{dataset}"."{name}"' if dataset else f'"{name}"'
                try:
                    connection.execute(f"CREATE VIEW {view} AS {select(connection, pattern)}")
                except duckdb.Error as error:
                    raise _unreadable(pattern, _words(error), connection) from None
            yield connection, query


def _asked(sql: str, window: Window) -> dict[str, datetime | None]:
    given = {"start": window.start, "end": window.end}
    return {name: given[name] for name in parameters(sql) & given.keys()}


def _run(
    connection: duckdb.DuckDBPyConnection, query: str, given: dict[str, datetime | None]
) -> duckdb.DuckDBPyRelation:
    try:
        return connection.sql(query, params=given)
    except duckdb.Error as error:
        raise _refusal(error, connection) from None


def _refusal(error: Exception, connection: duckdb.DuckDBPyConnection) -> DataRefused:
    """DuckDB's words, with the column, parameter or file that they are about put first."""
    words = _words(error)
    if column := re.search(r'column "?([^" ]+)"? not found|does not have a column named "([^"]+)"', words, re.I):
        name = str(column[1] or column[2])
        return DataRefused(Fault(f"SQL column {name}", "is in none of its tables", _columns_near(name, connection)))
    if parameter := re.search(r"values were not provided for the following parameters: (.*)", words, re.I):
        named = ", ".join(f"@{name.strip()}" for name in parameter[1].split(","))
        return DataRefused(
            Fault(f"SQL {named}", "is given by nobody", "The window's @start and @end are; write others out")
        )
    if alias := re.search(r'Referenced table "([^"]+)" not found!(?: Candidate tables: (.*))?', words):
        there = (alias[2] or "none").replace('"', "")
        return DataRefused(Fault(f"SQL {alias[1]}", "is not in the query's FROM", f"There: {there}"))
    if file := re.search(r"[\"']([^\"']*\.(?:parquet|csv|csv\.gz))[\"']", words):
        return _unreadable(file[1], words, connection)
    if NAN in words:
        way_out = "Write IF(IS_NAN(x), NULL, x) in place of x wherever it is compared"
        return DataRefused(Fault("SQL", f"failed ({NAN}, which has another answer on BigQuery)", way_out))
    if "No space left" in words or "out of disk" in words.lower():
        raise OSError(28, "No space left on device", "DuckDB's temporary files")
    if "VARCHAR" in words and (texts := csv_file.texts_by_mistake(connection)):
        return DataRefused(*texts)
    return DataRefused(Fault("SQL", f"failed ({words[:300]})", "Mend the query, or the values that it meets"))


def _words(error: Exception) -> str:
    """Its first paragraph, without the kind of error that stands before."""
    return re.sub(r"^(\w+ )+Error: ", "", " ".join(str(error).split("\n\n")[0].split()))


def _unreadable(file: str, words: str, connection: duckdb.DuckDBPyConnection) -> DataRefused:
    if "not utf-8 encoded" in words:
        return DataRefused(Fault(f"file {file}", "is not UTF-8", "Save it as UTF-8"))
    if not file.endswith(".parquet") and (where := csv_file.broken_line(connection, file)):
        return DataRefused(Fault(f"file {file}", f"is broken in {where}", "Mend that line"))
    return DataRefused(
        Fault(f"file {file}", f"cannot be read ({words[:200]})", "It may be truncated: write or copy it again")
    )


def _columns_near(name: str, connection: duckdb.DuckDBPyConnection) -> str:
    views = connection.execute("SELECT DISTINCT column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
    there = sorted(str(row[0]) for row in views)
    near = difflib.get_close_matches(name, there, 1)
    return f"Did you mean {near[0]}?" if near else f"There: {', '.join(there[:30])}"
