"""Functions of one name and two meanings, rewritten so that DuckDB gives BigQuery's documented answer."""

from sqlglot import exp

from components.extract.googlesql import date_formats
from components.extract.googlesql.array_sources import element_of, offset_of
from components.extract.googlesql.function_calls import GUARDED, call, called
from components.extract.googlesql.nan_semantics import guard_nan
from components.extract.googlesql.text_casts import integers_in_json
from components.extract.googlesql.type_families import DATE as DAY
from components.extract.googlesql.type_families import NUMBER, family
from components.extract.googlesql.type_families import TIMESTAMP as MOMENT
from components.extract.googlesql.unsupported import groups_of, is_week_from_monday

FLOAT64, BOOL, DATE, TIME, DATETIME, TIMESTAMP = (
    getattr(exp.DataType.Type, name) for name in ("DOUBLE", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ")
)
INT64 = [getattr(exp.DataType.Type, name) for name in ("BIGINT", "INT", "SMALLINT", "TINYINT")]  # INTEGER is INT64 too
STRING = (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR)
CASTS = {
    **dict.fromkeys(INT64, "int64"), FLOAT64: "float64", BOOL: "bool", DATE: "date", TIME: "time",
    DATETIME: "datetime", TIMESTAMP: "timestamp", **dict.fromkeys(STRING, "string"),
}  # fmt: skip
WEEKS = {"WEEK": "%U", "ISOWEEK": "%V"}  # from Sunday, with a week 0; and as ISO 8601 has them
FRACTIONS = {"MILLISECOND": 1_000, "MICROSECOND": 1_000_000}
BLANKS = "\t\n\v\f\r \u0085\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"


def rewrite(query: exp.Query) -> exp.Query:
    """The query itself, every node rewritten, inner ones first: one that is replaced keeps its rewritten children."""
    for node in reversed(list(query.walk(bfs=False))):
        guard_nan(node)
        if (new := _rewrite_node(node)) is not node:
            node.replace(new)
    for node in query.walk():  # sqlglot writes other SQL where it knows a type
        if not isinstance(node, exp.Cast | exp.Literal):
            node.type = None
    return query


def _rewrite_node(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.TimestampDiff():  # whole elapsed units; DuckDB's date_diff counts boundaries
            unit = exp.Literal.string((node.text("unit") or "second").lower())
            return call("date_sub", unit, node.expression, node.this)
        case exp.Extract() if node.name.upper() == "DAYOFWEEK":  # Sunday is 1; DuckDB's dow has Sunday 0
            dow = exp.Extract(this=exp.var("DOW"), expression=node.expression.copy())
            return exp.Paren(this=exp.Add(this=dow, expression=exp.Literal.number(1)))
        case exp.Extract() if (week := WEEKS.get(node.name.upper())) or is_week_from_monday(node):
            number = call("strftime", exp.cast(node.expression.copy(), "TIMESTAMP"), exp.Literal.string(week or "%W"))
            return exp.cast(number, "BIGINT")
        case exp.Extract() if node.name.upper() in FRACTIONS:  # DuckDB's have the seconds in them
            return exp.Paren(
                this=exp.Mod(this=node.copy(), expression=exp.Literal.number(FRACTIONS[node.name.upper()]))
            )
        case exp.TsOrDsToTime() if not isinstance(node.parent, exp.TimeToStr):
            return exp.cast(exp.cast(node.this.copy(), "TIMESTAMP"), "TIME")
        case exp.Cast() if node.to.this == TIME and family(node.this) == MOMENT:
            return exp.cast(exp.cast(node.this.copy(), "TIMESTAMP"), "TIME")
        case exp.Extract() if node.name.upper() == "DATE":
            return call("bq_day", node.expression)
        case exp.UnixSeconds():  # rounded down; DuckDB rounds to the nearest
            return call("bq_unix", node.this, exp.Literal.number(1_000_000))
        case exp.UnixMillis():
            return call("bq_unix", node.this, exp.Literal.number(1_000))
        case exp.Div():
            return _divide(node)
        case exp.Literal() if _is_decimal(node):  # GoogleSQL's is a FLOAT64; with an exponent it is one on DuckDB too
            return exp.Literal.number(f"{node.this}e0")
        case exp.Mul():  # whole numbers are INT64; a small one is narrower on DuckDB, and overflows earlier
            for side in ("this", "expression"):
                if node.args[side].is_int:
                    node.set(side, exp.cast(node.args[side].copy(), "BIGINT"))
        case exp.CountIf():  # 0 for no rows; DuckDB's gives NULL
            return exp.Count(this=exp.Case(ifs=[exp.If(this=node.this.copy(), true=exp.Literal.number(1))]))
        case exp.Bracket() if node.args.get("safe"):
            return _element(node)
        case exp.Bracket():
            return call("bq_index", node.this, node.expressions[0], exp.Literal.number(node.args.get("offset") or 0))
        case exp.BitwiseNot():  # DuckDB would read ~(a + b) for ~a + b
            return exp.paren(node.copy(), copy=False)
        case exp.IntDiv():  # sqlglot writes it without parentheses
            parts = [exp.paren(part.copy(), copy=False) for part in (node.this, node.expression)]
            return exp.paren(exp.IntDiv(this=parts[0], expression=parts[1]), copy=False)
        case exp.Like() if not _is_text_without_backslash(node.expression):  # it escapes; DuckDB takes it as it is
            return exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))
        case exp.Cast() if node.to.this in CASTS:
            return call(f"bq_{'safe_' if isinstance(node, exp.TryCast) else ''}{CASTS[node.to.this]}", node.this)
        case exp.TimestampAdd() | exp.TimestampSub() if _is_whole_days(node):
            # 24 hours in both engines; for a day DuckDB uses its calendar, which is three times as slow
            node.set("expression", exp.Literal.string(str(24 * int(node.expression.name))))
            node.set("unit", exp.var("HOUR"))
        case exp.Date() if not node.args.get("zone") and not node.expressions:
            return call("bq_day", node.this)
        case exp.DateAdd() | exp.DateSub():  # a DATE stays one; DuckDB makes a TIMESTAMP of it
            return exp.cast(node.copy(), "DATE")
        case exp.DateTrunc() | exp.LastDay() if family(node.this) == DAY or _is_date(node.this):
            return exp.cast(node.copy(), "DATE")
        case exp.TimestampTrunc() if node.args.get("zone") and node.text("unit").upper() in ("HOUR", "MINUTE"):
            return _clock_trunc(node)  # DuckDB ignores the zone below a day; some zones differ by half an hour
        case exp.RegexpExtract():  # of RE2; sqlglot uses Python's `re`, which reads other patterns
            node.set("group", exp.Literal.number(1) if groups_of(node.expression.name) else None)
        case exp.RegexpExtractAll():
            group = exp.Literal.number(1 if groups_of(node.expression.name) else 0)
            return call("regexp_extract_all", node.this, exp.Literal.string(node.expression.name), group)
        case exp.UnixToTime():
            return exp.cast(node.copy(), "TIMESTAMPTZ")
        case exp.Upper() | exp.Lower():
            return call(f"bq_{node.key}", node.this)
        case exp.Corr():  # NULL for fewer than two pairs; DuckDB gives NaN
            few = exp.LT(this=call("regr_count", node.this, node.expression), expression=exp.Literal.number(2))
            return exp.Paren(this=exp.Case(ifs=[exp.If(this=few, true=exp.null())], default=node.copy()))
        case exp.JSONExtractScalar() if not (isinstance(node.parent, exp.Cast) and family(node.parent) == NUMBER):
            return call("bq_json_text", node, call("json_type", node.this, node.expression))
        case exp.JSONFormat():  # "null" for NULL; DuckDB gives NULL
            for value in integers_in_json(node):
                value.replace(call("bq_whole_in_json", value))
            return call("coalesce", node, exp.Literal.string("null"))
        case exp.Trim() if node.expression is None:  # every blank of Unicode, not spaces alone
            node.set("expression", exp.Literal.string(BLANKS))
        case exp.TimeToStr():
            return date_formats.format_function(node)
        case exp.SafeFunc() if not isinstance(node.this, GUARDED):
            return date_formats.parse_function(node.this, safe=True)
        case _ if type(node) in date_formats.PARSERS and not isinstance(node.parent, exp.SafeFunc):
            return date_formats.parse_function(node, safe=False)
        case exp.Timestamp() if node.args.get("zone"):
            return call("bq_moment", node.args["zone"], call("bq_datetime", node.this))
        case exp.Timestamp():
            return call("bq_timestamp", node.this)
        case exp.Datetime() if node.expression:
            return call("timezone", node.expression, node.this)
        case exp.Datetime():
            return exp.cast(node.this.copy(), "TIMESTAMP")
        case exp.DateFromUnixDate():
            return exp.cast(node.copy(), "DATE")
        case exp.Add() | exp.Sub() if family(node.this) == DAY and family(node.expression) == NUMBER:
            node.set("expression", exp.cast(node.expression.copy(), "INT"))  # days; DuckDB adds no wider numbers
        case exp.Select():
            node.set("expressions", [_named(item) for item in node.expressions])
        case exp.Parameter():  # GoogleSQL's names have no case
            return exp.Parameter(this=exp.var(node.name.lower()))
        case exp.Unnest() if node.args.get("offset"):
            return _numbered(node)
        case exp.Join() if node.side == "LEFT" and not (node.args.get("on") or node.args.get("using")):
            node.set("on", exp.true())
        case exp.Table() if node.catalog:  # the project; DATA stands for any
            node.set("catalog", None)
        case _:
            return called(node) or node
    return node


def _divide(node: exp.Div) -> exp.Expr:
    """x / 0 fails on BigQuery; DuckDB gives infinity."""
    divisor = node.expression
    if isinstance(divisor, exp.Literal) and float(divisor.this):
        return node
    zero = exp.EQ(this=exp.Paren(this=divisor.copy()), expression=exp.Literal.number(0))
    failing = exp.If(this=zero, true=call("error", exp.Literal.string("division by zero: use SAFE_DIVIDE")))
    quotient = exp.Div(
        this=node.this.copy(), expression=divisor.copy(), typed=node.args.get("typed"), safe=node.args.get("safe")
    )
    return exp.Paren(this=exp.Case(ifs=[failing], default=quotient))


def _clock_trunc(node: exp.TimestampTrunc) -> exp.Expr:
    """The moment minus what the zone's clock shows after the full hour or minute."""
    clock = call("timezone", node.args["zone"], node.this)
    truncated = call("date_trunc", exp.Literal.string(node.text("unit").lower()), clock)
    past = exp.Paren(this=exp.Sub(this=clock, expression=truncated))
    return exp.Paren(this=exp.Sub(this=exp.Paren(this=node.this.copy()), expression=past))


def _element(node: exp.Bracket) -> exp.Expr:
    """A negative index has no element; DuckDB counts it from the end."""
    [index], first = node.expressions, node.args["offset"]
    exists = exp.GTE(this=exp.Paren(this=index.copy()), expression=exp.Literal.number(first))
    from_one = exp.Add(this=exp.Paren(this=index.copy()), expression=exp.Literal.number(1 - first))
    return call("list_extract", node.this, exp.Case(ifs=[exp.If(this=exists, true=from_one)]))


def _named(item: exp.Expr) -> exp.Expr:
    """x[SAFE_OFFSET(0)].a is a column a; DuckDB names it by its whole text."""
    return exp.alias_(item.copy(), item.name) if isinstance(item, exp.Dot) and item.name else item


def _numbered(node: exp.Unnest) -> exp.Expr:
    """Elements beside their offsets from 0; DuckDB's ORDINALITY counts from 1."""
    [array] = node.expressions
    numbers = call("range", call("len", array))
    elements = [
        exp.alias_(call("unnest", array), element_of(node), quoted=True),
        exp.alias_(call("unnest", numbers), offset_of(node), quoted=True),
    ]
    return exp.select(*elements, copy=False).subquery(f"_{element_of(node)}_offsets", copy=False)


def _is_decimal(node: exp.Literal) -> bool:
    return not node.is_string and "." in node.this and "e" not in node.this.lower()


def _is_text_without_backslash(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and "\\" not in node.name


def _is_whole_days(node: exp.Expr) -> bool:
    days = node.expression
    return node.text("unit").upper() == "DAY" and isinstance(days, exp.Literal) and days.name.lstrip("-").isdecimal()


def _is_date(node: exp.Expr) -> bool:
    """Known to be a DATE from the query alone; a column may be a TIMESTAMP as well."""
    return (
        isinstance(node, exp.Date | exp.TsOrDsToDate | exp.DateFromParts)
        or node.name.lower() in ("bq_date", "bq_day")
        or (isinstance(node, exp.Cast) and node.to.this == DATE)
    )
