"""Windows of window functions: WINDOW w AS (…) inlined, and the parts of a window."""

from sqlglot import exp


def inline_windows(query: exp.Query) -> None:
    """Gives, in place, every OVER its own partition, order and frame."""
    for select in query.find_all(exp.Select):
        named = {window.name.casefold(): window for window in select.args.get("windows") or []}
        if named:
            for window in select.find_all(exp.Window):
                if window.args.get("over"):
                    _inline(window, named)
            select.set("windows", None)


def _inline(window: exp.Window, named: dict[str, exp.Window]) -> None:
    while (name := window.args.get("alias")) and (definition := named.get(name.name.casefold())) is not None:
        for part in ("partition_by", "order", "spec"):
            if not window.args.get(part) and definition.args.get(part):
                window.set(part, _copied(definition.args[part]))
        window.set("alias", _copied(definition.args.get("alias")))


def _copied(part: object) -> object:
    if isinstance(part, list):
        return [expression.copy() for expression in part]
    return part.copy() if isinstance(part, exp.Expr) else part


def function_of(window: exp.Window) -> exp.Expr:
    """The function without IGNORE NULLS or RESPECT NULLS around it."""
    inner: exp.Expr = window.this
    return inner.this if isinstance(inner, exp.IgnoreNulls | exp.RespectNulls) else inner


def keys_of(window: exp.Window) -> list[exp.Expr]:
    """The keys of its ORDER BY."""
    order = window.args.get("order")
    return [key.this for key in order.expressions] if order else []


def counts_rows(window: exp.Window) -> bool:
    """Its frame is bounded by ROWS, so it takes one of tied rows and not the other; a RANGE takes all or none."""
    spec = window.args.get("spec")
    if spec is None or spec.args.get("kind") != "ROWS":
        return False
    return not (spec.args.get("start") == "UNBOUNDED" and spec.args.get("end") == "UNBOUNDED")


def over_same_rows(window: exp.Window, function: exp.Expr) -> exp.Window:
    """Another function over the same partition and order."""
    copy = window.copy()
    copy.set("this", function)
    copy.set("spec", None)
    return copy


def count_peers(window: exp.Window) -> exp.Window:
    """How many rows have the same rank as the row, itself included."""
    count = over_same_rows(window, exp.Count(this=exp.Star()))
    count.set(
        "spec", exp.WindowSpec(kind="RANGE", start="CURRENT ROW", start_side=None, end="CURRENT ROW", end_side=None)
    )
    return count
