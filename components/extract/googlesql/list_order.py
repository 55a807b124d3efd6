"""ARRAY_AGG and STRING_AGG: their elements in an order that decides, and no more of them than their LIMIT."""

from sqlglot import exp

from components.extract.googlesql.function_calls import call

Aggregate = exp.ArrayAgg | exp.GroupConcat


def order_of(aggregate: Aggregate) -> exp.Order | None:
    inner = aggregate.this
    inner = inner.this if isinstance(inner, exp.Limit) else inner
    return inner if isinstance(inner, exp.Order) else None


def is_determined(value: exp.Expr, keys: list[exp.Expr]) -> bool:
    """Rows of equal keys have one value."""
    columns = list(value.find_all(exp.Column))
    return value in keys or (all(column in keys for column in columns) and not value.find(exp.Query))


def check_list(aggregate: Aggregate) -> None:
    """Replaces it, in place, where tied rows or a LIMIT decide: the list fails on ties and is cut."""
    order = order_of(aggregate)
    if order is None:
        return
    limit = aggregate.this.expression if isinstance(aggregate.this, exp.Limit) else None
    value = order.this.this if isinstance(order.this, exp.IgnoreNulls | exp.RespectNulls) else order.this
    keys = [key.this for key in order.expressions]
    single = value.expressions[0] if isinstance(value, exp.Distinct) else value
    determined = is_determined(single, keys)
    if determined and limit is None:
        return
    element = value if determined else call("bq_pair", call("row", *keys), value)
    ordered = exp.Order(this=element.copy(), expressions=[key.copy() for key in order.expressions])
    elements: exp.Expr = exp.ArrayAgg(this=ordered)
    if isinstance(aggregate, exp.GroupConcat) or _ignores_nulls(aggregate, order):
        present = exp.Not(this=exp.Is(this=exp.paren(single.copy()), expression=exp.null()))
        elements = exp.Filter(this=elements, expression=exp.Where(this=present))
    count = limit.copy() if limit is not None else exp.null()
    if determined:
        result = call("list_slice", elements, exp.Literal.number(1), count)
    else:
        result = call("bq_untied_list", elements, count)
    if isinstance(aggregate, exp.GroupConcat):
        result = call("array_to_string", result, aggregate.args.get("separator") or exp.Literal.string(","))
    whole = aggregate.parent if isinstance(aggregate.parent, exp.IgnoreNulls | exp.RespectNulls) else aggregate
    whole.replace(result)


def _ignores_nulls(aggregate: Aggregate, order: exp.Order) -> bool:
    return isinstance(aggregate.parent, exp.IgnoreNulls) or isinstance(order.this, exp.IgnoreNulls)
