"""Why a column of a CSV file is text: what a query means that takes it for a number or a time."""

import re
from collections.abc import Mapping
from dataclasses import replace

import duckdb

from components.extract.googlesql.parse import UnsupportedLocally
from components.extract.sources.csv_types import CsvTable, OddValues, odd_values
from model.errors import DataRefused, Fault, Refused

THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")


def explained(
    refused: UnsupportedLocally, connection: duckdb.DuckDBPyConnection, tables: Mapping[tuple[str, str], CsvTable]
) -> Refused:
    """The refusal with an example of each text column that it names; of the data where a few values are at fault."""
    if not any("STRING" in fault.found for fault in refused.faults):
        return refused
    notes = {
        (name, column): values
        for (_, name), table in tables.items()
        for column, values in odd_values(connection, table).items()
        if any(_names(fault, column) for fault in refused.faults)
    }
    if spoilt := [_spoilt(*key, values) for key, values in notes.items() if values.google]:
        return DataRefused(*spoilt)
    return UnsupportedLocally(*(_with_example(fault, notes) for fault in refused.faults))


def _names(fault: Fault, column: str) -> bool:
    return "STRING" in fault.found and bool(re.search(rf"\b{re.escape(column)}\b", fault.where + fault.found))


def _with_example(fault: Fault, notes: Mapping[tuple[str, str], OddValues]) -> Fault:
    texts = [f"{column} holds {values.example!r:.60}" for (_, column), values in notes.items() if _names(fault, column)]
    return replace(fault, found=f"{fault.found} ({', '.join(texts)})") if texts else fault


def _spoilt(table: str, column: str, values: OddValues) -> Fault:
    found = f"is text because of {values.odd:,} of {values.values:,} values, {values.example!r:.60} for example"
    number = f"REPLACE({column}, ',', '')" if THOUSANDS.fullmatch(values.example) else column
    hint = f"Fix the file, or write SAFE_CAST({number} AS {values.google}) in the query"
    return Fault(f"table {table} column {column}", found, hint, "csv-type")
