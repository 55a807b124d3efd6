"""The files of a table in DATA, and whether they can be read.

A table `t` is `t.parquet`, `t/*.parquet`, `t.csv` or `t.csv.gz` in DATA; `dataset.t` is the same in `DATA/dataset`, or
in the folder of that name beside DATA. `t_*` is every table whose name starts so, and _TABLE_SUFFIX the rest of it.
"""

import difflib
import gzip
import re
import zlib
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from components.extract.googlesql import types
from components.extract.googlesql.table_suffix import is_wildcard
from components.extract.sources import csv_file, csv_types
from model.errors import DataError, Problems
from model.sql import literal, quoted

FORMS = ("{}.parquet", "{}/*.parquet", "{}.csv", "{}.csv.gz")
ENDING = re.compile(r"\.(parquet|csv|csv\.gz)$")
ILLEGAL = re.compile(r"""[!"$()*,./;?@\[\\\]^`{}~]""")  # what a BigQuery column's name may not hold
PLAIN = re.compile(r"[\w -]+")
LONGEST = 200
CHUNK = 1 << 20


class Tables:
    """The tables in the folder DATA."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._checked: set[Path] = set()

    def patterns(self, dataset: str, name: str, problems: Problems) -> dict[str, str]:
        """The path or glob of the table's files, and of each table of `t_*` by its suffix.

        Adds a problem where they are missing or cannot be read.
        """
        patterns = self._located_all(dataset, name, problems)
        for pattern in patterns.values():
            for path in files_of(pattern):
                self._check_file(path, problems)
        return patterns

    def files(self, dataset: str, name: str, problems: Problems) -> list[Path]:
        """The table's files, by name, without a look into them; none, with a problem added, where they are missing."""
        return [path for pattern in self._located_all(dataset, name, problems).values() for path in files_of(pattern)]

    def _located_all(self, dataset: str, name: str, problems: Problems) -> dict[str, str]:
        if not is_wildcard(name):
            return {"": self._located(dataset, name, problems)}
        prefix = name[:-1]
        folder = self._folder(dataset) if dataset else self.data
        names = sorted(_tables_in(folder)) if folder else []
        shards = [other for other in names if other.startswith(prefix) and other != prefix]
        if not shards:
            where = f"table {dataset}.{name}" if dataset else f"table {name}"
            problems.add(where, f"is not in DATA={self.data}", _suggestion(name, names), "table-missing")
        return {shard.removeprefix(prefix): self._located(dataset, shard, problems) for shard in shards}

    def _located(self, dataset: str, name: str, problems: Problems) -> str:
        label = f"{dataset}.{name}" if dataset else name
        if not (_is_table_name(name) and _is_table_name(dataset or name)):
            problems.add(
                f"table {label[:60]!r}", "is not the name of a table", "Use letters, digits, _ and -", "table-name"
            )
            return ""
        folder = self._folder(dataset) if dataset else self.data
        if folder is None:
            folders = sorted(path.name for path in self.data.iterdir() if path.is_dir())
            message = f"its folder {dataset} is neither in nor beside DATA={self.data}"
            problems.add(f"table {label}", message, _suggestion(dataset, folders), "table-missing")
            return ""
        forms = [form.format(name) for form in FORMS if next(folder.glob(form.format(name)), None)]
        if not forms:
            hint = _suggestion(name, sorted(_tables_in(folder)))
            problems.add(f"table {label}", f"is not in DATA={self.data}", hint, "table-missing")
            return ""
        if len(forms) > 1:
            message = f"exists {len(forms)} times: {', '.join(forms)}"
            problems.add(f"table {label}", message, "Keep one of them", "table-twice")
            return ""
        return str(folder / forms[0])

    def _folder(self, dataset: str) -> Path | None:
        candidates = (self.data / dataset, self.data.absolute().parent / dataset)
        return next((path for path in candidates if path.is_dir()), None)

    def _check_file(self, path: Path, problems: Problems) -> None:
        """DuckDB reads an empty file as a table without columns, and a truncated archive up to its break."""
        if path in self._checked:
            return
        if path.is_dir():
            hint = "A folder of Parquet files is named like the table, without .csv"
            problems.add(f"file {path}", "is a folder", hint, "file-is-folder")
        elif path.stat().st_size == 0:
            problems.add(f"file {path}", "is empty", "Write or copy it again", "file-empty")
        elif path.suffix == ".gz" and (error := _gzip_error(path)):
            hint = "It may be truncated: write or copy it again"
            problems.add(f"file {path}", f"is not a complete gzip file ({error})", hint, "file-damaged")
        else:
            self._checked.add(path)
            if path.suffix != ".parquet":
                csv_file.check_csv(path, problems)


def files_of(pattern: str) -> list[Path]:
    """The files of a path or glob, by name; none for ""."""
    return sorted(Path(pattern).parent.glob(Path(pattern).name)) if pattern else []


def select(connection: duckdb.DuckDBPyConnection, pattern: str) -> str:
    """SQL of all columns of Parquet files, as a load into BigQuery makes them: `a.b` is `a_b`, INT32 is INT64.

    Raises duckdb.Error for a file that cannot be read, DataError for one with two columns of one name.
    """
    relation = connection.sql(f"SELECT * FROM {reader(pattern)}")
    first = next(Path(pattern).parent.glob(Path(pattern).name))
    refuse_duplicate_columns(pattern, _names(connection, first))  # DuckDB renames the second column of a name
    columns = (_column(name, kind) for name, kind in zip(relation.columns, relation.types, strict=True))
    return f"SELECT {', '.join(columns)} FROM {reader(pattern)}"


def _names(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """The columns of a Parquet file as they stand in it. Members of nested ones follow their column in its schema."""
    query = f"SELECT name, num_children FROM parquet_schema({literal(str(path))})"
    _, *elements = connection.execute(query).fetchall()
    names, members = [], 0
    for name, children in elements:
        if not members:
            names.append(name)
        members += (children or 0) - (1 if members else 0)
    return names


def select_csv(table: csv_types.CsvTable) -> str:
    """The same for a CSV file."""
    names = [column.name or f"column{index}" for index, column in enumerate(table.columns)]
    refuse_duplicate_columns(str(table.file.path), names)
    columns = ", ".join(
        f"{column.value} AS {quoted(ILLEGAL.sub('_', name))}" for name, column in zip(names, table.columns, strict=True)
    )
    return f"SELECT {columns} FROM {table.file.reader()}"


def refuse_duplicate_columns(pattern: str, names: list[str]) -> None:
    """Raises DataError for columns of one name after a load into BigQuery, which ignores case and replaces dots."""
    problems = Problems()
    loaded = [ILLEGAL.sub("_", name).casefold() for name in names]
    for name in sorted({name for name in loaded if loaded.count(name) > 1}):
        same = ", ".join(other for other, own in zip(names, loaded, strict=True) if own == name)
        message = f"has columns of one name for BigQuery: {same}"
        problems.add(f"file {pattern}", message, "Rename all but one", "file-columns-twice")
    problems.raise_if_any(DataError)


def reader(pattern: str) -> str:
    """DuckDB's SQL of the table in Parquet files."""
    return f"read_parquet({literal(pattern)}, union_by_name=true)"


def _column(name: str, kind: DuckDBPyType) -> str:
    column = quoted(name)
    target = types.type_after_load(kind)
    value = column if target == str(kind) else f"CAST({column} AS {target})"
    if target.endswith("]"):  # a REPEATED column of BigQuery has no NULL
        value = f"coalesce({value}, [])"
    if target == "DOUBLE":  # hides Parquet's bounds: they leave NaN out, and DuckDB filters by them
        value = f"CASE WHEN {column} IS NULL THEN NULL ELSE {value} END"
    return f"{value} AS {quoted(ILLEGAL.sub('_', name))}"


def _gzip_error(path: Path) -> str:
    """Why a gzip file cannot be read to its checksum; "" when it can."""
    try:
        with gzip.open(path) as file:
            while file.read(CHUNK):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        return str(error)
    return ""


def _is_table_name(name: str) -> bool:
    """Not a path or a pattern, and short enough for a file."""
    return bool(PLAIN.fullmatch(name)) and len(name.encode()) <= LONGEST


def _suggestion(name: str, existing: list[str]) -> str:
    matches = difflib.get_close_matches(name, existing, 1)
    hint = f"Did you mean {matches[0]}?" if matches else f"It has: {', '.join(existing[:12]) or 'nothing'}."
    return f"{hint} A table t is t.parquet, t/*.parquet, t.csv or t.csv.gz"


def _tables_in(folder: Path) -> set[str]:
    files = {ENDING.sub("", path.name) for path in folder.iterdir() if ENDING.search(path.name)}
    return files | {path.name for path in folder.iterdir() if path.is_dir() and next(path.glob("*.parquet"), None)}
