"""Runs queries in DuckDB: translated as for files where they are in that subset, by sqlglot alone elsewhere."""

import contextlib
import functools
import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot

from components.extract.googlesql import types
from components.extract.googlesql.duckdb_macros import FINGERPRINT, connect, define, macros
from components.extract.googlesql.parse import parse, to_duckdb
from components.extract.googlesql.syntax_errors import UnsupportedSqlError
from components.extract.sources import duckdb_errors
from model.errors import KamadoError
from model.sql import literal, quoted
from tests.services.bigquery.columns import as_stored
from tests.services.bigquery.query import SUFFIX, NamedTable, Query
from tests.services.bigquery.refusal import PROJECT, Refusal
from tests.services.bigquery.sizes import size_of
from tests.services.bigquery.tables import StoredTable

_LOCK, _NUMBERS = threading.Lock(), itertools.count()


@dataclass(frozen=True)
class Plan:
    """What is known of a query before a row of it is read. `processed` are bytes."""

    query: Query
    schema: pa.Schema
    processed: int
    relation: duckdb.DuckDBPyRelation
    connection: duckdb.DuckDBPyConnection

    def rows(self) -> pa.Table:
        """Raises Refusal for what fails while it runs."""
        with _refusals(self.query, self.connection):
            table = self.relation.to_arrow_table()
            schema = _stored_schema(self.query, table.schema)
            columns = [_converted(table[field.name], field) for field in schema]
            return pa.Table.from_arrays(columns, schema=schema)


@contextlib.contextmanager
def planned(query: Query) -> Iterator[Plan]:
    """Raises Refusal."""
    with _connected(query) as connection:
        with _refusals(query, connection):
            relation = _relation(query, connection)
            schema = _planned_schema(query, relation)
            processed = _bytes_read(query, connection)
        yield Plan(query, schema, processed, relation, connection)


def _planned_schema(query: Query, relation: duckdb.DuckDBPyRelation) -> pa.Schema:
    names = list(relation.columns)
    times = Counter(name.casefold() for name in names)
    if twice := [name for name in names if times[name.casefold()] > 1]:
        message = "Duplicate column names in the result are not supported when a destination table is present."
        raise Refusal(400, "invalidQuery", f"{message} Found duplicate(s): {twice[0]}")
    return _stored_schema(query, relation.limit(0).to_arrow_table().schema)


def _bytes_read(query: Query, connection: duckdb.DuckDBPyConnection) -> int:
    """Columns times rows, of the partitions that the query's filters keep."""
    names = query.columns_read()
    return sum(_bytes_of(connection, query, table, names) for table in query.tables)


def _bytes_of(connection: duckdb.DuckDBPyConnection, query: Query, table: NamedTable, names: set[str] | None) -> int:
    view = types.qualified(table.dataset, table.name)
    existing = {column.name: None for part in table.parts for column in part.schema}
    columns = [name for name in existing if names is None or name.casefold() in names]
    filters = query.filters(table)
    options = table.parts[0].options
    if not filters and any(part.options.requires_filter for part in table.parts):
        message = (
            f"Cannot query over table '{PROJECT}.{table.home}.{table.name}' without a filter over column(s) "
            f"'{options.partitioned_by}' that can be used for partition elimination"
        )
        raise Refusal(400, "invalidQuery", message)
    if not filters:
        return sum(size_of(part.rows.select([n for n in columns if n in part.schema.names])) for part in table.parts)
    column = quoted(table.partition_column)
    key = column if table.is_wildcard else f"date_trunc({literal(options.unit.lower())}, {column})"
    listed = ", ".join(map(quoted, columns)) or "1"
    partitions = f"SELECT {key} FROM {view} WHERE {filters[0]}"
    values = {name: value for name, value in query.values.items() if f"${name}" in partitions.lower()}
    relation = connection.sql(f"SELECT {listed} FROM {view} WHERE {key} IN ({partitions})", params=values)
    arrow = relation.to_arrow_table()
    fields = {field.name: field for part in table.parts for field in part.schema}
    schema = pa.schema([fields.get(field.name, field) for field in arrow.schema])
    return size_of(arrow.cast(schema)) if columns else 0


@contextlib.contextmanager
def _connected(query: Query) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which the query's tables are views."""
    with _database() as connection:
        for number, table in enumerate(query.tables):
            if table.dataset:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.dataset)}")
            selects = [_select(connection, part, f"stored_{number}_{index}") for index, part in enumerate(table.parts)]
            if table.is_wildcard:
                selects = [
                    f"SELECT *, {literal(table.suffix(part))} AS {SUFFIX} FROM ({select})"
                    for part, select in zip(table.parts, selects, strict=True)
                ]
            view = types.qualified(table.dataset, table.name)
            connection.execute(f"CREATE VIEW {view} AS {' UNION ALL BY NAME '.join(selects)}")
        yield connection


@contextlib.contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database beside the one that has the macros, which takes long to make."""
    with _LOCK:
        connection, name = _with_macros().cursor(), f"query_{next(_NUMBERS)}"
    connection.execute(f"SET TimeZone='UTC'; ATTACH ':memory:' AS {name}; SET search_path='{name}.main,memory.main'")
    try:
        yield connection
    finally:
        connection.execute(f"SET search_path='memory.main'; DETACH {name}")
        connection.close()


@functools.cache
def _with_macros() -> duckdb.DuckDBPyConnection:
    connection = connect()
    connection.execute("SET threads=2")
    define(connection, *macros(), FINGERPRINT)
    return connection


def _select(connection: duckdb.DuckDBPyConnection, part: StoredTable, name: str) -> str:
    if not isinstance(part.content, pa.Table):
        return f"SELECT * FROM read_parquet([{', '.join(literal(str(path)) for path in part.content)}])"
    connection.register(name, _for_duckdb(part.rows))
    return f"SELECT * FROM {name}"


def _for_duckdb(table: pa.Table) -> pa.Table:
    """DuckDB has no decimal of 76 digits: it is a text there, and is passed on as it is."""
    return table.cast(
        pa.schema(
            [
                field.with_type(pa.string()) if pa.types.is_decimal256(field.type) else field.remove_metadata()
                for field in table.schema
            ]
        )
    )


def _relation(query: Query, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    columns = tuple(
        ((table.dataset, table.name), tuple(types.of_view(connection, table.dataset, table.name).items()))
        for table in query.tables
    )
    sql = _translated(query.text, columns)
    values = {name: value for name, value in query.values.items() if f"${name}" in sql.lower()}
    return connection.sql(sql, params=values)


@contextlib.contextmanager
def _refusals(query: Query, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    try:
        yield
    except KamadoError as error:
        raise _refusal(error, query) from None
    except duckdb.Error as error:
        raise _refusal(duckdb_errors.translated(error, connection), query) from None
    except pa.ArrowInvalid as error:
        raise Refusal(400, "invalidQuery", f"{error}") from None


@functools.lru_cache(maxsize=512)
def _translated(sql: str, columns: tuple) -> str:
    """What the subset does not have is BigQuery's all the same: sqlglot's translation has to do."""
    try:
        parse(sql)
    except UnsupportedSqlError:
        return sqlglot.transpile(sql, read="bigquery", write="duckdb")[0]
    return to_duckdb(sql, {key: dict(names) for key, names in columns}).sql


def _stored_schema(query: Query, schema: pa.Schema) -> pa.Schema:
    passed = query.passed_on()
    return pa.schema([passed.get(field.name) or as_stored(field) for field in schema])


def _converted(values: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    if pa.types.is_list(field.type):
        values = pc.coalesce(values, pa.scalar([], values.type))  # an array has no NULL
    return values.cast(field.type)


def _refusal(error: KamadoError, query: Query) -> Refusal:
    problem = error.problems[0]
    name = problem.where.rpartition(" ")[2]
    if problem.code == "sql-name-unknown":
        near = f"; {problem.hint}" if problem.hint.startswith("Did you mean") else ""
        return Refusal(400, "invalidQuery", f"Unrecognized name: {name}{near}{query.at(name)}")
    return Refusal(400, "invalidQuery", f"{problem.where}: {problem.problem}")
