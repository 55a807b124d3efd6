"""Thrift's compact protocol, as much of it as Parquet's metadata needs.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from collections.abc import Sequence
from dataclasses import dataclass

_TRUE, _FALSE, _I32, _I64, _BINARY, _LIST, _STRUCT = 1, 2, 5, 6, 8, 9, 12


@dataclass(frozen=True)
class I32:
    value: int


@dataclass(frozen=True)
class I64:
    value: int


@dataclass(frozen=True)
class Struct:
    """Fields by number, in ascending order; None is left out. A union is a struct with one field."""

    fields: dict[int, "Value | None"]


Value = I32 | I64 | str | bool | Struct | Sequence["Value"]


def encode(struct: Struct) -> bytes:
    """A struct with the end that every struct has."""
    out = bytearray()
    last = 0
    for number, value in struct.fields.items():
        if value is not None:
            out.append((number - last) << 4 | _kind(value))  # numbers of Parquet differ by less than 16
            last = number
            if not isinstance(value, bool):  # whose value is its kind
                out += _encoded(value)
    out.append(0)
    return bytes(out)


def varint(number: int) -> bytes:
    """A number from 0 on, seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _kind(value: Value) -> int:
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    kinds = {I32: _I32, I64: _I64, str: _BINARY, Struct: _STRUCT}
    return kinds.get(type(value), _LIST)


def _encoded(value: Value) -> bytes:
    if isinstance(value, I32 | I64):
        return varint(value.value << 1 if value.value >= 0 else (-value.value << 1) - 1)  # zigzag
    if isinstance(value, str):
        text = value.encode()
        return varint(len(text)) + text
    if isinstance(value, Struct):
        return encode(value)
    assert not isinstance(value, bool)  # in no list of Parquet
    return _list(value)


def _list(values: Sequence[Value]) -> bytes:
    kind = _kind(values[0]) if values else _STRUCT
    length = len(values)
    head = bytes([length << 4 | kind]) if length < 15 else bytes([0xF0 | kind]) + varint(length)
    return head + b"".join(map(_encoded, values))
