"""Uses of known functions that differ between BigQuery and DuckDB, or from one run to the next."""

import re

from sqlglot import exp

from components.extract.googlesql.date_formats import PARSERS, refused_format

PARTS = {
    "YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "DAYOFWEEK",
    "DAYOFYEAR", "WEEK", "ISOWEEK", "ISOYEAR", "DATE",
}  # fmt: skip
UNSUPPORTED = {
    "EXTRACT of other parts": f"Use the parts {', '.join(sorted(PARTS))}, WEEK(MONDAY)",
    "ARRAY_AGG(… LIMIT n)": "LIMIT in ARRAY_AGG differs. Use MIN_BY, MAX_BY, or ROW_NUMBER and a filter",
    "ARRAY_AGG without IGNORE NULLS": "Write ARRAY_AGG(x IGNORE NULLS)",
    "array[OFFSET(i)], array[ORDINAL(i)], array[i]": "OFFSET beyond the end differs. Use SAFE_OFFSET",
    "LIKE ANY, LIKE ALL": "A backslash in LIKE ANY differs. Write x LIKE a OR x LIKE b",
    "COUNTIF(DISTINCT …)": "Use COUNT(DISTINCT IF(condition, x, NULL))",
    "MAX_BY … OVER, MIN_BY … OVER": "MAX_BY and MIN_BY have no OVER. Use FIRST_VALUE",
    "SUBSTR with a computed start, or 0": "SUBSTR's start must be a literal other than 0",
    "SUBSTR with a computed length": "SUBSTR's length must be a literal that is not negative",
    "INSTR with a position or an occurrence": "INSTR with an occurrence differs. Use STRPOS",
    "STRING_AGG without ORDER BY": "Write STRING_AGG(x ORDER BY x): without an order the text differs",
    "SAFE. before other functions than PARSE_": "SAFE. stands before PARSE_ alone. Use SAFE_CAST, SAFE_DIVIDE or IF",
    "CAST(… FORMAT …)": "A CAST's FORMAT is not read on files. Use FORMAT_DATE or FORMAT_TIMESTAMP",
    "CAST AS NUMERIC, AS BIGNUMERIC": "Decimals keep other digits on files. Use FLOAT64, or INT64 of the smallest unit",
    "@@variable": "Files have no system variables. Write its value",
    "a_*_b": "An asterisk stands at the end of a table's name. Filter by _TABLE_SUFFIX",
    "PIVOT, UNPIVOT": "PIVOT is not read on files. Use SUM(IF(condition, x, NULL)) and GROUP BY",
    "TABLESAMPLE": "A sample takes other rows every time. Use MOD(ABS(FARM_FINGERPRINT(id)), 100)",
    "CORR … OVER": "CORR OVER differs where a window has one pair. Use GROUP BY",
    "ANY_VALUE": "ANY_VALUE may take another row every time. Use MIN or MAX",
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
        case exp.ArrayAgg() if node.find(exp.Limit):
            return UNSUPPORTED["ARRAY_AGG(… LIMIT n)"]
        case exp.ArrayAgg() if not isinstance(node.parent, exp.IgnoreNulls) and not node.find(exp.IgnoreNulls):
            return UNSUPPORTED["ARRAY_AGG without IGNORE NULLS"]
        case exp.Bracket() if not node.args.get("safe"):
            return UNSUPPORTED["array[OFFSET(i)], array[ORDINAL(i)], array[i]"]
        case exp.Like() if isinstance(node.expression, exp.Any | exp.All):
            return UNSUPPORTED["LIKE ANY, LIKE ALL"]
        case exp.CountIf() if isinstance(node.this, exp.Distinct):
            return UNSUPPORTED["COUNTIF(DISTINCT …)"]
        case exp.ArgMax() | exp.ArgMin() if isinstance(node.parent, exp.Window):
            return UNSUPPORTED["MAX_BY … OVER, MIN_BY … OVER"]
        case exp.Substring() if not _whole_number(node.args.get("start")) or node.args["start"].name == "0":
            return UNSUPPORTED["SUBSTR with a computed start, or 0"]
        case exp.Substring() if node.args.get("length") and not isinstance(node.args["length"], exp.Literal):
            return UNSUPPORTED["SUBSTR with a computed length"]
        case exp.StrPosition() if node.args.get("position") or node.args.get("occurrence"):
            return UNSUPPORTED["INSTR with a position or an occurrence"]
        case exp.GroupConcat() if not node.find(exp.Order):
            return UNSUPPORTED["STRING_AGG without ORDER BY"]
        case exp.TimeToStr() | exp.StrToDate() | exp.StrToTime() | exp.ParseDatetime() | exp.ParseTime() if (
            why := refused_format(node)
        ):
            return why
        case exp.SafeFunc() if type(node.this) not in PARSERS:
            return UNSUPPORTED["SAFE. before other functions than PARSE_"]
        case exp.Cast() if node.args.get("format"):
            return UNSUPPORTED["CAST(… FORMAT …)"]
        case exp.Cast() if node.to.this in DECIMALS:
            return UNSUPPORTED["CAST AS NUMERIC, AS BIGNUMERIC"]
        case exp.Parameter() if not node.name:
            return UNSUPPORTED["@@variable"]
        case exp.Table() if "*" in node.name[:-1]:
            return UNSUPPORTED["a_*_b"]
        case exp.Pivot():
            return UNSUPPORTED["PIVOT, UNPIVOT"]
        case exp.TableSample():
            return UNSUPPORTED["TABLESAMPLE"]
        case exp.Corr() if isinstance(node.parent, exp.Window):
            return UNSUPPORTED["CORR … OVER"]
        case exp.AnyValue():
            return UNSUPPORTED["ANY_VALUE"]
        case exp.Distinct() if node.args.get("on"):
            return UNSUPPORTED["DISTINCT ON"]
        case exp.Join() if node.kind in ("SEMI", "ANTI") or node.method:
            return UNSUPPORTED["NATURAL, SEMI, ANTI and ASOF JOIN"]
        case exp.ILike():
            return UNSUPPORTED["ILIKE"]
        case exp.RegexpExtract() if not isinstance(node.expression, exp.Literal | exp.RawString):
            return UNSUPPORTED["REGEXP_EXTRACT with a computed pattern"]
        case exp.RegexpExtract() if groups_of(node.expression.name) > 1:
            return UNSUPPORTED["REGEXP_EXTRACT with two groups"]
        case exp.Limit() if isinstance(node.parent, exp.ArrayAgg):
            return None  # refused at the ARRAY_AGG
        case exp.Limit() if not isinstance(node.parent, exp.Query) or not node.parent.args.get("order"):
            return UNSUPPORTED["LIMIT without ORDER BY"]
        case _:
            return None


def groups_of(pattern: str) -> int:
    """Capturing groups of a pattern of RE2; Python's `re` reads only some of these patterns."""
    return sum(token in ("(", "(?<", "(?P<") for token in _RE2.findall(pattern))


def is_week_from_monday(node: exp.Extract) -> bool:
    part: str = node.this.sql(dialect="bigquery")
    return part.upper() == "WEEK(MONDAY)"


def _whole_number(start: exp.Expr | None) -> bool:
    return start is None or (isinstance(start, exp.Literal | exp.Neg) and start.name != "")
