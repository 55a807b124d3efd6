"""Why a column of a CSV file is text: what a query means that takes it for a number or a time."""

import re
from collections.abc import Mapping
from dataclasses import replace

import duckdb

from components.extract.googlesql.parse import UnsupportedLocally
from components.extract.sources.csv_types import CsvTable, OddValues, odd_values
from model.errors import DataError, KamadoError, Problem

THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")


def explained(
    refused: UnsupportedLocally, connection: duckdb.DuckDBPyConnection, tables: Mapping[tuple[str, str], CsvTable]
) -> KamadoError:
    """The refusal with an example of each text column that it names; of the data where a few values are at fault."""
    if not any("STRING" in problem.problem for problem in refused.problems):
        return refused
    notes = {
        (name, column): values
        for (_, name), table in tables.items()
        for column, values in odd_values(connection, table).items()
        if any(_names(problem, column) for problem in refused.problems)
    }
    if spoilt := [_spoilt(*key, values) for key, values in notes.items() if values.google]:
        return DataError(*spoilt)
    return UnsupportedLocally(*(_with_example(problem, notes) for problem in refused.problems))


def _names(problem: Problem, column: str) -> bool:
    return "STRING" in problem.problem and bool(re.search(rf"\b{re.escape(column)}\b", problem.where + problem.problem))


def _with_example(problem: Problem, notes: Mapping[tuple[str, str], OddValues]) -> Problem:
    texts = [
        f"{column} holds {values.example!r:.60}" for (_, column), values in notes.items() if _names(problem, column)
    ]
    return replace(problem, problem=f"{problem.problem} ({', '.join(texts)})") if texts else problem


def _spoilt(table: str, column: str, values: OddValues) -> Problem:
    found = f"is text because of {values.odd:,} of {values.values:,} values, {values.example!r:.60} for example"
    number = f"REPLACE({column}, ',', '')" if THOUSANDS.fullmatch(values.example) else column
    hint = f"Fix the file, or write SAFE_CAST({number} AS {values.google}) in the query"
    return Problem(f"table {table} column {column}", found, hint, "csv-type")
