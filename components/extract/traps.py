"""Known functions in uses that differ between BigQuery and DuckDB, or that differ from one run to the next."""

from sqlglot import exp

from components.extract.date_formats import PARSERS, refused_format

PARTS = {
    "YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "DAYOFWEEK",
    "DAYOFYEAR", "WEEK", "ISOWEEK", "ISOYEAR", "DATE",
}  # fmt: skip
TEXTS = (exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL)


def trap(node: exp.Expr) -> str | None:
    """What to write in place of this node; None when it is fine."""
    match node:
        case exp.Extract() if node.name.upper() not in PARTS and not is_week_from_monday(node):
            return f"Use the parts {', '.join(sorted(PARTS))}, WEEK(MONDAY)"
        case exp.ArrayAgg() if node.find(exp.Limit):
            return "LIMIT in ARRAY_AGG differs. Use ROW_NUMBER and a filter"
        case exp.ArrayAgg() if not isinstance(node.parent, exp.IgnoreNulls) and not node.find(exp.IgnoreNulls):
            return "Say ARRAY_AGG(x IGNORE NULLS)"
        case exp.Unnest() if node.args.get("offset"):
            return "WITH OFFSET counts from 1 on files. Use ROW_NUMBER"
        case exp.Bracket() if not node.args.get("safe"):
            return "OFFSET beyond the end differs. Use SAFE_OFFSET"
        case exp.Like() if isinstance(node.expression, exp.Any | exp.All):
            return "A backslash in LIKE ANY differs. Write x LIKE a OR x LIKE b"
        case exp.CountIf() if isinstance(node.this, exp.Distinct):
            return "Use COUNT(DISTINCT IF(condition, x, NULL))"
        case exp.ArgMax() | exp.ArgMin() if isinstance(node.parent, exp.Window):
            return "MAX_BY and MIN_BY have no OVER. Use FIRST_VALUE"
        case exp.Substring() if not _whole_number(node.args.get("start")) or node.args["start"].name == "0":
            return "SUBSTR's start must be a literal other than 0"
        case exp.Substring() if node.args.get("length") and not isinstance(node.args["length"], exp.Literal):
            return "SUBSTR's length must be a literal that is not negative"
        case exp.StrPosition() if node.args.get("position") or node.args.get("occurrence"):
            return "INSTR with an occurrence differs. Use STRPOS"
        case exp.GroupConcat() if not node.find(exp.Order):
            return "Say STRING_AGG(x ORDER BY x): without an order the text differs"
        case exp.TimeToStr() | exp.StrToDate() | exp.StrToTime() | exp.ParseDatetime() | exp.ParseTime() if (
            why := refused_format(node)
        ):
            return why
        case exp.SafeFunc() if type(node.this) not in PARSERS:
            return "SAFE. stands before PARSE_ functions alone. Use SAFE_CAST, SAFE_DIVIDE or IF"
        case exp.Cast() if node.args.get("format"):
            return "A CAST's FORMAT is not read on files. Use FORMAT_DATE or FORMAT_TIMESTAMP"
        case exp.Cast() if node.to.this in TEXTS:
            return "Decimals keep other digits on files. Use FLOAT64, or INT64 of the smallest unit"
        case exp.Parameter() if not node.name:
            return "A system variable is none on files. Write its value"
        case exp.Table() if "*" in node.name:
            return "A table for each day is not read here. Use one table, partitioned by day"
        case exp.Pivot():
            return "PIVOT is not read on files. Use SUM(IF(condition, x, NULL)) and GROUP BY"
        case exp.TableSample():
            return "A sample takes other rows every time. Use MOD(ABS(FARM_FINGERPRINT(id)), 100)"
        case exp.Corr() if isinstance(node.parent, exp.Window):
            return "CORR OVER differs where a window has one pair. Use GROUP BY"
        case exp.AnyValue():
            return "ANY_VALUE may take another row every time. Use MIN or MAX"
        case exp.Limit() if not isinstance(node.parent, exp.Query) or not node.parent.args.get("order"):
            return "LIMIT without ORDER BY takes other rows every time. Add ORDER BY with a unique key"
        case _:
            return None


def is_week_from_monday(node: exp.Extract) -> bool:
    part: str = node.this.sql(dialect="bigquery")
    return part.upper() == "WEEK(MONDAY)"


def _whole_number(start: exp.Expr | None) -> bool:
    return start is None or (isinstance(start, exp.Literal | exp.Neg) and start.name != "")
