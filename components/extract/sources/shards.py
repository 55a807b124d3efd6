"""Tables of one day each as one table, with _TABLE_SUFFIX: the columns are those of the last one, as on BigQuery."""

from collections.abc import Mapping

import duckdb

from components.extract.googlesql.table_suffix import SUFFIX
from model.errors import DataError, Problems
from model.sql import literal, quoted


def union(connection: duckdb.DuckDBPyConnection, table: str, selects: Mapping[str, str]) -> str:
    """SQL of `table_*` from the SQL of each table by its suffix. Raises DataError for a column of two types."""
    types = {suffix: _types(connection, select) for suffix, select in sorted(selects.items())}
    last, columns = list(types.items())[-1]
    problems = Problems()
    for suffix, own in types.items():
        for name in own.keys() & columns.keys():
            if own[name] != columns[name]:
                where = f"table {table} column {name}"
                message = f"is {own[name]:.60} in {suffix} and {columns[name]:.60} in {last}"
                problems.add(where, message, "Write the files of both days with one type", "table-types")
    problems.raise_if_any(DataError)
    return " UNION ALL ".join(
        f"SELECT {', '.join(_column(name, kind, types[suffix]) for name, kind in columns.items())}, "
        f"{literal(suffix)} AS {SUFFIX} FROM ({select})"
        for suffix, select in sorted(selects.items())
    )


def _types(connection: duckdb.DuckDBPyConnection, select: str) -> dict[str, str]:
    relation = connection.sql(select)
    return {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}


def _column(name: str, kind: str, own: Mapping[str, str]) -> str:
    """NULL where a table has no such column; an array is empty."""
    missing = "[]" if kind.endswith("]") else "NULL"
    return quoted(name) if name in own else f"CAST({missing} AS {kind}) AS {quoted(name)}"
