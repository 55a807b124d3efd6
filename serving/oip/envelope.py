"""The JSON object of an inference, before its tensors are read: strict JSON, known keys once, of the right types."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import orjson
import pydantic
from pydantic import BaseModel, JsonValue

from model.errors import Problem
from serving.body_problems import MAX_PROBLEMS
from serving.errors import RequestError
from serving.json_body import excerpt, parse_json
from serving.keys import may_have_more
from serving.oip.types import InferenceRequest, RequestInput, RequestOutput

MAX_VALUE_LENGTH = 60
EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "too_short": "at least one",
}
NESTED: dict[str, type[BaseModel]] = {"inputs": RequestInput, "outputs": RequestOutput}


def parse_request(text: bytes) -> InferenceRequest:
    """Raises RequestError with the first problems."""
    value: JsonValue
    try:
        value, reason = orjson.loads(text), ""
    except orjson.JSONDecodeError as error:
        value, reason = _almost_json(text, str(error)), str(error)
    _refuse_unknown_keys(value)
    _refuse_duplicate_keys(text, value)
    try:
        request = InferenceRequest.model_validate(value)
    except pydantic.ValidationError as error:
        details = error.errors(include_url=False, include_context=False)[:MAX_PROBLEMS]
        raise RequestError(*(_problem(detail["loc"], detail["type"], detail["input"]) for detail in details)) from None
    if reason:
        raise RequestError(*([*islice(_not_finite(request), MAX_PROBLEMS)] or [_not_json(reason)]))
    return request


def _almost_json(text: bytes, reason: str) -> JsonValue:
    """With numbers that JSON does not have. Raises RequestError."""
    try:
        return parse_json(text)
    except ValueError:
        raise RequestError(_not_json(reason)) from None


def _not_json(reason: str) -> Problem:
    return Problem("body", f"is not JSON ({reason})", "Send one JSON object", "json")


def _not_finite(request: InferenceRequest) -> Iterator[Problem]:
    for tensor in request.inputs:
        for index, value in enumerate(tensor.data or []):
            if isinstance(value, float) and not math.isfinite(value):
                where = f"{tensor.name:.{MAX_VALUE_LENGTH}}[{index}]"
                hint = "Send a finite number, or null when it is not known"
                yield Problem(where, f"is {value}", hint, "number")


def path(location: tuple[str | int, ...]) -> str:
    """inputs[0].shape, or body."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step:.{MAX_VALUE_LENGTH}}" for step in location]
    return "".join(steps).removeprefix(".") or "body"


def _problem(location: tuple[str | int, ...], kind: str, value: object) -> Problem:
    if kind == "missing":
        return Problem(path(location), "is missing", "The protocol requires it", "missing")
    expected = EXPECTED.get(kind, "what the protocol has there")
    return Problem(path(location), f"is {excerpt(value, MAX_VALUE_LENGTH)}", f"Send {expected}", "tensor-object")


def _refuse_unknown_keys(value: JsonValue) -> None:
    unknown = (
        Problem(path((*location, key)), "is not a key of the protocol", "Remove it", "extra")
        for location, item, known in _objects(value)
        for key in item
        if key not in known.model_fields
    )
    if problems := [*islice(unknown, MAX_PROBLEMS)]:
        raise RequestError(*problems)


def _refuse_duplicate_keys(text: bytes, value: JsonValue) -> None:
    """A parser keeps the last of two equal keys, so that fewer keys come out than the text has."""
    count = sum(len(item) for _, item, _ in _objects(value))
    count += sum(len(own) for _, item, _ in _objects(value) if isinstance(own := item.get("parameters"), dict))
    if may_have_more(text, count):
        json.loads(text, object_pairs_hook=_once, parse_int=float)  # an integer may have too many digits for int


def _once(pairs: list[tuple[str, JsonValue]]) -> None:
    counts = Counter(key for key, _ in pairs)
    if len(counts) < len(pairs):
        twice = islice((key for key, count in counts.items() if count > 1), MAX_PROBLEMS)
        raise RequestError(*(Problem(path((key,)), "appears twice", "Send every key once", "twice") for key in twice))


def _objects(value: JsonValue) -> Iterator[tuple[tuple[str | int, ...], dict[str, JsonValue], type[BaseModel]]]:
    """Where each object is that has keys of the protocol, the object, and its type."""
    if not isinstance(value, dict):
        return
    yield (), value, InferenceRequest
    for name, known in NESTED.items():
        items = value.get(name)
        for index, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, dict):
                yield (name, index), item, known
