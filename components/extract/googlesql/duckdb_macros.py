"""A DuckDB connection that answers translated queries as BigQuery documents them."""

import functools
import re

import duckdb
import farmhash

from components.extract.googlesql import cast_macros
from components.extract.googlesql.order_macros import UNTIED
from components.extract.googlesql.value_macros import VALUES

_NAME = re.compile(r"\bbq_\w+", re.IGNORECASE)
FINGERPRINT = "farm_fingerprint"


def connect() -> duckdb.DuckDBPyConnection:
    """UTC, and DuckDB's own order of NULLs: sqlglot leaves NULLS LAST out, and writes NULLS FIRST."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'; SET default_null_order='nulls_last'; SET preserve_insertion_order=false")
    return connection


def define(connection: duckdb.DuckDBPyConnection, *queries: str) -> None:
    """Creates the macros and the function that translated queries use: all of them would take longer than a query."""
    for name in sorted({name for query in queries for name in _used(query)}):
        connection.execute(macros()[name])
    if any(FINGERPRINT in query.lower() for query in queries):
        connection.create_function(FINGERPRINT, _fingerprint, ["VARCHAR"], "BIGINT")


def _used(query: str) -> set[str]:
    """Macros that the query names, and those that they name."""
    direct = {name.lower() for name in _NAME.findall(query)} & macros().keys()
    return direct | {other for name in direct for other in _used(macros()[name].partition(" AS ")[2])}


@functools.cache
def macros() -> dict[str, str]:
    """Name -> the SQL that creates it."""
    plain = {form.split("(")[0]: f"CREATE MACRO {form} AS {body}" for form, body in {**UNTIED, **VALUES}.items()}
    return {**cast_macros.statements(), **plain}


def _fingerprint(text: str) -> int:
    value: int = farmhash.fingerprint64(text)
    return value - (1 << 64) if value >= 1 << 63 else value
