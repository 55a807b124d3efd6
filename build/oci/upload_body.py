"""A blob as the body of a request."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from build.oci.image import Blob
from model.errors import OutputError, Problem

CHUNK = 1 << 20


class UploadBody:
    """Hashed on its way: of wrong content the last chunk is never sent."""

    def __init__(self, blob: Blob) -> None:
        self.blob = blob
        self.source: BinaryIO = blob.open()
        self.sha256 = hashlib.sha256()
        self.sent = 0

    def __len__(self) -> int:
        return self.blob.size

    def read(self, _: int = CHUNK) -> bytes:
        """Raises OutputError for bytes that are not those of the digest."""
        data = self.source.read(CHUNK) if self.sent < self.blob.size else b""
        if not data and self.sent == self.blob.size:
            self.source.close()
            return b""
        self.sha256.update(data)
        self.sent += len(data)
        ended = not data or self.sent >= self.blob.size
        if ended and (self.sent, f"sha256:{self.sha256.hexdigest()}") != (self.blob.size, self.blob.digest):
            self.source.close()
            hint = "Nothing was tagged. Build again; if it stays, the base in its registry or cache is damaged"
            raise OutputError(Problem(f"blob {self.blob.digest}", "does not match its digest", hint, "blob-digest"))
        return data

    def __iter__(self) -> Iterator[bytes]:  # requests streams what can be iterated
        while data := self.read():
            yield data
