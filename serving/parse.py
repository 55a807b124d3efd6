"""Request bodies to the numbers that a scorer reads.

The plain way is taken by every body that is right, and costs a few microseconds: JSON, types of whole lists, look-ups.
Whatever it does not accept goes to body_check.py, which refuses it with every problem.
"""

from typing import NamedTuple

import numpy as np
import orjson
import pydantic
from numpy.typing import NDArray
from pydantic import JsonValue

from model.bundle.manifest import BundleManifest
from serving.body_check import BodyCheck, most_keys
from serving.inputs import InputNumbers
from serving.keys import may_have_more
from serving.log_keys import LogKeys

BATCH_FORMS = frozenset(("columns", "rows"))


class Batch(NamedTuple):
    """The rows of a batch as (rows, inputs), and what the caller says of them for the prediction log."""

    numbers: NDArray[np.float64]
    log: LogKeys | None


class RequestParser:
    """Built once per bundle."""

    def __init__(self, manifest: BundleManifest, *, max_rows: int) -> None:
        self._inputs = len(manifest.inputs)
        self._max_rows = max_rows
        self._most_keys = most_keys(manifest, max_rows)
        self._numbers = InputNumbers(manifest.inputs)
        self._check = BodyCheck(manifest, max_rows=max_rows)

    def row(self, body: bytes) -> NDArray[np.float64]:
        """One row as (1, inputs). Raises RequestError with the first problems."""
        if not may_have_more(body, self._inputs):
            numbers = self._numbers.of_row(_plain_json(body))
            if numbers is not None:
                return numbers
        numbers = self._numbers.of_row(self._check.row(body))
        assert numbers is not None  # the types accept it
        return numbers

    def batch(self, body: bytes) -> Batch:
        """Many rows, as columns or as rows. Raises RequestError with the first problems, TooLarge."""
        value = None if may_have_more(body, self._most_keys) else _plain_json(body)
        batch = self._batch(value)
        if batch is None or may_have_more(body, self._keys(value, len(batch.numbers))):
            batch = self._batch(self._check.batch(body))
        assert batch is not None  # the types accept it
        return batch

    def _batch(self, value: JsonValue) -> Batch | None:
        """None for anything but {"columns": …} or {"rows": …}, perhaps with "log", all of one length."""
        if not isinstance(value, dict):
            return None
        others = value.keys() - BATCH_FORMS
        if len(value) - len(others) != 1 or not others <= {"log"}:
            return None
        numbers = self._rows(value)
        if numbers is None or len(numbers) > self._max_rows:
            return None
        if value.get("log") is None:
            return Batch(numbers, None)
        try:
            log = LogKeys.model_validate(value["log"])
        except pydantic.ValidationError:
            return None
        return None if log.uneven(len(numbers)) else Batch(numbers, log)

    def _rows(self, value: dict[str, JsonValue]) -> NDArray[np.float64] | None:
        rows, columns = value.get("rows"), value.get("columns")
        if isinstance(rows, list) and rows and len(rows) <= self._max_rows:
            return self._numbers.of_rows(rows)
        return self._numbers.of_columns(columns) if isinstance(columns, dict) else None

    def _keys(self, value: JsonValue, rows: int) -> int:
        """How many keys such a body has when each appears once."""
        assert isinstance(value, dict)  # it has been read as a batch
        log = value.get("log")
        return len(value) + self._inputs * (rows if "rows" in value else 1) + (len(log) if isinstance(log, dict) else 0)


def _plain_json(body: bytes) -> JsonValue:
    """The value; null for what is not JSON, or not JSON for every parser."""
    try:
        value: JsonValue = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value
