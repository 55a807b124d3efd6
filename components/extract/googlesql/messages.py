"""A problem with one expression of a query: where it stands in the file, and what it is."""

from sqlglot import exp

from model.errors import Problem

LONGEST = 60
# Nodes that begin with a word or a sign of their own, before the first name or literal in them.
_BEGIN = {
    exp.Cast: ("CAST",), exp.TryCast: ("SAFE_CAST",), exp.Unnest: ("UNNEST",), exp.Limit: ("LIMIT",),
    exp.Extract: ("EXTRACT",), exp.Pivot: ("PIVOT", "UNPIVOT"), exp.TableSample: ("TABLESAMPLE",), exp.Case: ("CASE",),
    exp.Array: ("ARRAY", "["), exp.Struct: ("STRUCT", "("), exp.Exists: ("EXISTS",), exp.SafeFunc: ("SAFE",),
    exp.Select: ("SELECT",), exp.Subquery: ("(",), exp.Paren: ("(",), exp.Neg: ("-",), exp.Not: ("NOT",),
    exp.GroupConcat: ("STRING_AGG",), exp.Interval: ("INTERVAL",), exp.Parameter: ("@",),
    exp.SessionParameter: ("@@",),
}  # fmt: skip
_REACH = 40  # characters between such a word and what follows it
TEXT = "text"  # the query's root has the file's text


def outside_subset(node: exp.Expr, hint: str, problem: str = "is outside the portable subset") -> Problem:
    text = _written(node.unalias())
    shown = f"{text[:LONGEST]}{'…' if len(text) > LONGEST else ''}"
    return Problem(f"{location_of(node.unalias())}, {shown}", problem, hint, "sql-not-portable")


def _written(node: exp.Expr) -> str:
    """On one line; the name of a function alone where sqlglot does not write its JSON path."""
    try:
        return " ".join(node.sql(dialect="bigquery").split())
    except ValueError:
        return node.sql_names()[0] if isinstance(node, exp.Func) else node.key.upper()


def location_of(node: exp.Expr) -> str:
    """SQL line 3 column 14; SQL alone for a node that is in no file."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    text = node.root().meta.get(TEXT)
    if text is None:
        return "SQL"
    if not starts and node.args and node.parent is not None:  # sqlglot's own, around nothing
        return location_of(node.parent)
    if not starts:  # a name that stands alone, such as CURRENT_DATE
        start = text.upper().find(node.sql(dialect="bigquery").upper())
        return location_at(text, start) if start >= 0 else "SQL"
    return location_at(text, _beginning(node, text, min(starts)))


def location_at(text: str, start: int) -> str:
    line = text.count("\n", 0, start) + 1
    return f"SQL line {line} column {start - text.rfind(chr(10), 0, start)}"


def _beginning(node: exp.Expr, text: str, start: int) -> int:
    reach = max(0, start - _REACH)
    before = text[reach:start].upper()
    starts = [before.rfind(word) for word in _BEGIN.get(type(node), ())]
    return reach + max(starts) if max(starts, default=-1) >= 0 else start
