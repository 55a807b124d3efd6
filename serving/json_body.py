"""Strict JSON bodies, in which numbers that JSON cannot express are kept for a precise error message."""

import json
import math

import orjson
from pydantic import JsonValue

MAX_INTEGER_DIGITS = 18  # every parser keeps so many digits exactly
MAX_REPARSED_BYTES = 1 << 20  # the second parse is slow, and only gives a better error message


def parse_json(body: bytes) -> JsonValue:
    """The value. NaN, Infinity and numbers beyond float64 become non-finite floats, which the types refuse.

    Raises ValueError with the reason for anything that is not JSON.
    """
    try:
        value: JsonValue = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        value = _parse_with_any_number(body) if len(body) <= MAX_REPARSED_BYTES else None
        if value is None:
            raise ValueError(str(error)) from None
    return value


def _parse_with_any_number(body: bytes) -> JsonValue:
    """The value of a body that is JSON but for such numbers, else None."""
    try:
        value: JsonValue = json.loads(body.decode(), parse_int=_integer)
        orjson.dumps(value)  # only Python accepts half a surrogate pair in a string
    except (ValueError, RecursionError, orjson.JSONEncodeError):
        return None
    return value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else float(digits)


def excerpt(value: object, length: int) -> str:
    """A value for an error message: a number or string as it was sent, cut to `length` characters."""
    if isinstance(value, list | dict) and value:
        kind = "a list" if isinstance(value, list) else "an object"
        return f"{kind} of {len(value)}"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = orjson.dumps(value[:length] if isinstance(value, str) else value).decode()
    return text if len(text) <= length else f"{text[: length - 3]}..."
