"""Tables as files in a folder, read by DuckDB: the embedded default.

A table `t` is `t.parquet`, `t/*.parquet`, `t.csv` or `t.csv.gz` in DATA; `dataset.t` is the same in `DATA/dataset`, or
in the folder of that name beside DATA.
"""

import contextlib
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from components.extract.portable import connect, to_duckdb
from components.extract.source import Lineage, refuse_twice
from components.extract.window import Window
from model.errors import DataRefused, Fault, Faults

ROWS_A_BATCH = 100_000
MEMORY = "600MB"
ILLEGAL = re.compile(r"""[!"$()*,./;?@\[\\\]^`{}~]""")  # what a BigQuery column's name may not hold
FORMS = ("{}.parquet", "{}/*.parquet", "{}.csv", "{}.csv.gz")


class Files:
    """A Source over the folder DATA."""

    def __init__(self, data: str) -> None:
        self.data = Path(data)
        self._tables: set[str] = set()
        if not self.data.is_dir():
            found = "is not a folder" if self.data.exists() else "is not there"
            raise DataRefused(
                Fault(f"DATA={data}", found, "DATA names the folder that holds the SQL's tables as files")
            )

    def columns(self, sql: str, window: Window) -> dict[str, str]:
        with self._prepared(sql) as (connection, query):
            described = self._run(connection, f"DESCRIBE {query}", window).fetchall()
        names = [row[0] for row in described]
        refuse_twice(names)
        return {row[0]: row[1] for row in described}

    def fetch(self, sql: str, window: Window) -> Iterator[pa.RecordBatch]:
        with self._prepared(sql) as (connection, query):
            connection.execute(f"SET memory_limit='{MEMORY}'; SET threads=2")
            reader = self._run(connection, query, window).to_arrow_reader(ROWS_A_BATCH)
            try:
                yield from reader
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                raise self._refusal(error) from None

    def lineage(self) -> Lineage:
        return Lineage("duckdb", tuple(sorted(self._tables)))

    @contextlib.contextmanager
    def _prepared(self, sql: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        """A connection in which the query's tables are views over their files, and the query in DuckDB's words."""
        query, tables = to_duckdb(sql)
        faults = Faults()
        patterns = {(table.db, table.name): self._file(table, faults) for table in tables}
        faults.raise_if_any(DataRefused)
        with connect() as connection:
            for (dataset, name), pattern in patterns.items():
                self._tables.add(".".join(filter(None, (dataset, name))))
                if dataset:
                    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{dataset}"')
                view = f'"{dataset}"."{name}"' if dataset else f'"{name}"'
                try:
                    connection.execute(f"CREATE VIEW {view} AS {_select(connection, _reader(pattern))}")
                except duckdb.Error as error:
                    raise self._refusal(error, pattern) from None
            yield connection, query

    def _file(self, table: exp.Table, faults: Faults) -> str:
        """The pattern of the table's files; "" with the fault added."""
        name = ".".join(part for part in (table.db, table.name) if part)
        folder = self._folder(table.db) if table.db else self.data
        for form in FORMS if folder else ():
            assert folder is not None  # otherwise there is no form to try
            if next(folder.glob(form.format(table.name)), None):
                return str(folder / form.format(table.name))
        there = (
            sorted(_tables_in(folder)) if folder else sorted(path.name for path in self.data.iterdir() if path.is_dir())
        )
        near = difflib.get_close_matches(table.name if folder else table.db, there, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There: {', '.join(there[:12]) or 'nothing'}"
        faults.add(
            f"table {name}",
            f"is not in DATA={self.data}",
            f"{hint} A table t is t.parquet, t/*.parquet, t.csv or t.csv.gz",
        )
        return ""

    def _folder(self, dataset: str) -> Path | None:
        places = (self.data / dataset, self.data.absolute().parent / dataset)
        return next((place for place in places if place.is_dir()), None)

    def _run(self, connection: duckdb.DuckDBPyConnection, query: str, window: Window) -> duckdb.DuckDBPyRelation:
        given = {"start": window.start, "end": window.end}
        named = {name: value for name, value in given.items() if re.search(rf"\${name}\b", query)}
        try:
            return connection.sql(query, params=named)
        except duckdb.Error as error:
            raise self._refusal(error) from None

    def _refusal(self, error: Exception, file: str = "") -> DataRefused:
        """DuckDB's words, with the file or column that they are about put first."""
        words = " ".join(str(error).split("\n\n")[0].split())
        if column := re.search(r'column "?([^" ]+)"? not found|does not have a column named "([^"]+)"', words, re.I):
            near = re.search(r"Candidate bindings: (.*?)(?: LINE|$)", words)
            there = f"There are: {near[1]}" if near else "Compare with the columns of the table's file"
            return DataRefused(Fault(f"SQL column {column[1] or column[2]}", "is in none of its tables", there))
        if file:
            found = f"cannot be read ({words[:200]})"
            return DataRefused(Fault(f"file {file}", found, "It may be truncated: write or copy it again"))
        if place := re.search(r"[\"']([^\"']*\.(?:parquet|csv|csv\.gz))[\"']", words):
            found = f"cannot be read to its end ({words[:200]})"
            return DataRefused(Fault(f"file {place[1]}", found, "It may be truncated: write or copy it again"))
        if "No space left" in words or "out of disk" in words.lower():
            raise OSError(28, "No space left on device", "DuckDB's temporary files")
        return DataRefused(Fault("SQL", f"failed ({words[:300]})", "Mend the query, or the values that it meets"))


def _select(connection: duckdb.DuckDBPyConnection, reader: str) -> str:
    """All columns, under the names that BigQuery gives them when it loads the same file: `a.b` becomes `a_b`."""
    names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()]
    changed = {name: ILLEGAL.sub("_", name) for name in names if ILLEGAL.search(name)}
    renamed = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}" AS "{legal}"' for name, legal in changed.items())
    return f"SELECT * RENAME ({renamed}) FROM {reader}" if renamed else f"SELECT * FROM {reader}"


def _reader(pattern: str) -> str:
    quoted = pattern.replace("'", "''")
    if pattern.endswith(".parquet"):
        return f"read_parquet('{quoted}', union_by_name=true)"
    return f"read_csv('{quoted}', sample_size=-1)"  # types from every row, so that they do not depend on the first ones


def _tables_in(folder: Path) -> set[str]:
    files = {re.sub(r"\.(parquet|csv|csv\.gz)$", "", path.name) for path in folder.iterdir() if path.is_file()}
    return files | {path.name for path in folder.iterdir() if path.is_dir() and next(path.glob("*.parquet"), None)}
