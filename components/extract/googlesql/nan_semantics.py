"""NaN: in GoogleSQL it is unequal to itself and sorts before all numbers, in DuckDB it is equal and sorts after them.

The query does not say which columns are floats, so the check is in the SQL: a comparison of a NaN fails with a hint, an
order sorts it as GoogleSQL does. For other types DuckDB's optimizer removes both.
"""

from sqlglot import exp


def guard_nan(node: exp.Expr) -> None:
    """Wraps, in place, the operands for which a NaN would change the answer."""
    for operand in _operands(node):
        if not _never_nan(operand):
            operand.replace(_call("bq_comparable", operand))
    for key in _keys(node):
        if not _never_nan(key.this):
            key.set("this", _call("bq_order", _resolved_key(key.this, node)))


def _operands(node: exp.Expr) -> list[exp.Expr]:
    match node:
        case exp.EQ() | exp.NEQ() | exp.Nullif():  # only two NaN differ: to check one is enough
            return [] if _never_nan(node.expression) else [node.this]
        case exp.GT() | exp.GTE():  # NaN is above all numbers on DuckDB, so it can only win on the greater side
            return [node.this]
        case exp.LT() | exp.LTE():
            return [node.expression]
        case exp.Between():
            return [node.this, node.args["high"]]
        case exp.In():
            return [] if node.expressions and _never_nan(*node.expressions) else [node.this]
        case exp.Case() if node.this:
            return [] if _never_nan(*(branch.this for branch in node.args["ifs"])) else [node.this]
        case exp.Min() | exp.PercentileCont() | exp.PercentileDisc() | exp.Sign() | exp.RangeBucket():
            return node.this.expressions if isinstance(node.this, exp.Distinct) else [node.this]
        case exp.ArgMax() | exp.ArgMin():
            return [node.expression]
        case exp.Least():
            return [node.this, *node.expressions]
        case _:
            return []


def _keys(node: exp.Expr) -> list[exp.Expr]:
    """Keys of an order that decides on values: of a window, of an aggregate, of a query with a LIMIT."""
    match node:
        case exp.Order() if not isinstance(node.parent, exp.Query):
            return node.expressions
        case exp.Query() if node.args.get("limit") and node.args.get("order"):
            keys: list[exp.Expr] = node.args["order"].expressions
            return keys
        case _:
            return []


def _resolved_key(key: exp.Expr, owner: exp.Expr) -> exp.Expr:
    """The expression of a key: names of the SELECT list first; inside an expression DuckDB takes the tables' first."""
    columns = owner.selects if isinstance(owner, exp.Select) and isinstance(key, exp.Column) and not key.table else []
    named = (
        column.this
        for column in columns
        if isinstance(column, exp.Alias) and column.alias.casefold() == key.name.casefold()
    )
    return next(named, key)


def _never_nan(*nodes: exp.Expr) -> bool:
    return all(isinstance(node, exp.Literal | exp.Null | exp.Boolean | exp.Parameter | exp.Interval) for node in nodes)


def _call(name: str, argument: exp.Expr) -> exp.Expr:
    guarded = exp.Anonymous(this=name, expressions=[argument.copy()])
    guarded.type = argument.type
    return guarded
