"""The forms of text that a load into BigQuery reads as a type ("schema auto-detection" in its reference)."""

from dataclasses import dataclass

from components.extract.googlesql.cast_macros import REAL

_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_INTEGER = r"\s*[+-]?[0-9]+\s*"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = "([+-][0-9]{2}):?([0-9]{2})"


@dataclass(frozen=True)
class Form:
    """`pattern` of the text and the DuckDB type that it is loaded as; {} in `value` is the text."""

    pattern: str
    kind: str
    google: str
    description: str
    value: str = "{}"
    must_be_read: bool = True


# A column has the first form that all of its values have.
FORMS = {
    "bool": Form("(?i)true|false", "BOOLEAN", "BOOL", "`true` and `false`, in any case"),
    "integer": Form(_INTEGER, "BIGINT", "INT64", "whole numbers"),
    "beyond": Form(
        _INTEGER, "VARCHAR", "STRING", "whole numbers beyond INT64", must_be_read=False
    ),  # as FLOAT64, two ids would become one
    "real": Form(REAL, "DOUBLE", "FLOAT64", "numbers"),
    "date": Form(_DAY, "DATE", "DATE", "`2026-01-31`"),
    "timestamp": Form(
        f"{_DAY}[ T]{_CLOCK}( ?(Z|UTC|{_OFFSET}))?",
        "TIMESTAMPTZ",
        "TIMESTAMP",
        "`2026-01-31 09:00[:00[.123456]]`, or with a `T`; `Z`, `UTC` or `+09:00` behind it, UTC without",
        "regexp_replace(regexp_replace({}, ' ?" + _OFFSET + "$', '\\1:\\2'), ' ?(Z|UTC)$', 'Z')",
    ),
    "time": Form(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?", "TIME", "TIME", "`09:00:00[.123456]`"),
}
TEXT = Form("", "VARCHAR", "STRING", "texts")
