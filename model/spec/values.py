"""What single values of a spec may be: names, shares, amounts of bytes, expressions."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from model.expression import Expression
from model.spec.messages import short_repr
from model.text import has_controls

COLUMN = r"^[A-Za-z_][A-Za-z0-9_]*$"
# Columns that preprocess adds to the rows; DuckDB compares names without case.
OF_ROWS = {"row_key", "row_hash", "row_content", "row_again", "row_copy", "row_complete", "file_row_number"}
RESERVED = frozenset(OF_ROWS | {"unit", "unreadable", "broken", "split", "rules"})
DECADES = 36_525  # days: a hundred years, so that no date leaves the calendar
FIRST_END = date(1990, 1, 1)  # a bundle's rows end in 1980 at the earliest
BUCKET_ADDRESS = r"^gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[A-Za-z0-9._=-]+)*/?$"
DATASET = r"^[A-Za-z0-9_]+$"
MODEL = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SCHEDULER = r"^(tcp|tls)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$"  # as Dask prints it
BIGQUERY = r"^[^@\s]+@[A-Za-z0-9-]+$"  # PROJECT[.DATASET]@LOCATION
Name = Annotated[str, Field(pattern=COLUMN, max_length=128)]
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def _share(value: object) -> object:
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(%?)\s*", value) if isinstance(value, str) else None
    share = float(match[1]) / (100 if match[2] else 1) if match else value
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"is {short_repr(value)}, which is not a share of a whole | write it like 5% or 0.05")
    return share


def _bytes(value: object) -> object:
    match = (
        re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?B?)\s*", value.upper()) if isinstance(value, str) else None
    )
    number = int(Decimal(match[1]) * UNITS[match[2] or "B"]) if match else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number < 2**63:
        raise ValueError(f"is {short_repr(value)}, which is not an amount of bytes | write it like 200GB")
    return number


def _expression(value: str) -> str:
    """In one line: a block of YAML ends with a line break, which no manifest may hold."""
    line = " ".join(value.split())
    Expression.parse(line)
    return line


def _rule_name(value: str) -> str:
    if has_controls(value):
        hint = "write the name without it, in one line"
        raise ValueError(f"is {short_repr(value)}, which has a control character | {hint}")
    return value


Share = Annotated[
    float,
    BeforeValidator(_share),
    Field(ge=0, le=1, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": "%$"}]}),
]
Bytes = Annotated[
    int,
    BeforeValidator(_bytes),
    Field(gt=0),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "[KMGT]?B$"}]}),
]
ExpressionText = Annotated[str, AfterValidator(_expression)]
RuleName = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_rule_name)]
