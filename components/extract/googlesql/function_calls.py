"""Functions that DuckDB has under another name, or with other limits: GoogleSQL's as calls of macros."""

from sqlglot import exp

from components.extract.googlesql.text_formats import printf
from components.extract.googlesql.type_families import NUMBER, family, is_float

# Class -> macro, which has a twin under bq_safe_, and its arguments.
_GUARDED: dict[type[exp.Expr], tuple[str, tuple[str, ...]]] = {
    exp.Left: ("left", ("this", "expression")),
    exp.Right: ("right", ("this", "expression")),
    exp.Repeat: ("repeat", ("this", "times")),
}
GUARDED = (*_GUARDED, exp.Pad, exp.Substring)
_FINITE = (exp.Log, exp.Ln, exp.Pow, exp.Exp, exp.Sqrt, exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos)
_AS_FLOATS = (exp.Round, exp.Trunc)  # GoogleSQL's give a FLOAT64 for an INT64 too


def called(node: exp.Expr) -> exp.Expr | None:
    """The call that stands for this function; None where DuckDB's own has the same answers."""
    match node:
        case exp.SafeFunc():
            inner: exp.Expr = node.this
            return _guarded(inner, "bq_safe_") if isinstance(inner, GUARDED) else None
        case exp.Substring() | exp.Left() | exp.Right() | exp.Repeat() | exp.Pad() if not isinstance(
            node.parent, exp.SafeFunc
        ):
            return _guarded(node, "bq_")
        case exp.RangeBucket():
            return call("bq_range_bucket", node.this, node.expression)
        case exp.ArrayConcat():
            whole: exp.Expr = node.this.copy()
            for part in node.expressions:
                whole = call("bq_concat", whole, part)
            return whole
        case exp.ArrayReverse():
            return call("list_reverse", node.this)
        case exp.ByteLength():
            return call("octet_length", call("encode", node.this))
        case exp.JSONValueArray():
            path = node.args.get("expression") or exp.Literal.string("$")
            return call("bq_json_texts", node.this, exp.Literal.string(path.sql(dialect="duckdb").strip("'")))
        case exp.Format():
            return printf(node)
        case exp.Grouping():
            return exp.cast(call("grouping", *node.expressions), "BIGINT")
        case exp.AnyValue() if isinstance(node.this, exp.HavingMax):
            best = "max" if node.this.args.get("max") else "min"
            return call(f"bq_{best}_by", node.this.this, node.this.expression)
        case exp.AnyValue():
            return call("bq_any", node.this)
        case exp.ArgMax() | exp.ArgMin():
            return call(f"bq_{'max' if isinstance(node, exp.ArgMax) else 'min'}_by", node.this, node.expression)
        case exp.Sign() if is_float(node.this):
            return exp.cast(node.copy(), "DOUBLE")
        case exp.Sign():
            return exp.cast(node.copy(), "BIGINT")
        case _ if isinstance(node, _FINITE):  # fails out of range; DuckDB gives infinity or NaN
            return call("bq_finite", node)
        case _ if isinstance(node, _AS_FLOATS) and family(node.this) == NUMBER and not is_float(node.this):
            node.set("this", exp.cast(node.this.copy(), "DOUBLE"))
    return None


def _guarded(node: exp.Expr, prefix: str) -> exp.Expr:
    match node:
        case exp.Substring():
            start, length = node.args.get("start"), node.args.get("length")
            parts = [part for part in (node.this, start, length) if part is not None]
            return call(f"{prefix}substr{'_of' if length else ''}", *parts)
        case exp.Pad():
            fill = node.args.get("fill_pattern") or exp.Literal.string(" ")
            return call(f"{prefix}{'l' if node.args.get('is_left') else 'r'}pad", node.this, node.expression, fill)
    name, arguments = _GUARDED[type(node)]
    return call(prefix + name, *(node.args[argument] for argument in arguments))


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
