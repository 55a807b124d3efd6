"""A strict reader of the Universal Binary JSON that XGBoost writes.

XGBoost's own reader reads past the end of malformed files and loads what no training wrote. This one accepts exactly
what XGBoost 3 writes. It refuses other markers, duplicate keys, trailing bytes, lengths beyond the file, deep nesting.
"""

import struct
import sys
from array import array
from typing import Any, TypeAlias

Ubjson: TypeAlias = "dict[str, Ubjson] | list[Ubjson] | array[int] | array[float] | str | int | float | bool | None"
DEPTH = 32
NUMBERS = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
LENGTH = struct.Struct(">q")
ARRAYS = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
CONSTANTS = {"T": True, "F": False, "Z": None}


class NotUbjson(ValueError):
    """The message names the byte and what is there."""


def parse(data: bytes) -> Ubjson:
    """The value; typed arrays come as `array.array`. Raises NotUbjson."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise NotUbjson(f"{len(data) - reader.at} byte(s) follow the end, from byte {reader.at}")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise NotUbjson(f"ends at byte {len(self.data)} where {size} more were expected from byte {self.at}")
        self.at += size
        return self.data[self.at - size : self.at]

    def marker(self) -> str:
        return self.take(1).decode("latin-1")

    def expect(self, marker: str) -> None:
        if self.data[self.at : self.at + 1] == marker.encode():
            self.at += 1
        else:
            actual = self.marker()
            raise NotUbjson(f"{actual!r} at byte {self.at - 1}, expected {marker!r}")

    def number(self, kind: str) -> int | float:
        form = NUMBERS[kind]
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return float(value) if kind in "dD" else int(value)

    def length(self) -> int:
        if self.data[self.at : self.at + 1] == b"L" and self.at + 9 <= len(self.data):
            size = int(LENGTH.unpack_from(self.data, self.at + 1)[0])
            self.at += 9
        else:
            self.expect("L")
            size = int(self.number("L"))
        if not 0 <= size <= len(self.data):
            raise NotUbjson(f"length {size} at byte {self.at - 8} is beyond the file")
        return size

    def text(self) -> str:
        raw = self.take(self.length())
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise NotUbjson(f"text that ends at byte {self.at} is not UTF-8") from None

    def value(self, depth: int) -> Ubjson:
        if depth > DEPTH:
            raise NotUbjson(f"nested deeper than {DEPTH} at byte {self.at}")
        marker = self.marker()
        if marker in NUMBERS:
            return self.number(marker)
        if marker in CONSTANTS:
            return CONSTANTS[marker]
        if marker == "S":
            return self.text()
        if marker == "{":
            return self.object(depth)
        if marker == "[":
            return self.list(depth)
        raise NotUbjson(f"unknown marker {marker!r} at byte {self.at - 1}")

    def object(self, depth: int) -> dict[str, Ubjson]:
        pairs: dict[str, Ubjson] = {}
        while self.data[self.at : self.at + 1] != b"}":
            key = self.text()
            if key in pairs:
                raise NotUbjson(f"duplicate key {key!r} at byte {self.at}")
            pairs[key] = self.value(depth + 1)
        self.at += 1
        return pairs

    def list(self, depth: int) -> Ubjson:
        if self.data[self.at : self.at + 1] == b"$":
            self.at += 1
            return self.typed()
        self.expect("#")
        return [self.value(depth + 1) for _ in range(self.length())]

    def typed(self) -> "array[int] | array[float]":
        kind = self.marker()
        if kind not in ARRAYS:
            raise NotUbjson(f"array of {kind!r} at byte {self.at - 1}")
        self.expect("#")
        numbers: array[Any] = array(ARRAYS[kind])
        numbers.frombytes(self.take(self.length() * numbers.itemsize))
        if sys.byteorder == "little":
            numbers.byteswap()  # UBJSON is big-endian
        return numbers
