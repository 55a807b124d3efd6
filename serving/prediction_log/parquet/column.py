"""A column, and its values as Parquet's plain encoding has them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.prediction_log.parquet.thrift import I32, Struct, varint

_STRING = Struct({1: Struct({})})
_MILLISECONDS_UTC = Struct({8: Struct({1: True, 2: Struct({1: Struct({})})})})


def _numbers(form: str) -> Callable[[Sequence[Any]], bytes]:
    return lambda values: np.array(values, form).tobytes()


def _texts(values: Sequence[str]) -> bytes:
    """Each with its length before it."""
    encoded = [value.encode() for value in values]
    return b"".join([part for text in encoded for part in (len(text).to_bytes(4, "little"), text)])


@dataclass(frozen=True)
class ParquetType:
    """Parquet's number of the physical type, what its values mean, and how they become bytes."""

    physical: int
    plain: Callable[[Sequence[Any]], bytes]
    converted: int | None = None  # the meaning, for readers from before logical types
    logical: Struct | None = None


INT64 = ParquetType(2, _numbers("<i8"))
DOUBLE = ParquetType(5, _numbers("<f8"))
TEXT = ParquetType(6, _texts, converted=0, logical=_STRING)
TIME = ParquetType(2, _numbers("<i8"), converted=9, logical=_MILLISECONDS_UTC)  # Unix time in milliseconds


@dataclass(frozen=True)
class Column:
    """Only an optional one has None among its values."""

    name: str
    type: ParquetType
    is_optional: bool = False

    def page(self, values: Sequence[Any]) -> bytes:
        """The content of a data page: which values there are, then the values."""
        if not self.is_optional:
            return self.type.plain(values)
        levels = _definition_levels([value is not None for value in values])
        return levels + self.type.plain([value for value in values if value is not None])

    def element(self) -> Struct:
        """The column in the schema of the file."""
        converted = None if self.type.converted is None else I32(self.type.converted)
        repetition = I32(1 if self.is_optional else 0)
        return Struct({1: I32(self.type.physical), 3: repetition, 4: self.name, 6: converted, 10: self.type.logical})


def _definition_levels(present: Sequence[bool]) -> bytes:
    """One bit a value, as a single bit-packed run of the hybrid of runs and bits, with its length before it."""
    bits = np.packbits(np.array(present, np.bool_), bitorder="little").tobytes()
    run = varint(len(bits) << 1 | 1) + bits
    return len(run).to_bytes(4, "little") + run
