"""Where a table's files are in DATA, and whether they can be read.

A table `t` is `t.parquet`, `t/*.parquet`, `t.csv` or `t.csv.gz` in DATA; `dataset.t` is the same in `DATA/dataset`, or
in the folder of that name beside DATA.
"""

import difflib
import gzip
import re
import zlib
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from duckdb.sqltypes import DuckDBPyType

from components.extract.googlesql import types
from components.extract.sources import csv_file, csv_types
from model.errors import DataError, Problems
from model.sql import quoted

FORMS = ("{}.parquet", "{}/*.parquet", "{}.csv", "{}.csv.gz")
ENDING = re.compile(r"\.(parquet|csv|csv\.gz)$")
ILLEGAL = re.compile(r"""[!"$()*,./;?@\[\\\]^`{}~]""")  # what a BigQuery column's name may not hold
PLAIN = re.compile(r"[\w -]+")
LONGEST = 200
A_PIECE = 1 << 20


class Tables:
    """The tables in the folder DATA."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._whole: set[Path] = set()

    def pattern(self, dataset: str, name: str, problems: Problems) -> str:
        """The path or glob of the table's files; "" with a problem added when they are absent, doubled or damaged."""
        label = f"{dataset}.{name}" if dataset else name
        if not (_plain(name) and _plain(dataset or name)):
            problems.add(f"table {label[:60]!r}", "is no name of a table", "Use letters, digits, _ and -", "table-name")
            return ""
        folder = self._folder(dataset) if dataset else self.data
        if folder is None:
            there = sorted(path.name for path in self.data.iterdir() if path.is_dir())
            found = f"its folder {dataset} is neither in nor beside DATA={self.data}"
            problems.add(f"table {label}", found, _near(dataset, there), "table-missing")
            return ""
        forms = [form.format(name) for form in FORMS if next(folder.glob(form.format(name)), None)]
        if not forms:
            problems.add(
                f"table {label}",
                f"is not in DATA={self.data}",
                _near(name, sorted(_tables_in(folder))),
                "table-missing",
            )
            return ""
        if len(forms) > 1:
            problems.add(
                f"table {label}",
                f"is there {len(forms)} times: {', '.join(forms)}",
                "Keep the one that is meant",
                "table-twice",
            )
            return ""
        for path in sorted(folder.glob(forms[0])):
            self._refuse_damaged(path, problems)
        return str(folder / forms[0])

    def _folder(self, dataset: str) -> Path | None:
        places = (self.data / dataset, self.data.absolute().parent / dataset)
        return next((place for place in places if place.is_dir()), None)

    def _refuse_damaged(self, path: Path, problems: Problems) -> None:
        """DuckDB takes an empty file for a table without columns, and guesses on what a broken archive still gives."""
        if path in self._whole:
            return
        if path.is_dir():
            problems.add(
                f"file {path}",
                "is a folder",
                "A folder of Parquet files is named like the table, without .csv",
                "file-is-folder",
            )
        elif path.stat().st_size == 0:
            problems.add(f"file {path}", "is empty", "Write or copy it again", "file-empty")
        elif path.suffix == ".gz" and (why := _broken(path)):
            problems.add(
                f"file {path}",
                f"is no whole gzip file ({why})",
                "It may be truncated: write or copy it again",
                "file-damaged",
            )
        else:
            self._whole.add(path)
            if path.suffix != ".parquet":
                csv_file.refuse_unfit(path, problems)


def select(connection: duckdb.DuckDBPyConnection, pattern: str) -> str:
    """All columns of Parquet files, as BigQuery holds them when it has loaded the same: `a.b` is `a_b`, INT32 is INT64.

    Raises duckdb.Error for a file that cannot be read, DataError for one with two columns of one name.
    """
    relation = connection.sql(f"SELECT * FROM {reader(pattern)}")
    first = next(Path(pattern).parent.glob(Path(pattern).name))
    refuse_twice(pattern, [*pq.read_schema(first).names])  # DuckDB gives the second one of a name another name
    columns = (_column(name, kind) for name, kind in zip(relation.columns, relation.types, strict=True))
    return f"SELECT {', '.join(columns)} FROM {reader(pattern)}"


def select_csv(table: csv_types.CsvTable) -> str:
    """The same of a CSV file."""
    names = [column.name or f"column{place}" for place, column in enumerate(table.columns)]
    refuse_twice(str(table.file.path), names)
    columns = ", ".join(
        f"{column.value} AS {quoted(ILLEGAL.sub('_', name))}" for name, column in zip(names, table.columns, strict=True)
    )
    return f"SELECT {columns} FROM {table.file.reader()}"


def refuse_twice(pattern: str, names: list[str]) -> None:
    """A load into BigQuery fails for two columns of one name, whatever their case and what it puts for a dot."""
    problems = Problems()
    loaded = [ILLEGAL.sub("_", name).casefold() for name in names]
    for name in sorted({name for name in loaded if loaded.count(name) > 1}):
        same = ", ".join(other for other, own in zip(names, loaded, strict=True) if own == name)
        problems.add(
            f"file {pattern}",
            f"has columns that BigQuery takes for one: {same}",
            "Rename all but one",
            "file-columns-twice",
        )
    problems.raise_if_any(DataError)


def reader(pattern: str) -> str:
    """DuckDB's SQL of the table in Parquet files."""
    escaped = pattern.replace("'", "''")
    return f"read_parquet('{escaped}', union_by_name=true)"


def _column(name: str, kind: DuckDBPyType) -> str:
    column = quoted(name)
    loaded = types.loaded(kind)
    value = column if loaded == str(kind) else f"CAST({column} AS {loaded})"
    if loaded == "DOUBLE":  # hides the bounds in Parquet, by which DuckDB decides wrongly when a NaN is beside them
        value = f"CASE WHEN {column} IS NULL THEN NULL ELSE {value} END"
    return f"{value} AS {quoted(ILLEGAL.sub('_', name))}"


def _broken(path: Path) -> str:
    """Why a gzip file is not whole, its checksum included; "" when it is."""
    try:
        with gzip.open(path) as file:
            while file.read(A_PIECE):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        return str(error)
    return ""


def _plain(name: str) -> bool:
    """No path, no pattern, and short enough for a file."""
    return bool(PLAIN.fullmatch(name)) and len(name.encode()) <= LONGEST


def _near(name: str, there: list[str]) -> str:
    near = difflib.get_close_matches(name, there, 1)
    hint = f"Did you mean {near[0]}?" if near else f"There: {', '.join(there[:12]) or 'nothing'}."
    return f"{hint} A table t is t.parquet, t/*.parquet, t.csv or t.csv.gz"


def _tables_in(folder: Path) -> set[str]:
    files = {ENDING.sub("", path.name) for path in folder.iterdir() if ENDING.search(path.name)}
    return files | {path.name for path in folder.iterdir() if path.is_dir() and next(path.glob("*.parquet"), None)}
