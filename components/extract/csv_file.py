"""CSV files, read strictly: a first line with names, quotes as RFC 4180 has them, one delimiter that the names show.

DuckDB would guess all of it, and a single broken line can turn its guess into another table.
"""

import csv
import gzip
import re
from pathlib import Path

import duckdb

from model.errors import Fault, Faults

DELIMITERS = ",;\t|"
LONGEST = 1 << 20  # bytes of a first line
MOSTLY = 0.5


def head(path: Path) -> tuple[str, bool]:
    """The first line, and whether there is a second. Raises OSError, EOFError, UnicodeDecodeError."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        names = file.readline(LONGEST).decode("utf-8-sig").strip()
        return names, bool(file.readline(LONGEST).strip())


def refuse_unfit(path: Path, faults: Faults) -> None:
    """Adds a fault for what is no table at all."""
    try:
        names, rows = head(path)
    except UnicodeDecodeError as error:
        faults.add(f"file {path}", f"is not UTF-8 ({error.reason})", "Save it as UTF-8")
        return
    if not names:
        faults.add(f"file {path}", "has no names in its first line", "Write the columns' names there")
    elif not rows:
        faults.add(f"file {path}", "has names in its first line and no rows", "Write or copy it again")


def reader(path: str) -> str:
    """SQL of the table in the file. Types come from every row, so that they do not depend on the first ones."""
    return _read_csv(path, "sample_size=-1")


def broken_line(connection: duckdb.DuckDBPyConnection, path: str) -> str | None:
    """Which line keeps a file from being a table, and why; None when none does.

    DuckDB looks for types before it reads, and says no more than that it found none. Read as texts, it names the line.
    """
    names, _ = head(Path(path))
    count = next(csv.reader([names], delimiter=_delimiter(names)))
    columns = ", ".join(f"'{number}': 'VARCHAR'" for number in range(len(count)))
    try:
        texts = _read_csv(path, f"auto_detect=false, columns={{{columns}}}")
        connection.execute(f'SELECT count(*), max("0") FROM {texts}').fetchone()
    except duckdb.Error as error:
        words = str(error)
        if line := re.search(r"on Line: (\d+)", words, re.IGNORECASE):
            why = re.search(r"Expected Number of Columns: .*|Value with unterminated quote found", words)
            return f"line {line[1]}" + (f" ({why[0]})" if why else "")
    return None


def _delimiter(names: str) -> str:
    return max(DELIMITERS, key=names.count)


def _read_csv(path: str, more: str) -> str:
    delimiter = _delimiter(head(Path(path))[0])
    quoted = path.replace("'", "''")
    settings = f"delim='{delimiter}', quote='\"', escape='\"', header=true, strict_mode=true"
    return f"read_csv('{quoted}', {settings}, {more})"


def texts_by_mistake(connection: duckdb.DuckDBPyConnection) -> list[Fault]:
    """Columns that are text because of a few values: what a query means that fails on them."""
    columns = "SELECT schema_name, table_name, column_name FROM duckdb_columns()"
    asked = f"{columns} WHERE NOT internal AND data_type = 'VARCHAR'"
    found = []
    for schema, table, column in connection.execute(asked).fetchall():
        name = '"' + column.replace('"', '""') + '"'
        for kind in ("TIMESTAMP", "DOUBLE"):
            bad = f"FILTER (WHERE {name} IS NOT NULL AND TRY_CAST({name} AS {kind}) IS NULL)"
            counted = f"SELECT count(*) {bad}, count({name}), min({name}) {bad}"
            row = connection.execute(f'{counted} FROM "{schema}"."{table}"').fetchone()
            assert row is not None  # an aggregate always answers
            wrong, values, example = row
            if 0 < wrong < MOSTLY * values:
                told = f"is text because of {wrong:,} of {values:,} values, {example!r:.60} for example"
                way_out = f"Mend the file, or write SAFE_CAST({column} AS {GOOGLE[kind]}) in the query"
                found.append(Fault(f"table {table} column {column}", told, way_out))
                break
    return found


GOOGLE = {"TIMESTAMP": "TIMESTAMP", "DOUBLE": "FLOAT64"}
