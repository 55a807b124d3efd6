"""The binary tensor data extension: the tensors follow the JSON object in the body, in the order of their objects.

Little-endian, without gaps; each text is preceded by its length in bytes as an unsigned 32-bit integer. The header
Inference-Header-Content-Length has the length of the JSON object. KServe's and Triton's clients send it so by default.
Described at github.com/triton-inference-server/server, docs/protocol/extension_binary_data.md.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import Problem
from serving.errors import RequestError
from serving.json_body import excerpt
from serving.oip.types import RequestInput

EXTENSION = "binary_tensor_data"
HEADER = "inference-header-content-length"
CONTENT_TYPE = b"application/octet-stream"
BINARY_SIZE = "binary_data_size"
NUMBER_TYPES: dict[str, np.dtype[Any]] = {
    "FP64": np.dtype("<f8"),
    "FP32": np.dtype("<f4"),
    "INT64": np.dtype("<i8"),
    "INT32": np.dtype("<i4"),
}
LENGTH = struct.Struct("<I")


def split(body: bytes, length: str | None) -> tuple[bytes, bytes]:
    """The JSON object and the tensors behind it; `length` is the header's value. Raises RequestError."""
    if length is None:
        return body, b""
    if not (length.isascii() and length.isdecimal() and len(length) < 20 and int(length) <= len(body)):
        problem = f"is {length:.30}, the body has {len(body)} bytes"
        raise RequestError(Problem(HEADER, problem, "Send the length of the JSON object", "tensor-binary"))
    return body[: int(length)], body[int(length) :]


def binary_parts(inputs: Sequence[RequestInput], binary: bytes) -> list[bytes | None]:
    """The bytes of each tensor that says its size. Raises RequestError unless they are all bytes."""
    parts: list[bytes | None] = []
    at = 0
    for source in inputs:
        size = source.parameters.get(BINARY_SIZE) if source.parameters else None
        if size is None:
            parts.append(None)
            continue
        rest = len(binary) - at
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= rest:
            where = f"{source.name:.60}.parameters.{BINARY_SIZE}"
            problem = f"is {excerpt(size, 30)}, where {rest} bytes are left behind the JSON object"
            hint = f"Send the size of this tensor, and the header {HEADER}"
            raise RequestError(Problem(where, problem, hint, "tensor-binary"))
        parts.append(binary[at : at + size])
        at += size
    if at != len(binary):
        hint = f"Give each tensor there its {BINARY_SIZE}, in the same order"
        problem = f"has {len(binary) - at} bytes that belong to no tensor"
        raise RequestError(Problem("body", problem, hint, "tensor-binary"))
    return parts


def read_numbers(data: bytes, datatype: str, rows: int) -> list[float | int | None]:
    """One value per row; NaN is a missing value. Raises ValueError for another number of bytes."""
    kind = NUMBER_TYPES[datatype]
    if len(data) != rows * kind.itemsize:
        raise ValueError(f"has {len(data)} bytes, {rows} values of {datatype} have {rows * kind.itemsize}")
    values: list[float | int] = np.frombuffer(data, kind).tolist()
    return [None if value != value else value for value in values]


def read_texts(data: bytes, rows: int) -> list[str]:
    """One text per row. Raises ValueError for another number of texts, or for one that is not UTF-8."""
    texts, at = list[str](), 0
    while at < len(data) and len(texts) <= rows:
        if at + LENGTH.size > len(data):
            raise ValueError(f"ends inside of the length of text {len(texts)}")
        (length,) = LENGTH.unpack_from(data, at)
        at += LENGTH.size
        if length > len(data) - at:
            raise ValueError(f"ends inside of text {len(texts)}, which has {length} bytes")
        try:
            texts.append(data[at : at + length].decode())
        except UnicodeDecodeError:
            raise ValueError(f"has text {len(texts)} in another encoding than UTF-8") from None
        at += length
    if len(texts) != rows:
        raise ValueError(f"has {'more' if len(texts) > rows else len(texts)} texts, its shape says {rows}")
    return texts


def write_numbers(values: NDArray[np.float64]) -> bytes:
    """FP64."""
    return values.astype("<f8").tobytes()


def write_texts(texts: Sequence[str]) -> bytes:
    """BYTES."""
    encoded = [text.encode() for text in texts]
    return b"".join(part for text in encoded for part in (LENGTH.pack(len(text)), text))
