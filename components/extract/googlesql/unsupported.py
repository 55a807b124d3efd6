"""Uses of known functions that differ between BigQuery and DuckDB, or from one run to the next."""

import re

from sqlglot import exp

from components.extract.googlesql.date_formats import PARSERS, refused_format
from components.extract.googlesql.function_calls import GUARDED
from components.extract.googlesql.text_formats import USE, refused_text_format

PARTS = {
    "YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "DAYOFWEEK",
    "DAYOFYEAR", "WEEK", "ISOWEEK", "ISOYEAR", "DATE",
}  # fmt: skip
UNSUPPORTED = {
    "EXTRACT of other parts": f"Use the parts {', '.join(sorted(PARTS))}, WEEK(MONDAY)",
    "LIKE ANY, LIKE ALL": "A backslash in LIKE ANY differs. Write x LIKE a OR x LIKE b",
    "COUNTIF(DISTINCT …)": "Use COUNT(DISTINCT IF(condition, x, NULL))",
    "ANY_VALUE … OVER": "ANY_VALUE OVER may take another row every time. Use FIRST_VALUE, MIN or MAX",
    "ARRAY_AGG(… LIMIT) computed": "LIMIT in an aggregate must be a literal",
    "ARRAY_TO_STRING with a text for NULL": "Write IFNULL(x, text) for the elements",
    "FORMAT": USE,
    "HAVING MAX, HAVING MIN in other aggregates than ANY_VALUE": "Use MAX_BY, MIN_BY or ANY_VALUE(x HAVING MAX y)",
    "RANGE_BUCKET with computed bounds": "RANGE_BUCKET's bounds must be literals in an array",
    "REGEXP_EXTRACT_ALL of empty texts": "A pattern that matches the empty text finds other ones. Use + in place of *",
    "SHA512": "Use SHA256",
    "TRUNC with digits": "Use TRUNC(x * 100) / 100",
    "a | b & c": "Put parentheses around mixed &, | and ^",
    "JSON paths with .., *, [-1] or without $": "A path is names and indexes after $, like '$.items[0].name'",
    "x << n, x >> n": "Shifts differ for negative numbers. Use x * POW(2, n) or DIV(x, 2)",
    "MAX_BY … OVER, MIN_BY … OVER": "MAX_BY and MIN_BY have no OVER. Use FIRST_VALUE",
    "INSTR with a position or an occurrence": "INSTR with an occurrence differs. Use STRPOS",
    "STRING_AGG without ORDER BY": "Write STRING_AGG(x ORDER BY x): without an order the text differs",
    "SAFE. before other functions": (
        "SAFE. stands before PARSE_ functions, SUBSTR, LEFT, RIGHT, LPAD, RPAD and REPEAT. "
        "Use SAFE_CAST, SAFE_DIVIDE or IF"
    ),
    "CAST(… FORMAT …)": "A CAST's FORMAT is not read on files. Use FORMAT_DATE or FORMAT_TIMESTAMP",
    "CAST AS NUMERIC, AS BIGNUMERIC": "Decimals keep other digits on files. Use FLOAT64, or INT64 of the smallest unit",
    "@@variable": "Files have no system variables. Write its value",
    "a_*_b": "An asterisk stands at the end of a table's name. Filter by _TABLE_SUFFIX",
    "PIVOT, UNPIVOT of unnamed columns, other values or other functions": (
        "Write FROM (SELECT key, kind, x FROM t) PIVOT(SUM(x) FOR kind IN ('a', 'b c' AS b)) with SUM, COUNT, COUNTIF, "
        "AVG, MIN, MAX or LOGICAL_; or SUM(IF(condition, x, NULL)) and GROUP BY"
    ),
    "TABLESAMPLE": "A sample takes other rows every time. Use MOD(ABS(FARM_FINGERPRINT(id)), 100)",
    "CORR … OVER": "CORR OVER differs where a window has one pair. Use GROUP BY",
    "DISTINCT ON": "DISTINCT ON takes other rows every time. Use ROW_NUMBER and a filter",
    "NATURAL, SEMI, ANTI and ASOF JOIN": "GoogleSQL has no such JOIN. Use JOIN with USING, EXISTS or NOT EXISTS",
    "ILIKE": "GoogleSQL has no ILIKE. Write LOWER(x) LIKE",
    "REGEXP_EXTRACT with a computed pattern": "REGEXP_EXTRACT's pattern must be a text literal",
    "REGEXP_EXTRACT with two groups": "REGEXP_EXTRACT takes one group. Write the others as (?:…)",
    "LIMIT without ORDER BY": "LIMIT without ORDER BY takes other rows every time. Add ORDER BY with a unique key",
}
# A quoted run, an escaped character, a class, or what opens a group.
_RE2 = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\(\?P?<|\(\?|\(", re.DOTALL)
DECIMALS = (exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL)


def why_unsupported(node: exp.Expr) -> str | None:
    """What to write in place of this node; None when it is supported."""
    match node:
        case exp.Extract() if node.name.upper() not in PARTS and not is_week_from_monday(node):
            return UNSUPPORTED["EXTRACT of other parts"]
        case exp.Like() if isinstance(node.expression, exp.Any | exp.All):
            return UNSUPPORTED["LIKE ANY, LIKE ALL"]
        case exp.CountIf() if isinstance(node.this, exp.Distinct):
            return UNSUPPORTED["COUNTIF(DISTINCT …)"]
        case exp.ArgMax() | exp.ArgMin() if isinstance(node.parent, exp.Window):
            return UNSUPPORTED["MAX_BY … OVER, MIN_BY … OVER"]
        case exp.StrPosition() if node.args.get("position") or node.args.get("occurrence"):
            return UNSUPPORTED["INSTR with a position or an occurrence"]
        case exp.GroupConcat() if not node.find(exp.Order):
            return UNSUPPORTED["STRING_AGG without ORDER BY"]
        case exp.TimeToStr() | exp.StrToDate() | exp.StrToTime() | exp.ParseDatetime() | exp.ParseTime() if (
            why := refused_format(node)
        ):
            return why
        case exp.SafeFunc() if type(node.this) not in PARSERS and not isinstance(node.this, GUARDED):
            return UNSUPPORTED["SAFE. before other functions"]
        case exp.AnyValue() if isinstance(node.parent, exp.Window):
            return UNSUPPORTED["ANY_VALUE … OVER"]
        case exp.HavingMax() if not isinstance(node.parent, exp.AnyValue):
            return UNSUPPORTED["HAVING MAX, HAVING MIN in other aggregates than ANY_VALUE"]
        case exp.ArrayToString() if node.args.get("null"):
            return UNSUPPORTED["ARRAY_TO_STRING with a text for NULL"]
        case exp.Format() if why := refused_text_format(node):
            return why
        case exp.RangeBucket() if not _is_literals(node.expression):
            return UNSUPPORTED["RANGE_BUCKET with computed bounds"]
        case exp.SHA2Digest() if node.text("length") == "512":
            return UNSUPPORTED["SHA512"]
        case exp.Trunc() if node.args.get("decimals"):
            return UNSUPPORTED["TRUNC with digits"]
        case exp.BitwiseAnd() | exp.BitwiseOr() | exp.BitwiseXor() if _mixes_bits(node):
            return UNSUPPORTED["a | b & c"]
        case exp.JSONExtractScalar() | exp.JSONValueArray() if not _is_plain_path(node.args.get("expression")):
            return UNSUPPORTED["JSON paths with .., *, [-1] or without $"]
        case exp.BitwiseLeftShift() | exp.BitwiseRightShift():
            return UNSUPPORTED["x << n, x >> n"]
        case exp.Cast() if node.args.get("format"):
            return UNSUPPORTED["CAST(… FORMAT …)"]
        case exp.Cast() if node.to.this in DECIMALS:
            return UNSUPPORTED["CAST AS NUMERIC, AS BIGNUMERIC"]
        case exp.Parameter() if not node.name:
            return UNSUPPORTED["@@variable"]
        case exp.Table() if "*" in node.name[:-1]:
            return UNSUPPORTED["a_*_b"]
        case exp.Pivot():
            return UNSUPPORTED["PIVOT, UNPIVOT of unnamed columns, other values or other functions"]
        case exp.TableSample():
            return UNSUPPORTED["TABLESAMPLE"]
        case exp.Corr() if isinstance(node.parent, exp.Window):
            return UNSUPPORTED["CORR … OVER"]
        case exp.Distinct() if node.args.get("on"):
            return UNSUPPORTED["DISTINCT ON"]
        case exp.Join() if node.kind in ("SEMI", "ANTI") or node.method:
            return UNSUPPORTED["NATURAL, SEMI, ANTI and ASOF JOIN"]
        case exp.ILike():
            return UNSUPPORTED["ILIKE"]
        case exp.RegexpExtract() | exp.RegexpExtractAll() if not isinstance(
            node.expression, exp.Literal | exp.RawString
        ):
            return UNSUPPORTED["REGEXP_EXTRACT with a computed pattern"]
        case exp.RegexpExtract() | exp.RegexpExtractAll() if groups_of(node.expression.name) > 1:
            return UNSUPPORTED["REGEXP_EXTRACT with two groups"]
        case exp.RegexpExtractAll() if _matches_nothing(node.expression.name):
            return UNSUPPORTED["REGEXP_EXTRACT_ALL of empty texts"]
        case exp.Limit() if isinstance(node.parent, exp.ArrayAgg | exp.GroupConcat):
            return None if isinstance(node.expression, exp.Literal) else UNSUPPORTED["ARRAY_AGG(… LIMIT) computed"]
        case exp.Limit() if not isinstance(node.parent, exp.Query) or not node.parent.args.get("order"):
            return UNSUPPORTED["LIMIT without ORDER BY"]
        case _:
            return None


def groups_of(pattern: str) -> int:
    """Capturing groups of a pattern of RE2; Python's `re` reads only some of these patterns."""
    return sum(token in ("(", "(?<", "(?P<") for token in _RE2.findall(pattern))


def _matches_nothing(pattern: str) -> bool:
    """Or a pattern that Python's engine does not read."""
    try:
        return any(not match[0] for text in ("", "a b-1 A") for match in re.finditer(pattern, text))
    except re.error:
        return True


def _mixes_bits(node: exp.Binary) -> bool:
    """GoogleSQL binds & before ^ before |, sqlglot reads them from left to right."""
    bits = (exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor)
    return any(isinstance(side, bits) and type(side) is not type(node) for side in (node.left, node.right))


def _is_plain_path(path: exp.Expr | None) -> bool:
    """Names and indexes from 0 on; DuckDB reads other forms, and counts negative indexes from the end."""
    if not isinstance(path, exp.JSONPath):
        return path is None
    root, *parts = path.expressions
    return isinstance(root, exp.JSONPathRoot) and all(
        (isinstance(part, exp.JSONPathKey) and isinstance(part.this, str))
        or (isinstance(part, exp.JSONPathSubscript) and isinstance(part.this, int) and part.this >= 0)
        for part in parts
    )


def _is_literals(bounds: exp.Expr) -> bool:
    literals = (exp.Literal, exp.Neg)
    return isinstance(bounds, exp.Array) and all(isinstance(bound.unnest(), literals) for bound in bounds.expressions)


def is_week_from_monday(node: exp.Extract) -> bool:
    part: str = node.this.sql(dialect="bigquery")
    return part.upper() == "WEEK(MONDAY)"
