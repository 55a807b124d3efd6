"""The type of every expression of a query, which sqlglot's optimizer derives from the tables' columns."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from components.extract.googlesql.array_sources import sources
from components.extract.googlesql.messages import location_of
from model.errors import DataError, Problem

ColumnTypes = Mapping[str, exp.DataType]
"""A table's columns: name -> type."""

DIALECT = "bigquery"
WINDOW_PARAMETERS = ("start", "end")


class AnnotatedQuery:
    """A query, and a copy of it in which every name is resolved and every node has its type.

    `types` of the query's own nodes are set as well, so that a rewrite can ask for them. Raises DataError for a
    column that is in none of the tables and an alias that is not in FROM, all at once.
    """

    def __init__(self, query: exp.Query, tables: Mapping[tuple[str, str], ColumnTypes], *, strict: bool = True) -> None:
        """`tables`: (dataset or "", table) -> its columns. The columns of any other table are not known.

        Without `strict` a name may stay unknown.
        """
        copy = query.copy()
        self._pairs = list(zip(query.walk(), copy.walk(), strict=True))  # a node that is freed would give its id away
        self._originals = {id(node): original for original, node in self._pairs}
        self._originals |= dict(_typed_parameters(copy, self._originals))
        self._schema = MappingSchema(dict(_flat_names(copy, tables)), dialect=DIALECT)
        qualified = _qualified(copy, self._schema)
        if strict and (problems := dict.fromkeys(self._unresolved(qualified, tables))):
            raise DataError(*problems)
        self.resolved = annotate_types(qualified, schema=self._schema, dialect=DIALECT)
        for node in self.resolved.walk():
            if (original := self._originals.get(id(node))) is not None:
                original.type = node.type

    def written(self, node: exp.Expr) -> exp.Expr:
        """The node as in the query, for a message; the node itself where the optimizer added it."""
        return self._originals.get(id(node), node)

    def original(self, node: exp.Expr) -> exp.Expr | None:
        """The same node in the query itself."""
        return self._originals.get(id(node))

    def columns_of_sources(self) -> dict[int, set[str]]:
        """id of each table and subquery of the query's FROMs -> the names of its columns, in lower case."""
        columns = {}
        for scope in traverse_scope(self.resolved):
            for source in sources(scope.expression) if isinstance(scope.expression, exp.Select) else ():
                original = self.original(source)
                if original is not None and source.alias_or_name in scope.sources:
                    names = Resolver(scope, self._schema).get_source_columns(source.alias_or_name)
                    columns[id(original)] = {name.casefold() for name in names}
        return columns

    def _unresolved(self, qualified: exp.Query, tables: Mapping[tuple[str, str], ColumnTypes]) -> Iterator[Problem]:
        known = sorted({column for columns in tables.values() for column in columns})
        for scope in traverse_scope(qualified):
            for column, problem in _unresolved(scope, self._schema, known):
                yield replace(problem, where=f"{location_of(self.written(column))}, {problem.where}")


def _typed_parameters(copy: exp.Query, originals: dict[int, exp.Expr]) -> Iterator[tuple[int, exp.Expr]]:
    """@start and @end are TIMESTAMPs."""
    for parameter in list(copy.find_all(exp.Parameter)):
        if parameter.name.lower() in WINDOW_PARAMETERS:
            moment = exp.cast(exp.null(), "TIMESTAMPTZ")
            parameter.replace(moment)
            yield id(moment), originals[id(parameter)]


def _flat_names(copy: exp.Query, tables: Mapping[tuple[str, str], ColumnTypes]) -> dict[str, ColumnTypes]:
    """Gives every table a name of one part, as the optimizer wants names of equal depth, and its columns."""
    columns: dict[str, ColumnTypes] = {}
    common = {cte.alias.casefold() for cte in copy.find_all(exp.CTE)}
    for table in list(copy.find_all(exp.Table)):
        known = tables.get((table.db, table.name))
        if known is None or (not table.db and table.name.casefold() in common):
            continue
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        name = f"{table.db}.{table.name}"
        table.set("this", exp.to_identifier(name, quoted=True))
        table.set("db", None)
        table.set("catalog", None)
        columns[name] = {column.lower(): kind for column, kind in known.items()}
    return columns


def _qualified(copy: exp.Query, schema: MappingSchema) -> exp.Query:
    try:
        return qualify(
            copy,
            schema=schema,
            dialect=DIALECT,
            expand_alias_refs=False,
            allow_partial_qualification=True,  # so that every unknown name is reported, not the first one
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
    except OptimizeError as error:
        summary = str(error).splitlines()[0].rstrip(".")
        hint = "Write the alias of its table before each column, and the name of a column of that table"
        raise DataError(
            Problem("SQL", f"has a name that cannot be resolved ({summary})", hint, "sql-name-unknown")
        ) from None


def _unresolved(scope: Scope, schema: MappingSchema, known: list[str]) -> Iterator[tuple[exp.Column, Problem]]:
    resolver = Resolver(scope, schema)
    for column in scope.columns:
        if not column.table:
            if not _is_output_name(column, scope.expression):
                yield column, _unknown_column(column, known)
        elif column.table in scope.sources:
            columns = resolver.get_source_columns(column.table)
            if columns and "*" not in columns and column.name not in columns:
                yield column, _unknown_column(column, list(columns))
        elif not scope.is_correlated_subquery:
            yield column, _unknown_alias(column, list(scope.sources))


def _is_output_name(column: exp.Column, query: exp.Expr) -> bool:
    """A key of the query's ORDER BY, which may be a name of its SELECT list."""
    order = column.find_ancestor(exp.Order, exp.Query)
    if not isinstance(order, exp.Order) or order.parent is not query or not isinstance(query, exp.Query):
        return False
    return column.name.casefold() in (name.casefold() for name in query.named_selects)


def _unknown_alias(column: exp.Column, sources: list[str]) -> Problem:
    hint = f"FROM has: {', '.join(sources) or 'no table'}"
    return Problem(f"alias {column.table}", "is not in the query's FROM", hint, "sql-name-unknown")


def _unknown_column(column: exp.Column, known: list[str]) -> Problem:
    where = f"column {column.name}"
    if column.name.casefold() in (name.casefold() for name in known):
        message = "is in more than one of its tables, or not in this one"
        return Problem(where, message, "Write its table's alias before it", "sql-name-ambiguous")
    near = difflib.get_close_matches(column.name, known, 1)
    hint = f"Did you mean {near[0]}?" if near else f"The columns are: {', '.join(known[:30])}"
    return Problem(where, "is in none of its tables", hint, "sql-name-unknown")
