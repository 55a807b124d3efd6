"""Bytes from elsewhere on their way: hashed, and never more of them than agreed."""

import hashlib
from io import BufferedReader, RawIOBase
from typing import BinaryIO


class HashingReader(RawIOBase):
    """Reads on from `source`. Raises ValueError once more than `most` bytes have come."""

    def __init__(self, source: BinaryIO, *, most: float = float("inf")) -> None:
        self.source, self.most = source, most
        self.size, self.sha256 = 0, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.source.read(len(buffer))
        self.size += len(data)
        if self.size > self.most:
            raise ValueError(f"it has more than {self.most:,} bytes")
        self.sha256.update(data)
        buffer[: len(data)] = data
        return len(data)

    def buffered(self) -> BufferedReader:
        return BufferedReader(self)

    def digest(self) -> str:
        """Of all that there is to read: the rest of it is read now."""
        while self.read(1 << 20):
            pass
        return f"sha256:{self.sha256.hexdigest()}"
