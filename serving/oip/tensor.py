"""One tensor of a request to a column: its values, one per row, or what is wrong with it."""

from dataclasses import dataclass
from typing import Any

from model.bundle.features import CategoryFeature, Input
from model.errors import Problem
from serving.oip.binary import BINARY_SIZE, NUMBER_TYPES, read_numbers, read_texts
from serving.oip.types import RequestInput

TEXT_TYPE = "BYTES"
SHAPE_HINT = "Send one tensor for each input, named like it, with the shape [rows] or [rows, 1]"


@dataclass(frozen=True)
class Tensor:
    """A tensor of the input `feature`; `raw` are the bytes of one in binary form."""

    feature: Input
    source: RequestInput
    raw: bytes | None

    def problem(self) -> Problem | None:
        """What is wrong with its datatype or shape, or where it has no data or too much."""
        name = self.source.name
        kinds = [TEXT_TYPE] if isinstance(self.feature, CategoryFeature) else [*NUMBER_TYPES]
        if self.source.datatype not in kinds:
            problem = f"is {self.source.datatype:.20}"
            return Problem(f"{name}.datatype", problem, f"Send {' or '.join(kinds)} for this input", "tensor-datatype")
        if not has_column_shape(self.source):
            return shape_problem(self.source)
        if self.raw is not None and self.source.data is not None:
            return Problem(f"{name}.data", f"is there beside {BINARY_SIZE}", "Send one of them", "tensor-binary")
        if self.raw is None and self.source.data is None:
            hint = f"Send it, or bytes behind the JSON object and their {BINARY_SIZE}"
            return Problem(f"{name}.data", "is missing", hint, "missing")
        return None

    @property
    def rows(self) -> int:
        """As its shape says; only for a tensor without a problem."""
        return self.source.shape[0]

    @property
    def is_integer(self) -> bool:
        return self.source.datatype.startswith("INT")

    def values(self) -> list[Any]:
        """One per row, not yet validated; None is a missing value. Raises ValueError for another number of values."""
        if self.raw is None:
            values = _flat(self.source.data or [])
            if len(values) != self.rows:
                raise ValueError(f"has {len(values)} values, its shape says {self.rows}")
            return values
        if self.source.datatype == TEXT_TYPE:
            return [*read_texts(self.raw, self.rows)]
        return [*read_numbers(self.raw, self.source.datatype, self.rows)]


def has_column_shape(source: RequestInput) -> bool:
    return len(source.shape) in (1, 2) and source.shape[0] >= 0 and source.shape[1:] in ([], [1])


def shape_problem(source: RequestInput) -> Problem:
    """A matrix is refused: only names tell which of its columns is which input."""
    return Problem(f"{source.name:.60}.shape", f"is {source.shape!s:.40}", SHAPE_HINT, "tensor-shape")


def _flat(data: list[Any]) -> list[Any]:
    """A shape of [rows, 1] may be written out as lists of one value. Raises ValueError for other lists among them."""
    if not data or not isinstance(data[0], list):
        return data
    for index, row in enumerate(data):
        if not isinstance(row, list) or len(row) != 1:
            raise ValueError(f"has another thing than a list of one value as row {index}")
    return [row[0] for row in data]
