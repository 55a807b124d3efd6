"""How a query reads its tables: which columns, and which of them it bounds by constants.

Only what can be seen in the SELECT that names the table is found. A bound that is further out is not: the bytes of a
dry run tell what BigQuery makes of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
# Functions of a column by which BigQuery still leaves partitions out.
PLAIN = (exp.Date, exp.Cast, exp.Timestamp, exp.DateTrunc, exp.TimestampTrunc, exp.DatetimeTrunc)


@dataclass(frozen=True)
class TableScan:
    """A table where the query names it. Names of columns are in lower case."""

    project: str
    dataset: str
    table: str
    columns: frozenset[str] | None
    """Those that may be its own; None where a * selects all."""
    bounded: frozenset[str]
    """Those that a condition compares with constants."""

    @property
    def label(self) -> str:
        return f"table {self.dataset}.{self.table}"


def table_scans(sql: str, *, project: str, dataset: str | None) -> list[TableScan]:
    """Every place where a query that can be parsed reads a table. `project` and `dataset` are those of names without
    one."""
    tree = sqlglot.parse_one(sql, read="bigquery")
    return [
        TableScan(
            table.catalog or project,
            table.db or dataset or "",
            table.name,
            _columns(scope, alias),
            frozenset(_bounded(scope, alias)),
        )
        for scope in traverse_scope(tree)
        for alias, (node, table) in scope.selected_sources.items()
        if isinstance(table, exp.Table) and isinstance(node, exp.Table)
        if "INFORMATION_SCHEMA" not in table.sql("bigquery").upper()
    ]


def _columns(scope: Scope, alias: str) -> frozenset[str] | None:
    if any(not isinstance(star.parent, exp.Count) for star in scope.expression.find_all(exp.Star)):
        return None
    return frozenset(column.name.lower() for column in scope.columns if column.table in ("", alias))


def _bounded(scope: Scope, alias: str) -> Iterator[str]:
    for condition in _conditions(scope.expression):
        for side, others in _sides(condition):
            column = _plain_column(side)
            if column is not None and column.table in ("", alias) and all(map(_is_constant, others)):
                yield column.name.lower()


def _conditions(select: exp.Expr) -> Iterator[exp.Expr]:
    """What every row of the SELECT fulfils."""
    where = select.args.get("where")
    joins = [join for join in select.args.get("joins") or () if not join.side]  # an outer join keeps other rows
    for condition in [where.this if where else None, *(join.args.get("on") for join in joins)]:
        if condition is not None:
            yield from _conjuncts(condition)


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _sides(condition: exp.Expr) -> Iterator[tuple[exp.Expr, list[exp.Expr]]]:
    """What is compared, and with what."""
    if isinstance(condition, COMPARISONS):
        yield condition.left, [condition.right]
        yield condition.right, [condition.left]
    elif isinstance(condition, exp.Between):
        yield condition.this, [condition.args["low"], condition.args["high"]]
    elif isinstance(condition, exp.In) and condition.expressions:
        yield condition.this, list(condition.expressions)


def _plain_column(side: exp.Expr) -> exp.Column | None:
    columns = list(side.find_all(exp.Column))
    if len(columns) != 1:
        return None
    node: exp.Expr = columns[0]
    while node is not side and node.parent is not None:
        node = node.parent
        if not isinstance(node, (*PLAIN, exp.Paren, exp.TsOrDsToDate, exp.TsOrDsToTimestamp)):
            return None
        if node.args.get("zone"):
            return None
    return columns[0]


def _is_constant(node: exp.Expr) -> bool:
    return node.find(exp.Column, exp.Select) is None
