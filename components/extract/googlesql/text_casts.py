"""Values written as text: the two engines write floats, moments and big integers as other texts.

Another text is another hash, another group and another split, so such a conversion is refused.
"""

from collections.abc import Iterator

from sqlglot import exp

from components.extract.googlesql.annotation import AnnotatedQuery
from components.extract.googlesql.messages import outside_subset
from components.extract.googlesql.type_families import (
    ARRAY,
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    JSON,
    NUMBER,
    STRING,
    STRUCT,
    TIME,
    TIMESTAMP,
    family,
    family_of,
)
from model.errors import Problem

_FORMATS = {
    TIMESTAMP: "engines write a TIMESTAMP as other texts: use FORMAT_TIMESTAMP",
    DATETIME: "engines write a DATETIME as other texts: use FORMAT_DATETIME",
    TIME: "engines write a TIME as other texts: use FORMAT_TIME",
    BYTES: "engines write BYTES as other texts: use TO_HEX",
    JSON: "engines write JSON as other texts: use JSON_VALUE",
}
_FLOAT = "engines write a FLOAT64 as other texts: CAST it AS INT64 before, or keep the number"
_BIG = "engines write big integers in JSON as other texts: give TO_JSON_STRING a STRUCT of single columns"


def refused_texts(annotated: AnnotatedQuery) -> Iterator[Problem]:
    """Every expression that writes a value as another text than BigQuery does."""
    for node in annotated.resolved.walk():
        for problem in dict.fromkeys(_problems(node)):
            yield outside_subset(annotated.written(node), "The text would be another one on BigQuery", problem)


def _problems(node: exp.Expr) -> Iterator[str]:
    match node:
        case exp.Concat():
            yield from (_scalar(part) for part in node.expressions if _scalar(part))
        case exp.Cast() if family(node) == STRING and _scalar(node.this):
            yield _scalar(node.this)
        case exp.JSONFormat():
            yield from _in_json(node.this)


def _scalar(value: exp.Expr) -> str:
    return "" if value.type is None else _of_type(value.type)


def _of_type(kind: exp.DataType) -> str:
    if family_of(kind) == NUMBER and kind.this in exp.DataType.REAL_TYPES:
        return _FLOAT
    return _FORMATS.get(family_of(kind), "")


def _in_json(value: exp.Expr) -> Iterator[str]:
    """Members of a STRUCT that the query builds; of a STRUCT column only its type is known."""
    if isinstance(value, exp.Struct):
        for member in value.expressions:
            yield from _in_json(member.expression if isinstance(member, exp.PropertyEQ) else member.unalias())
    elif value.type is not None:
        yield from filter(None, _inside(value.type, nested=False))


def _inside(kind: exp.DataType, *, nested: bool) -> Iterator[str]:
    if family_of(kind) in (ARRAY, STRUCT):
        for member in kind.expressions:
            inner = member.args.get("kind") if isinstance(member, exp.ColumnDef) else member
            if isinstance(inner, exp.DataType):
                yield from _inside(inner, nested=True)
    elif nested and family_of(kind) == NUMBER and kind.this not in exp.DataType.REAL_TYPES:
        yield _BIG
    elif family_of(kind) not in (STRING, BOOL, DATE):
        yield _of_type(kind)


def integers_in_json(node: exp.JSONFormat) -> list[exp.Expr]:
    """Whole numbers that stand alone or in a STRUCT: the greatest are written as text on BigQuery alone."""
    values = [node.this]
    while any(isinstance(value, exp.Struct) for value in values):
        values = [inner for value in values for inner in _members(value)]
    return [value for value in values if family(value) == NUMBER]


def _members(value: exp.Expr) -> list[exp.Expr]:
    if not isinstance(value, exp.Struct):
        return [value]
    return [item.expression if isinstance(item, exp.PropertyEQ) else item.unalias() for item in value.expressions]
