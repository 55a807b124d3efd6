"""Why a column of a CSV file is text, for a query that uses it as a number or a time."""

import re
from collections.abc import Mapping
from dataclasses import replace

import duckdb

from components.extract.googlesql.syntax_errors import UnsupportedSqlError
from components.extract.sources.csv_types import CsvTable, Mismatches, find_mismatches
from model.errors import DataError, KamadoError, Problem

THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")


def with_csv_examples(
    error: UnsupportedSqlError, connection: duckdb.DuckDBPyConnection, tables: Mapping[tuple[str, str], CsvTable]
) -> KamadoError:
    """The error with an example of each text column that it names; a DataError where a few values make it text."""
    if not any("STRING" in problem.problem for problem in error.problems):
        return error
    columns = {
        (name, column): values
        for (_, name), table in tables.items()
        for column, values in find_mismatches(connection, table).items()
        if any(_names(problem, column) for problem in error.problems)
    }
    if problems := [_text_because(*key, values) for key, values in columns.items() if values.google]:
        return DataError(*problems)
    return UnsupportedSqlError(*(_with_example(problem, columns) for problem in error.problems))


def _names(problem: Problem, column: str) -> bool:
    return "STRING" in problem.problem and bool(re.search(rf"\b{re.escape(column)}\b", problem.where + problem.problem))


def _with_example(problem: Problem, columns: Mapping[tuple[str, str], Mismatches]) -> Problem:
    texts = [
        f"{column} holds {values.example!r:.60}" for (_, column), values in columns.items() if _names(problem, column)
    ]
    return replace(problem, problem=f"{problem.problem} ({', '.join(texts)})") if texts else problem


def _text_because(table: str, column: str, values: Mismatches) -> Problem:
    message = f"is text because of {values.count:,} of {values.values:,} values, {values.example!r:.60} for example"
    number = f"REPLACE({column}, ',', '')" if THOUSANDS.fullmatch(values.example) else column
    hint = f"Fix the file, or write SAFE_CAST({number} AS {values.google}) in the query"
    return Problem(f"table {table} column {column}", message, hint, "csv-type")
