"""A body's bytes into a value: strict JSON, and numbers that JSON has no words for kept as what they are."""

import json
import math
from typing import Any

import orjson

LONGEST_INTEGER = 18  # digits that every parser keeps as they are
MOST_READ_AGAIN = 1 << 20  # bytes; the second reading is slow, and only finds better words for a refusal


def parsed(body: bytes) -> Any:
    """The value. NaN, Infinity and numbers beyond float64 become floats that are not finite, for the types to refuse.

    Raises ValueError with the reason for anything that is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        value = _with_any_number(body) if len(body) <= MOST_READ_AGAIN else None
        if value is None:
            raise ValueError(str(error)) from None
        return value


def _with_any_number(body: bytes) -> Any:
    """The value of a body in which nothing but such numbers keeps it from being JSON, else None."""
    try:
        value = json.loads(body.decode(), parse_int=_integer)
        orjson.dumps(value)  # half a surrogate pair is a text to Python alone
    except (ValueError, RecursionError, orjson.JSONEncodeError):
        return None
    return value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def shown(value: object, longest: int) -> str:
    """A value in a few words: a number or text as it was written, cut to `longest` characters."""
    if isinstance(value, list | dict) and value:
        kind = "a list" if isinstance(value, list) else "an object"
        return f"{kind} of {len(value)}"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = orjson.dumps(value[:longest] if isinstance(value, str) else value).decode()
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
