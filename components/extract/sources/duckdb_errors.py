"""What DuckDB says, told as a refusal: the column, parameter or file that it is about first, then the way out."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from components.extract.googlesql import types
from components.extract.googlesql.duckdb_macros import NAN, TIED
from components.extract.sources import csv_file
from model.errors import DataError, Problem
from model.sql import quoted

BEYOND_INT64 = re.compile(r"Type U?INT(?:64|128) with value (\d+) can't be cast because the value is out of range")
PATH = re.compile(r"[\"']([^\"']*\.(?:parquet|csv|csv\.gz))[\"']|file = (\S.*?\.(?:csv|csv\.gz))$", re.MULTILINE)
_KNOWN = {
    NAN: (f"{NAN}, which has another answer on BigQuery", "Write IF(IS_NAN(x), NULL, x) wherever x is compared"),
    TIED: (
        f"{TIED}, so that each run could take another one",
        "Add a column that tells such rows apart as the last key; where they are copies, SELECT DISTINCT them before",
    ),
}


def refusal(error: Exception, connection: duckdb.DuckDBPyConnection) -> DataError:
    """Raises OSError instead where the disk is full."""
    message = str(error)
    words = _first_paragraph(message)
    if parameter := re.search(r"values were not provided for the following parameters: (.*)", words, re.IGNORECASE):
        names = ", ".join(f"@{name.strip()}" for name in parameter[1].split(","))
        hint = "The window's @start and @end are; write others out"
        return DataError(Problem(f"SQL {names}", "has no value", hint, "sql-parameter-unknown"))
    if path := PATH.search(message):
        return unreadable(path[1] or path[2], error)
    for sign, (problem, hint) in _KNOWN.items():
        if sign in words:
            return DataError(Problem("SQL", f"failed ({problem})", hint, "query-failed"))
    if types.TOO_LONG in words:
        return types.too_long(words.removeprefix(f"{types.TOO_LONG}: "))
    if value := BEYOND_INT64.search(words):
        return _beyond_int64(int(value[1]), connection)
    if ungrouped := re.match(r'column "([^"]*)" must appear in the GROUP BY clause', words):
        hint = "Add it to GROUP BY, or take its MIN or MAX"
        found = "is neither in GROUP BY nor in an aggregate function"
        return DataError(Problem(f"SQL column {ungrouped[1]}", found, hint, "query-failed"))
    if "No space left" in words or "out of disk" in words.lower():
        raise OSError(28, "No space left on device", "DuckDB's temporary files")
    return DataError(
        Problem("SQL", f"failed ({words[:300]})", "Fix the query, or the values that it meets", "query-failed")
    )


def unreadable(pattern: str, error: Exception) -> DataError:
    """A table's file that is not what its name says."""
    message = str(error)
    if not pattern.endswith(".parquet"):
        return DataError(csv_file.broken_line(Path(pattern), message))
    found = f"cannot be read ({_first_paragraph(message)[:200]})"
    return DataError(Problem(f"file {pattern}", found, "It may be truncated: write or copy it again", "file-damaged"))


def _beyond_int64(value: int, connection: duckdb.DuckDBPyConnection) -> DataError:
    """An unsigned id that a load into BigQuery would refuse too."""
    where = ", ".join(f"column {name}" for name in _columns_beyond_int64(connection)) or "SQL"
    found = f"holds {value:,}, and an INT64 ends at {2**63 - 1:,}"
    return DataError(Problem(where, found, "Write such ids into the file as texts", "number-too-large"))


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
    """Without the kind of error that stands before."""
    return re.sub(r"^(\w+ )+Error: ", "", " ".join(message.split("\n\n")[0].split()))
