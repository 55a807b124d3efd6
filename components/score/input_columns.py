"""Arrow columns to the values that a row scorer reads: numbers as they are, categories as codes, NaN where missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from model.arrays import Floats
from model.bundle.features import CategoryFeature, Input

NUMBERS = "integers, floats, decimals or booleans"
TEXTS = "texts, integers or booleans"


@dataclass(frozen=True)
class TypeProblem:
    """Why a column cannot be an input, and the way out."""

    text: str
    hint: str


def type_problem(feature: Input, kind: pa.DataType) -> TypeProblem | None:
    """None for a type that training reads in the same way."""
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    whole = pa.types.is_integer(values) or pa.types.is_boolean(values) or pa.types.is_null(values)
    if feature.kind == "number":
        if whole or pa.types.is_floating(values) or pa.types.is_decimal(values):
            return None
        return TypeProblem(f"is {kind}, the model reads a number", f"Write it as {NUMBERS}")
    if whole or pa.types.is_string(values) or pa.types.is_large_string(values) or pa.types.is_string_view(values):
        return None
    return TypeProblem(f"is {kind}, the model reads a category", f"Write it as {TEXTS}, in the form that training read")


class BatchEncoder:
    """Batches to matrices of inputs. Each distinct text of a dictionary is looked up once."""

    def __init__(self, features: Sequence[Input]) -> None:
        self._features = tuple(features)
        self._codes = {feature.name: _Codes(feature) for feature in features if isinstance(feature, CategoryFeature)}

    def values(self, batch: pa.RecordBatch) -> Floats:
        """float64 (rows, inputs), C-ordered: NaN where missing, a code beyond the known ones for any other category."""
        matrix = np.empty((batch.num_rows, len(self._features)), np.float64)
        for index, feature in enumerate(self._features):
            column, codes = batch.column(feature.name), self._codes.get(feature.name)
            matrix[:, index] = _numbers(column) if codes is None else codes.of(column)
        return matrix


def _numbers(column: pa.Array) -> Floats:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    numbers: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


class _Codes:
    """Codes of one category; those of the last dictionary stay, because batches of a file share it."""

    def __init__(self, feature: CategoryFeature) -> None:
        self._feature = feature
        self._dictionary: pa.Array | None = None
        self._table: Floats = np.empty(0)

    def of(self, column: pa.Array) -> Floats:
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        if self._dictionary is None or not column.dictionary.equals(self._dictionary):
            self._dictionary = column.dictionary
            self._table = np.append(self._feature.codes(_texts(column.dictionary)), np.nan).astype(np.float64)
        indices = column.indices.cast(pa.int64()).fill_null(len(self._table) - 1)
        return self._table[_indices(indices)]


def _texts(column: pa.Array) -> list[str | None]:
    """Bytes that are not UTF-8 become a text that no category is: pyarrow reads them from a file as they are."""
    texts = column.cast(pa.string()).cast(pa.binary()).to_pylist()
    return [None if text is None else text.decode("utf-8", errors="surrogateescape") for text in texts]


def _indices(column: pa.Array) -> NDArray[np.int64]:
    indices: NDArray[np.int64] = column.to_numpy(zero_copy_only=False)
    return indices
