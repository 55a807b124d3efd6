"""Answers that depend on the order of rows, which a table does not have.

What the query alone shows is refused by name. Whether two rows are tied in an order shows when it runs: the query then
fails with a hint, because each engine, and each run of one, would take another row first.
"""

from collections.abc import Iterator

from sqlglot import exp

from components.extract.googlesql.array_sources import offset_of, sources
from components.extract.googlesql.list_order import check_list, is_determined, order_of
from components.extract.googlesql.messages import outside_subset
from components.extract.googlesql.window_functions import count_peers, counts_rows, function_of, keys_of, over_same_rows
from model.errors import Problem

NEEDS_ORDER = (
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue,
    exp.LastValue, exp.NthValue,
)  # fmt: skip
NUMBERS_ROWS = (exp.RowNumber, exp.Ntile)
TAKES_A_ROW = (exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
ADD_ORDER = "Without ORDER BY it takes other rows every time. Add ORDER BY with a unique key"
ORDER_BY_ALL = "Rows that are tied in its ORDER BY come in any order. Order by every column that is selected"


def refused_orders(query: exp.Query) -> Iterator[Problem]:
    """Every expression that depends on an order of rows that the query does not define."""
    for node in query.walk():
        if why := _why(node):
            yield outside_subset(node, why)


def _why(node: exp.Expr) -> str:
    match node:
        case exp.Window() if not keys_of(node) and (isinstance(function_of(node), NEEDS_ORDER) or counts_rows(node)):
            return ADD_ORDER
        case exp.ArrayAgg() if order_of(node) is None:
            return ADD_ORDER
        case exp.Array() if len(node.expressions) == 1 and isinstance(query := node.expressions[0], exp.Query):
            return "" if _selects_its_keys(query) or _is_any_order(node) else ORDER_BY_ALL
        case exp.Query() if node.args.get("limit") and node.args.get("order") and not _can_be_checked(node):
            return "" if _selects_its_keys(node) else ORDER_BY_ALL
        case _:
            return ""


def check_ties(query: exp.Query) -> None:
    """Makes, in place, windows, lists and limits fail where tied rows would decide the answer."""
    for node in reversed(list(query.walk(bfs=False))):
        if isinstance(node, exp.Window) and _sees_ties(node):
            node.replace(_checked_window(node))
        elif isinstance(node, exp.ArrayAgg | exp.GroupConcat):
            check_list(node)
        elif isinstance(node, exp.Select) and node.args.get("limit") and not _selects_its_keys(node):
            _check_limit(node)


def _sees_ties(window: exp.Window) -> bool:
    function = function_of(window)
    if isinstance(function, NUMBERS_ROWS):
        return True
    if isinstance(function, TAKES_A_ROW) or counts_rows(window):
        keys = keys_of(window) + (window.args.get("partition_by") or [])
        return not all(is_determined(value, keys) for value in function.iter_expressions())
    return False


def _checked_window(window: exp.Window) -> exp.Expr:
    last = _last_number(window)
    if last is None:
        return exp.Anonymous(this="bq_untied", expressions=[window.copy(), count_peers(window)])
    bounds = [over_same_rows(window, exp.Rank()), count_peers(window), exp.Literal.number(last)]
    return exp.Anonymous(this="bq_untied_until", expressions=[window.copy(), *bounds])


def _last_number(window: exp.Window) -> int | None:
    """N where ties among the first N rows, or after them, do not matter: FIRST_VALUE, ROW_NUMBER() OVER (…) <= N."""
    if isinstance(window.this, exp.FirstValue) and not window.args.get("spec"):
        return 1
    if not isinstance(window.this, exp.RowNumber):
        return None
    if isinstance(window.parent, exp.Alias):
        return 1 if _only_the_first_is_read(window.parent) else None
    comparison = window.find_ancestor(exp.EQ, exp.LTE, exp.Func)
    if not isinstance(comparison, exp.EQ | exp.LTE) or comparison.this.unnest() is not window:
        return None
    bound = comparison.expression
    if not isinstance(bound, exp.Literal) or not bound.is_int:
        return None
    return int(bound.name) if isinstance(comparison, exp.LTE) or bound.name == "1" else None


def _only_the_first_is_read(number: exp.Alias) -> bool:
    """(SELECT …, ROW_NUMBER() OVER (…) AS n …) is read once, by a SELECT … WHERE n = 1."""
    select = number.parent
    reader = _only_reader(select.parent) if isinstance(select, exp.Select) else None
    where = reader.args.get("where") if reader else None
    conditions = where.this.flatten() if where and isinstance(where.this, exp.And) else [where.this] if where else []
    return any(
        isinstance(condition, exp.EQ)
        and isinstance(condition.this, exp.Column)
        and condition.this.name.casefold() == number.alias.casefold()
        and condition.expression == exp.Literal.number(1)
        for condition in conditions
    )


def _only_reader(holder: exp.Expr | None) -> exp.Select | None:
    """The SELECT that reads a subquery of FROM, or a query of WITH that nothing else reads."""
    if isinstance(holder, exp.Subquery) and isinstance(holder.parent, exp.From | exp.Join):
        return holder.find_ancestor(exp.Select)
    if isinstance(holder, exp.CTE):
        name = holder.alias.casefold()
        tables = [table for table in holder.root().find_all(exp.Table) if table.name.casefold() == name]
        return tables[0].find_ancestor(exp.Select) if len(tables) == 1 else None
    return None


def _can_be_checked(query: exp.Query) -> bool:
    """A filter on row numbers can stand for its LIMIT."""
    if not isinstance(query, exp.Select) or query.args.get("distinct") or query.args.get("qualify"):
        return False
    return not any(key.find(exp.Window) for key in _resolved_keys(query))  # windows do not stand inside of windows


def _check_limit(select: exp.Select) -> None:
    """LIMIT n becomes a filter on row numbers that fails when the last row is tied with the one after it."""
    if not _can_be_checked(select):
        return
    offset = select.args.get("offset")
    window = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=_resolved_keys(select)), over="OVER")
    bounds = [offset.expression if offset else exp.Literal.number(0), select.args["limit"].expression]
    numbers = [window, over_same_rows(window, exp.Rank()), count_peers(window)]
    within = exp.Anonymous(this="bq_limit", expressions=[*numbers, *(bound.copy() for bound in bounds)])
    select.set("qualify", exp.Qualify(this=within))
    select.set("limit", None)
    select.set("offset", None)


def _resolved_keys(select: exp.Select) -> list[exp.Expr]:
    """Keys of ORDER BY; a name or position of the SELECT list is replaced by its expression."""
    items = {item.alias_or_name.casefold(): item.unalias() for item in select.selects}
    keys = []
    for ordered in select.args["order"].expressions:
        key = ordered.copy()
        if isinstance(key.this, exp.Literal) and key.this.is_int:
            key.set("this", select.selects[int(key.this.name) - 1].unalias().copy())
        elif isinstance(key.this, exp.Column) and not key.this.table and key.this.name.casefold() in items:
            key.set("this", items[key.this.name.casefold()].copy())
        keys.append(key)
    return keys


def _selects_its_keys(query: exp.Query) -> bool:
    """Tied rows are equal in all that is selected: it does not matter which of them is taken."""
    order = query.args.get("order")
    keys = [key.this for key in order.expressions] if order else []
    names = {key.name.casefold() for key in keys if isinstance(key, exp.Column) and not key.table}
    if _is_offset_alone(query, names):
        return True
    return bool(keys) and all(
        item.unalias() in keys or item.alias_or_name.casefold() in names for item in query.selects
    )


def _is_offset_alone(query: exp.Query, keys: set[str]) -> bool:
    """The rows are the elements of one array, and the offset is a key: no two rows are tied."""
    source = list(sources(query)) if isinstance(query, exp.Select) and not query.args.get("group") else []
    return len(source) == 1 and isinstance(source[0], exp.Unnest) and offset_of(source[0]).casefold() in keys - {""}


def _is_any_order(array: exp.Array) -> bool:
    """Only the length of the array, or which elements it has, is asked for."""
    unnest = array.parent
    return isinstance(unnest, exp.ArraySize) or (isinstance(unnest, exp.Unnest) and not unnest.args.get("offset"))
