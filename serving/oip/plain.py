"""The plain form of a request, which nearly all have: strict JSON, each key once, a tensor of floats or texts for each
input. Reading it costs a few microseconds; anything else is left to request.py, which says what is wrong.
"""

from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from model.bundle.features import CategoryFeature
from model.bundle.manifest import BundleManifest
from serving.inputs import InputNumbers
from serving.keys import may_have_more
from serving.oip.tensor import TEXT_TYPE
from serving.oip.types import InferenceOptions, InferenceRequest, RequestOutput

FLOATS = frozenset(("FP64", "FP32"))
TEXTS = frozenset((TEXT_TYPE,))
INTEGER = frozenset((int,))
TENSOR_KEYS = ("name", "shape", "datatype", "data")
TENSOR = itemgetter(*TENSOR_KEYS)
REQUEST_KEYS, OUTPUT_KEYS = InferenceRequest.model_fields.keys(), RequestOutput.model_fields.keys()


class PlainRequest(NamedTuple):
    """A request's inputs as numbers, and the rest of it."""

    numbers: NDArray[np.float64]
    options: InferenceOptions


class PlainReader:
    """Built once per bundle."""

    def __init__(self, manifest: BundleManifest, numbers: InputNumbers, *, max_rows: int) -> None:
        self._numbers = numbers
        self._max_rows = max_rows
        self._datatypes = {
            feature.name: TEXTS if isinstance(feature, CategoryFeature) else FLOATS for feature in manifest.inputs
        }

    def read(self, body: bytes) -> PlainRequest | None:
        """None for anything but the plain form."""
        try:
            value = orjson.loads(body)
            columns = self._columns(value["inputs"])
            if columns is None or not value.keys() <= REQUEST_KEYS or may_have_more(body, _keys(value)):
                return None
            numbers = self._of_columns(columns)
            if numbers is None:
                return None
            del value["inputs"]
            return PlainRequest(numbers, InferenceOptions.model_validate(value))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):  # of whatever is there in place of it
            return None

    def _of_columns(self, columns: dict[str, list[Any]]) -> NDArray[np.float64] | None:
        """One row by look-ups: numpy takes longer to make its columns than all the rest."""
        if all(len(values) == 1 for values in columns.values()):
            return self._numbers.of_row({name: values[0] for name, values in columns.items()})
        return self._numbers.of_columns(columns)

    def _columns(self, tensors: Any) -> dict[str, list[Any]] | None:
        rows = tensors[0]["shape"][0]
        if type(rows) is not int or rows > self._max_rows:
            return None
        columns = {}
        for tensor in tensors:
            name, shape, datatype, data = TENSOR(tensor)
            if len(tensor) != len(TENSOR_KEYS) or datatype not in self._datatypes[name] or name in columns:
                return None
            if type(data) is not list or len(data) != rows:
                return None
            if shape not in ([rows], [rows, 1]) or not INTEGER.issuperset(map(type, shape)):  # 1.0 and true equal 1
                return None
            columns[name] = data
        return columns


def _keys(value: Any) -> int:
    """How many keys the request has, when each appears once. Raises KeyError for an unknown one of an output."""
    count = len(value) + len(TENSOR_KEYS) * len(value["inputs"]) + len(value.get("parameters") or ())
    for output in value.get("outputs") or ():
        if not output.keys() <= OUTPUT_KEYS:
            raise KeyError
        count += len(output) + len(output.get("parameters") or ())
    return count
