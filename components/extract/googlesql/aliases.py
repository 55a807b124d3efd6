"""Names of the SELECT list in GROUP BY, HAVING, QUALIFY and ORDER BY.

GoogleSQL takes them before the columns of FROM (query-syntax reference, "aliases in the SELECT clause override names in
the corresponding FROM clause"), DuckDB after them. Each is replaced by the expression that it stands for.
"""

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import walk_in_scope

CONTAINERS = (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple, exp.Paren)


def expand_aliases(query: exp.Query) -> None:
    """Changes the query so that no clause needs the SELECT list to be understood, but for whole keys of ORDER BY."""
    for select in reversed(list(query.find_all(exp.Select))):  # inner ones first: what is copied is expanded
        if aliases := _aliases(select):
            _expand(select, aliases)


def _aliases(select: exp.Select) -> dict[str, exp.Expr]:
    """Name, without case -> expression. A column that is selected as it stands has its own name."""
    return {item.alias_or_name.casefold(): item.unalias() for item in select.selects if item.alias_or_name != "*"}


def _expand(select: exp.Select, aliases: dict[str, exp.Expr]) -> None:
    columns = [
        *_grouping_keys(select.args.get("group")),
        *_outside_aggregates(select.args.get("having")),
        *_outside_aggregates(select.args.get("qualify")),
        *_inside_order_keys(select),
    ]
    for column in columns:
        if not column.table and (expression := aliases.get(column.name.casefold())) not in (None, column):
            column.replace(_position(column, select) or _substitute(expression.copy(), column))


def _position(column: exp.Column, select: exp.Select) -> exp.Expr | None:
    """The number of the item that a whole key of GROUP BY names, where the item has a query: DuckDB compares none."""
    group = select.args.get("group")
    items = select.selects
    if group is None or column.parent is not group or any(item.is_star for item in items):
        return None
    for number, item in enumerate(items, 1):
        if item.alias_or_name.casefold() == column.name.casefold() and item.find(exp.Query):
            return exp.Literal.number(number)
    return None


def _grouping_keys(clause: exp.Expr | None) -> Iterator[exp.Column]:
    """A name alone is looked up in the SELECT list, a name inside an expression is not."""
    if clause is None:
        return
    for node in clause.walk(prune=lambda node: node is not clause and not isinstance(node, CONTAINERS)):
        if isinstance(node, exp.Column):
            yield node


def _outside_aggregates(clause: exp.Expr | None) -> Iterator[exp.Column]:
    """Inside an aggregate a name is a column of FROM."""
    if clause is None:
        return
    for node in list(walk_in_scope(clause, prune=_is_aggregate)):
        if isinstance(node, exp.Column):
            yield node


def _inside_order_keys(select: exp.Select) -> Iterator[exp.Column]:
    """A whole key is looked up in the SELECT list by both engines, but for a SELECT AS STRUCT, which DuckDB has not."""
    order = select.args.get("order")
    for key in order.expressions if order else []:
        if not isinstance(key.this, exp.Column) or select.args.get("kind") == "STRUCT":
            yield from _outside_aggregates(key)


def _is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, exp.AggFunc) and not isinstance(node.parent, exp.Window)


def _substitute(expression: exp.Expr, column: exp.Column) -> exp.Expr:
    if isinstance(expression, exp.Literal) and not expression.is_string:  # a bare number would be a position
        return exp.cast(expression, "BIGINT" if expression.is_int else "DOUBLE")
    return exp.paren(expression, copy=False) if isinstance(column.parent, exp.Binary | exp.Unary) else expression
