"""Labels, positions and what is known of their chance, which no rule rejects row by row: all rows are useless."""

import duckdb

from artifacts.typed_rows import TypedRows, raw
from components.preprocess.duckdb_session import one_row
from model.errors import DataError, Problems
from model.sql import quoted


def refuse_labels(connection: duckdb.DuckDBPyConnection, rows: str, columns: TypedRows) -> None:
    """Raises DataError with all that is wrong with the label and the position of `rows`."""
    problems = Problems()
    _check_label(connection, rows, columns.label, problems)
    if columns.position:
        _check_position(connection, rows, columns.position, problems)
    if columns.explore:
        _check_explore(connection, rows, columns.explore, problems)
    if columns.propensity:
        _check_propensity(connection, rows, columns.propensity, problems)
    problems.raise_if_any(DataError)


def _check_label(connection: duckdb.DuckDBPyConnection, rows: str, name: str, problems: Problems) -> None:
    label = quoted(name)
    wrong = f"count(*) FILTER ({_is_wrong(name)})"
    count, invalid, low, high = one_row(connection, f"SELECT count(*), {wrong}, min({label}), max({label}) FROM {rows}")
    where = f"columns.label {name}"
    if invalid:
        problem = f"is not 0 or 1 in {invalid:,} of {count:,} rows (found {_wrong_labels(connection, rows, name)})"
        problems.add(where, problem, "Make it 0 or 1 in the SQL", "label-not-0-or-1")
    elif low == high:
        hint = "Look at the SQL's join of outcomes, and at the window"
        problems.add(where, f"is {low:g} in every row", hint, "label-constant")


def _is_wrong(name: str) -> str:
    return f"{quoted(name)} IS NULL OR {quoted(name)} NOT IN (0, 1)"


def _wrong_labels(connection: duckdb.DuckDBPyConnection, rows: str, name: str) -> str:
    wrong = f"SELECT {raw(name)} FROM {rows} WHERE {_is_wrong(name)}"
    values = connection.execute(f"{wrong} GROUP BY 1 ORDER BY 1 NULLS FIRST LIMIT 5").fetchall()
    return ", ".join("missing" if value is None else repr(value) for (value,) in values)


def _check_position(connection: duckdb.DuckDBPyConnection, rows: str, name: str, problems: Problems) -> None:
    column = quoted(name)
    query = f"SELECT count(*), count({column}), min({column}), max({column}) FROM {rows}"
    count, positions, first, last = one_row(connection, query)
    where = f"columns.position {name}"
    if positions < count or first < 1:
        problem = f"is missing, not a whole number or below 1 in some of {count:,} rows (smallest {first})"
        hint = "Log the displayed position from 1; without it position bias cannot be corrected"
        problems.add(where, problem, hint, "position-invalid")
    elif first == last:
        hint = "Delete it from the spec: position bias cannot be learned from one position"
        problems.add(where, f"is {first} in every row", hint, "position-constant")


def _check_explore(connection: duckdb.DuckDBPyConnection, rows: str, name: str, problems: Problems) -> None:
    column = quoted(name)
    query = f"select count(*), any_value({column}) from {rows} where {column} not in (0, 1)"
    count, value = one_row(connection, query)
    if count:
        hint = "Make it 1 where the list was in random order, else 0"
        problems.add(
            f"columns.explore {name}", f"is not 0 or 1 in {count:,} row(s): {value}", hint, "column-not-switch"
        )


def _check_propensity(connection: duckdb.DuckDBPyConnection, rows: str, name: str, problems: Problems) -> None:
    column = quoted(name)
    query = f"select count(*), min({column}), max({column}) from {rows} where {column} <= 0 or {column} > 1"
    count, least, most = one_row(connection, query)
    if count:
        problem = f"is not above 0 and at most 1 in {count:,} row(s), from {least:g} to {most:g}"
        hint = (
            "Log the chance with which the order put the item there, and leave it empty where chance had no part in it"
        )
        problems.add(f"columns.propensity {name}", problem, hint, "propensity-invalid")
