"""Conversions that give NULL where they fail: the values that they lose are counted."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from components.extract.googlesql.annotation import AnnotatedQuery
from components.extract.googlesql.rewrite import rewrite


@dataclass(frozen=True)
class SafeCast:
    """`count` is DuckDB's SQL for the values that it reads, those that it turns to NULL, and one of them as text."""

    expression: str
    table: str
    count: str


@dataclass(frozen=True)
class Loss:
    """How many of a table's `values` that are not NULL a conversion turned to NULL; `example` is one of them."""

    expression: str
    table: str
    values: int
    nulls: int
    example: str | None


def safe_casts(annotated: AnnotatedQuery) -> Iterator[SafeCast]:
    """The safe conversions whose value comes from the columns of one table."""
    for scope in traverse_scope(annotated.resolved):
        for node in scope.find_all(exp.TryCast, exp.SafeFunc):
            origin = _trace(_input(node), scope)
            if origin is None:
                continue
            value, table = origin
            written = " ".join(annotated.written(node).sql(dialect="bigquery").split())
            yield SafeCast(written, table.name.removeprefix("."), _count(node, value, table))


def _input(node: exp.Expr) -> exp.Expr:
    """What is converted: the last argument of a PARSE_ function is the text."""
    inner: exp.Expr = node.this
    return inner.this if isinstance(node, exp.SafeFunc) else inner


def _trace(value: exp.Expr, scope: Scope) -> tuple[exp.Expr, exp.Table] | None:
    """The value in terms of a table's own columns, through subqueries and WITH; None where it is more than that."""
    copy = value.copy()
    tables = set()
    for column in list(copy.find_all(exp.Column)):
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table):
            tables.add(source)
            continue
        inner = _selected(source, column.name)
        origin = _trace(inner, source) if inner is not None and isinstance(source, Scope) else None
        if origin is None:
            return None
        tables.add(origin[1])
        copy = origin[0] if column is copy else copy
        column.replace(origin[0])
    if len(tables) != 1 or copy.find(exp.AggFunc, exp.Window, exp.Query):
        return None
    return copy, tables.pop()


def _selected(source: Scope | exp.Expr | None, name: str) -> exp.Expr | None:
    if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
        return None
    matches = (item.unalias() for item in source.expression.selects if item.alias_or_name == name)
    return next(matches, None)


def _count(node: exp.Expr, value: exp.Expr, table: exp.Table) -> str:
    converted = node.copy()
    (converted.this if isinstance(node, exp.SafeFunc) else converted).set("this", value.copy())
    lost = exp.and_(_is_null(value).not_(), _is_null(converted))
    dataset, _, name = table.name.partition(".")
    counts = [
        exp.Count(this=value.copy()),
        exp.Count(this=exp.Case(ifs=[exp.If(this=lost, true=exp.Literal.number(1))])),
        exp.Min(this=exp.Case(ifs=[exp.If(this=lost.copy(), true=value.copy())])),
    ]
    source = exp.Table(this=exp.to_identifier(name, quoted=True), db=exp.to_identifier(dataset or None, quoted=True))
    source.set("alias", table.args["alias"].copy())
    return rewrite(exp.select(*counts, copy=False).from_(source)).sql(dialect="duckdb")


def _is_null(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=exp.paren(value.copy()), expression=exp.null())
