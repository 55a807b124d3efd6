"""Families of GoogleSQL's types, within which values can be compared: all numbers are one family."""

from sqlglot import exp

NUMBER, STRING, BOOL, BYTES = "NUMBER", "STRING", "BOOL", "BYTES"
DATE, DATETIME, TIMESTAMP, TIME = "DATE", "DATETIME", "TIMESTAMP", "TIME"
ARRAY, STRUCT, INTERVAL, JSON = "ARRAY", "STRUCT", "INTERVAL", "JSON"
MOMENTS = (DATE, DATETIME, TIMESTAMP, TIME)

_TYPE = exp.DataType.Type
_FAMILIES = {
    **dict.fromkeys(exp.DataType.NUMERIC_TYPES, NUMBER),
    **dict.fromkeys(exp.DataType.TEXT_TYPES, STRING),
    **dict.fromkeys((_TYPE.BINARY, _TYPE.VARBINARY, _TYPE.BLOB), BYTES),
    **dict.fromkeys((_TYPE.DATETIME, _TYPE.TIMESTAMP, _TYPE.TIMESTAMPNTZ), DATETIME),
    **dict.fromkeys((_TYPE.TIMESTAMPTZ, _TYPE.TIMESTAMPLTZ), TIMESTAMP),
    **dict.fromkeys((_TYPE.ARRAY, _TYPE.LIST), ARRAY),
    _TYPE.BOOLEAN: BOOL,
    _TYPE.DATE: DATE,
    _TYPE.TIME: TIME,
    _TYPE.STRUCT: STRUCT,
    _TYPE.INTERVAL: INTERVAL,
    _TYPE.JSON: JSON,
}


def family(node: exp.Expr) -> str:
    """The family of an annotated expression; "" where its type is not known, as that of NULL."""
    return "" if node.type is None or isinstance(node, exp.Null) else family_of(node.type)


def family_of(kind: exp.DataType) -> str:
    return _FAMILIES.get(kind.this, "")


def is_float(node: exp.Expr) -> bool:
    """FLOAT64 or a decimal: what arithmetic rounds."""
    return node.type is not None and node.type.this in exp.DataType.REAL_TYPES
