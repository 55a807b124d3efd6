"""Implicit conversions: GoogleSQL has few of them, DuckDB has nearly all.

The rules are those of GoogleSQL's references "conversion rules" (coercion, literal coercion, supertypes) and of each
function. Types without a common type there are refused here, and a text literal in place of a date is read as strictly.
"""

from collections.abc import Iterator
from itertools import pairwise

from sqlglot import exp

from components.extract.googlesql.annotation import AnnotatedQuery
from components.extract.googlesql.conversion_hints import common_hint, conversion_hint, is_text, text_of
from components.extract.googlesql.messages import outside_subset
from components.extract.googlesql.text_formats import format_arguments
from components.extract.googlesql.type_families import (
    ARRAY,
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    MOMENTS,
    NUMBER,
    STRING,
    STRUCT,
    TIME,
    TIMESTAMP,
    family,
    family_of,
    is_float,
)
from model.errors import Problem

Types = tuple[str, ...]
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv, exp.Neg)
_DAYS: Types = (DATE, DATETIME, TIMESTAMP)
_SORTED: Types = (NUMBER, STRING, BOOL, BYTES, *MOMENTS)
# What each argument may be, in the order of GoogleSQL's reference; "this" is the first.
_RULES: tuple[tuple[tuple[type[exp.Expr], ...], dict[str, Types]], ...] = (
    (
        (
            exp.EndsWith, exp.StartsWith, exp.Lower, exp.Upper, exp.Length, exp.RegexpExtract, exp.RegexpLike,
            exp.RegexpReplace, exp.Replace, exp.Split, exp.StrPosition, exp.Substring, exp.Trim,
            exp.JSONExtractScalar, exp.GroupConcat, exp.StrToDate, exp.StrToTime, exp.ParseDatetime, exp.ParseTime,
            exp.JSONValueArray, exp.Pad, exp.RegexpExtractAll, exp.Repeat, exp.Left, exp.Right, exp.ByteLength,
        ),
        {"this": (STRING,)},
    ),
    ((exp.Like, exp.DPipe), {"this": (STRING,), "expression": (STRING,)}),
    ((exp.SHA2Digest, exp.SHA1Digest, exp.MD5Digest, exp.MD5), {"this": (STRING, BYTES)}),
    ((exp.Bracket, exp.ArrayReverse, exp.ArrayToString, exp.ArrayConcat, exp.ArraySize), {"this": (ARRAY,)}),
    ((exp.LowerHex, exp.Hex), {"this": (BYTES,)}),
    (
        (
            exp.Abs, exp.Ceil, exp.Exp, exp.Floor, exp.IsNan, exp.Ln, exp.Round, exp.Sign, exp.Sqrt, exp.Trunc, exp.Avg,
            exp.Sum, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.PercentileCont,
            exp.UnixToTime, exp.DateFromUnixDate, exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos, exp.Atan,
            exp.RangeBucket,
        ),
        {"this": (NUMBER,)},
    ),
    ((exp.Log, exp.Pow, exp.SafeDivide, exp.Corr, exp.Atan2), {"this": (NUMBER,), "expression": (NUMBER,)}),
    (
        (exp.UnixMicros, exp.UnixMillis, exp.UnixSeconds, exp.TimestampAdd, exp.TimestampSub, exp.TimestampTrunc,
         exp.TsOrDsToTimestamp),
        {"this": (TIMESTAMP,)},
    ),
    ((exp.TimestampDiff,), {"this": (TIMESTAMP,), "expression": (TIMESTAMP,)}),
    ((exp.DatetimeAdd, exp.DatetimeSub, exp.DatetimeTrunc), {"this": (DATETIME,)}),
    ((exp.DatetimeDiff,), {"this": (DATETIME,), "expression": (DATETIME,)}),
    ((exp.DateAdd, exp.DateSub, exp.UnixDate, exp.TsOrDsToDate), {"this": (DATE,)}),
    ((exp.DateDiff,), {"this": (DATE,), "expression": (DATE,)}),
    ((exp.DateTrunc, exp.LastDay, exp.Date, exp.Datetime), {"this": _DAYS}),
    ((exp.Timestamp,), {"this": (STRING, *_DAYS)}),
    ((exp.Extract,), {"expression": MOMENTS}),
    ((exp.Min, exp.Max, exp.PercentileDisc), {"this": _SORTED}),
    ((exp.And, exp.Or), {"this": (BOOL,), "expression": (BOOL,)}),
    (
        (exp.Not, exp.Where, exp.Having, exp.Qualify, exp.CountIf, exp.LogicalAnd, exp.LogicalOr),
        {"this": (BOOL,)},
    ),
    ((exp.Join,), {"on": (BOOL,)}),
)  # fmt: skip
_ARGUMENTS = {kind: arguments for kinds, arguments in _RULES for kind in kinds}
_SHIFTS = (exp.DateAdd, exp.DateSub, exp.DatetimeAdd, exp.DatetimeSub, exp.TimestampAdd, exp.TimestampSub)
_OF_TIMESTAMPS = (exp.TimestampAdd, exp.TimestampSub, exp.TimestampDiff)
_CLOCK_PARTS = {"HOUR", "MINUTE", "SECOND", "TIME"}
# CAST: from -> to, besides a cast to the same type.
_CASTS = {
    NUMBER: {STRING, BOOL}, BOOL: {NUMBER, STRING}, BYTES: {STRING}, DATE: {STRING, DATETIME, TIMESTAMP},
    STRING: {NUMBER, BOOL, BYTES, *MOMENTS}, DATETIME: {STRING, DATE, TIME, TIMESTAMP}, TIME: {STRING},
    TIMESTAMP: {STRING, DATE, DATETIME, TIME},
}  # fmt: skip


def refused_coercions(annotated: AnnotatedQuery) -> Iterator[Problem]:
    """Every expression with types that GoogleSQL does not convert to each other."""
    for node in annotated.resolved.walk():
        for group in _of_one_type(node):
            if problem := _no_common_type(node, group, annotated):
                yield problem
        for operand, accepted in _arguments(node):
            if (kind := family(operand)) and kind not in accepted and not _literal_of(operand, accepted):
                yield _wrong_argument(node, operand, kind, accepted, annotated)
        if why := _impossible(node):
            yield outside_subset(annotated.written(node), why)


def read_date_literals(annotated: AnnotatedQuery) -> None:
    """Turns text literals beside dates and times into CASTs, which are as strict as GoogleSQL's own reading."""
    for node in list(annotated.resolved.walk()):
        for group in _of_one_type(node):
            kinds = {kind for operand in group if not is_text(operand) and (kind := family(operand))}
            if len(kinds) == 1 and (kind := kinds.pop()) in MOMENTS:
                _cast_texts(group, kind, annotated)
        for operand, accepted in _arguments(node):
            if STRING not in accepted and _literal_of(operand, accepted):
                _cast_texts([operand], accepted[0], annotated)


def _cast_texts(operands: list[exp.Expr], kind: str, annotated: AnnotatedQuery) -> None:
    for operand in operands:
        written = annotated.original(operand)
        if is_text(operand) and written is not None and written.parent is not None:
            target = exp.DataType.build(kind, dialect="bigquery")
            written.replace(exp.Cast(this=written.copy(), to=target, _type=target))


def _of_one_type(node: exp.Expr) -> Iterator[list[exp.Expr]]:
    """Groups of operands that need one type, or types with a common one."""
    match node:
        case exp.Between():
            yield [node.this, node.args["low"], node.args["high"]]
        case exp.In():
            yield [node.this, *_members(node)]
        case exp.Case():
            branches = node.args["ifs"]
            if node.this:
                yield [node.this, *(branch.this for branch in branches)]
            yield _present(*(branch.args["true"] for branch in branches), node.args.get("default"))
        case exp.If() if not isinstance(node.parent, exp.Case):
            yield _present(node.args["true"], node.args.get("false"))
        case exp.Coalesce() | exp.Greatest() | exp.Least():
            yield [node.this, *node.expressions]
        case exp.Nullif():
            yield [node.this, node.expression]
        case exp.Array():
            yield [element for element in node.expressions if not isinstance(element, exp.Query)]
        case exp.Lag() | exp.Lead():
            yield _present(node.this, node.args.get("default"))
        case exp.SetOperation():
            yield from map(list, zip(node.left.selects, node.right.selects, strict=False))
        case _ if isinstance(node, _COMPARISONS):
            yield [node.this, node.expression]


def _members(node: exp.In) -> list[exp.Expr]:
    if (query := node.args.get("query")) is not None:
        return list(query.unnest().selects[:1])
    if (unnest := node.args.get("unnest")) is not None:
        [array] = unnest.expressions
        return list(array.expressions) if isinstance(array, exp.Array) else []
    return list(node.expressions)


def _arguments(node: exp.Expr) -> Iterator[tuple[exp.Expr, Types]]:
    for name, accepted in _ARGUMENTS.get(type(node), {}).items():
        argument = node.args.get(name)
        if isinstance(argument, exp.Order):  # STRING_AGG(x ORDER BY y)
            argument = argument.this
        if isinstance(argument, exp.Distinct):
            argument = argument.expressions[0]
        if isinstance(argument, exp.Expr):
            yield argument, accepted
    if isinstance(node, exp.If) and (not isinstance(node.parent, exp.Case) or not node.parent.this):
        yield node.this, (BOOL,)
    if isinstance(node, exp.TsOrDsToDatetime):  # DATETIME(x) too
        yield node.this, (DATETIME,) if isinstance(node.parent, exp.TimeToStr) else (DATETIME, DATE, TIMESTAMP)
    if isinstance(node, exp.TsOrDsToTime):  # TIME(x) too
        yield node.this, (TIME,) if isinstance(node.parent, exp.TimeToStr) else (DATETIME, TIMESTAMP)
    if isinstance(node, exp.Format):
        yield from ((argument, (kind,)) for argument, kind, _ in format_arguments(node))
    if isinstance(node, exp.FarmFingerprint):
        yield from ((argument, (STRING,)) for argument in node.expressions)
    if isinstance(node, _ARITHMETIC):
        yield from _numbers(node)


def _numbers(node: exp.Expr) -> Iterator[tuple[exp.Expr, Types]]:
    """Operands of arithmetic. A whole number of days may be added to a DATE."""
    operands = [operand for operand in (node.this, node.args.get("expression")) if operand is not None]
    days = isinstance(node, exp.Add | exp.Sub) and [family(operand) for operand in operands] == [DATE, NUMBER]
    yield from ((operand, (NUMBER, DATE) if days else (NUMBER,)) for operand in operands)


def _no_common_type(node: exp.Expr, group: list[exp.Expr], annotated: AnnotatedQuery) -> Problem | None:
    typed = [(operand, kind) for operand in group if (kind := family(operand))]
    for (first, kind), (second, other) in pairwise(sorted(typed, key=lambda item: is_text(item[0]))):
        if kind != other and not (is_text(second) and kind in MOMENTS):
            operands = {kind: annotated.written(first), other: annotated.written(second)}
            hint = common_hint(operands)
            return outside_subset(annotated.written(node), hint, f"mixes {kind} and {other}, which GoogleSQL does not")
    return None


def _wrong_argument(
    node: exp.Expr, operand: exp.Expr, kind: str, accepted: Types, annotated: AnnotatedQuery
) -> Problem:
    written = annotated.written(operand)
    message = f"takes {' or '.join(accepted)} in GoogleSQL, and {text_of(written)} is {kind}"
    return outside_subset(annotated.written(node), conversion_hint(written, kind, accepted), message)


def _impossible(node: exp.Expr) -> str:
    """Conversions and parts that a type does not have; "" for all others."""
    if _compares_parts(node):
        return "engines compare a STRUCT with NULLs or other names in other ways. Write a.x = b.x AND a.y = b.y"
    if isinstance(node, exp.Extract):
        kind, part = family(node.expression), node.name.upper()
        if kind == DATE and part in _CLOCK_PARTS:
            return "A DATE has no time of day. Give EXTRACT a TIMESTAMP or DATETIME"
        if kind == TIME and part not in _CLOCK_PARTS:
            return "A TIME has no date. Give EXTRACT a DATE, DATETIME or TIMESTAMP"
    if isinstance(node, exp.Format):
        for argument, kind, as_float in format_arguments(node):
            if kind == NUMBER and family(argument) == NUMBER and is_float(argument) != as_float:
                return "FORMAT's %d takes an INT64, and %.2f a FLOAT64. CAST the value"
    if isinstance(node, exp.ArrayToString) and (elements := _element_family(node.this)) not in ("", STRING):
        return f"ARRAY_TO_STRING takes texts in GoogleSQL, and these are {elements}"
    if isinstance(node, exp.Mod | exp.IntDiv) and (is_float(node.this) or is_float(node.expression)):
        return "MOD and DIV take whole numbers in GoogleSQL. CAST to INT64"
    if isinstance(node, _OF_TIMESTAMPS) and node.text("unit").upper() in ("WEEK", "MONTH", "QUARTER", "YEAR"):
        return "The greatest part of a TIMESTAMP is a DAY. Use DATE(x) and DATE_ADD, DATE_SUB or DATE_DIFF"
    if isinstance(node, _SHIFTS) and not _is_whole(node.expression):
        return "INTERVAL takes a whole number in GoogleSQL. Use a smaller part, or CAST it AS INT64"
    if isinstance(node, exp.Cast):
        source, target = family(node.this), family(node)
        if source and target and source != target and target not in _CASTS.get(source, ()):
            return f"{source} cannot be CAST to {target} in GoogleSQL"
        if target == BOOL and source == NUMBER and node.this.type.this in exp.DataType.FLOAT_TYPES:
            return "FLOAT64 cannot be CAST to BOOL in GoogleSQL. Write x <> 0"
        if source == BOOL and target == NUMBER and node.to.this in exp.DataType.FLOAT_TYPES:
            return "BOOL cannot be CAST to FLOAT64 in GoogleSQL. Write IF(x, 1.0, 0.0)"
    return ""


def _compares_parts(node: exp.Expr) -> bool:
    """A STRUCT, or an ARRAY, which GoogleSQL does not compare."""
    is_comparison = isinstance(node, (*_COMPARISONS, exp.In, exp.Between, exp.Nullif))
    if not is_comparison and not (isinstance(node, exp.Case) and node.this):
        return False
    operands = [operand for operand in (node.this, node.args.get("expression")) if operand is not None]
    return any(isinstance(operand, exp.Tuple) or family(operand) in (STRUCT, ARRAY) for operand in operands)


def _element_family(array: exp.Expr) -> str:
    kinds = array.type.expressions if array.type is not None and family(array) == ARRAY else []
    return family_of(kinds[0]) if kinds and isinstance(kinds[0], exp.DataType) else ""


def _is_whole(amount: exp.Expr) -> bool:
    return amount.name.lstrip("-").isdecimal() if is_text(amount) else not is_float(amount)


def _literal_of(operand: exp.Expr, accepted: Types) -> bool:
    """A text literal in place of a date or time."""
    return is_text(operand) and any(kind in MOMENTS for kind in accepted)


def _present(*nodes: exp.Expr | None) -> list[exp.Expr]:
    return [node for node in nodes if node is not None]
