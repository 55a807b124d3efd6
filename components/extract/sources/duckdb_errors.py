"""DuckDB's errors as problems: the column, parameter or file first, then what is wrong, then the hint."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from components.extract.googlesql import types
from components.extract.googlesql.order_macros import SEVERAL, TIED
from components.extract.googlesql.value_macros import NAN
from components.extract.sources import csv_file
from model.errors import DataError, Problem
from model.sql import quoted

BEYOND_INT64 = re.compile(r"Type U?INT(?:64|128) with value (\d+) can't be cast because the value is out of range")
PATH = re.compile(r"[\"']([^\"']*\.(?:parquet|csv|csv\.gz))[\"']|file = (\S.*?\.(?:csv|csv\.gz))$", re.MULTILINE)
_KNOWN = {
    NAN: (f"{NAN}, which has another answer on BigQuery", "Write IF(IS_NAN(x), NULL, x) wherever x is compared"),
    SEVERAL: (f"{SEVERAL}, so each run could take another one", "Use MIN or MAX, or add the value to GROUP BY"),
    TIED: (
        f"{TIED}, so each run could take another one",
        "Add a column that differs between such rows as the last key; if they are copies, SELECT DISTINCT them first",
    ),
}


def translated(error: Exception, connection: duckdb.DuckDBPyConnection) -> DataError:
    """Raises OSError instead where the disk is full."""
    message = str(error)
    summary = _first_paragraph(message)
    if parameter := re.search(r"values were not provided for the following parameters: (.*)", summary, re.IGNORECASE):
        names = ", ".join(f"@{name.strip()}" for name in parameter[1].split(","))
        hint = "Only @start and @end have values: write others as literals"
        return DataError(Problem(f"SQL {names}", "has no value", hint, "sql-parameter-unknown"))
    if path := PATH.search(message):
        return unreadable(path[1] or path[2], error)
    for marker, (problem, hint) in _KNOWN.items():
        if marker in summary:
            return DataError(Problem("SQL", f"failed ({problem})", hint, "query-failed"))
    if types.TOO_LONG in summary:
        return types.too_long(summary.removeprefix(f"{types.TOO_LONG}: "))
    if value := BEYOND_INT64.search(summary):
        return _beyond_int64(int(value[1]), connection)
    if ungrouped := re.match(r'column "([^"]*)" must appear in the GROUP BY clause', summary):
        hint = "Add it to GROUP BY, or take its MIN or MAX"
        message = "is neither in GROUP BY nor in an aggregate function"
        return DataError(Problem(f"SQL column {ungrouped[1]}", message, hint, "query-failed"))
    if "No space left" in summary or "out of disk" in summary.lower():
        raise OSError(28, "No space left on device", "DuckDB's temporary files")
    return DataError(
        Problem("SQL", f"failed ({summary[:300]})", "Fix the query, or the values that it reads", "query-failed")
    )


def unreadable(pattern: str, error: Exception) -> DataError:
    """A table's file that cannot be read as what its ending says."""
    message = str(error)
    if not pattern.endswith(".parquet"):
        return DataError(csv_file.broken_line(Path(pattern), message))
    summary = f"cannot be read ({_first_paragraph(message)[:200]})"
    return DataError(Problem(f"file {pattern}", summary, "It may be truncated: write or copy it again", "file-damaged"))


def _beyond_int64(value: int, connection: duckdb.DuckDBPyConnection) -> DataError:
    """An unsigned id; a load into BigQuery refuses it too."""
    where = ", ".join(f"column {name}" for name in _columns_beyond_int64(connection)) or "SQL"
    message = f"has the value {value:,}, and the largest INT64 is {2**63 - 1:,}"
    return DataError(Problem(where, message, "Write such ids into the file as texts", "number-too-large"))


def _columns_beyond_int64(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """table.column of every file's column with such a value."""
    for table, sql in connection.execute("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal").fetchall():
        files = sql[sql.index(" FROM ") :].rstrip(";")
        relation = connection.sql(f"SELECT *{files}")
        for column, kind in zip(relation.columns, relation.types, strict=True):
            if str(kind) in ("UBIGINT", "HUGEINT", "UHUGEINT"):
                row = connection.execute(f"SELECT max({quoted(column)}){files}").fetchone()
                if row and row[0] is not None and row[0] >= 2**63:
                    yield f"{table}.{column}"


def _first_paragraph(message: str) -> str:
    """Without the kind of error in front of it."""
    return re.sub(r"^(\w+ )+Error: ", "", " ".join(message.split("\n\n")[0].split()))
