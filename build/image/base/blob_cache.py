"""Blobs kept on this machine by digest, fetched once, verified before they take their name."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from build.image.base.base import BaseError
from build.oci.image import Blob
from build.oci.store import ImageReader
from model.errors import Problem

CHUNK = 1 << 20


class CachedReader:
    """An ImageReader whose blobs are kept in `folder`. Several builders may fetch the same one at once; the last rename
    wins, with equal bytes."""

    def __init__(self, reader: ImageReader, folder: Path) -> None:
        self.reader, self.folder = reader, folder

    @property
    def name(self) -> str:
        return self.reader.name

    def tags(self) -> list[str]:
        return self.reader.tags()

    def resolve(self, name: str) -> str | None:
        return self.reader.resolve(name)

    def manifest(self, digest: str) -> bytes:
        return self.reader.manifest(digest)

    def referrers(self, digest: str) -> list[Blob]:
        return self.reader.referrers(digest)

    def blob(self, digest: str) -> BinaryIO:
        """From the folder, which has it afterwards. Raises BaseError when other bytes arrive."""
        path = self.folder / digest.removeprefix("sha256:")
        if not path.exists():
            self._fetch(path, digest)
        return path.open("rb")

    def _fetch(self, path: Path, digest: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder)
        try:
            sha256 = hashlib.sha256()
            with os.fdopen(handle, "wb") as file, self.reader.blob(digest) as source:
                while data := source.read(CHUNK):
                    sha256.update(data)
                    file.write(data)
                file.flush()
                os.fsync(file.fileno())
            refuse_other_digest(f"sha256:{sha256.hexdigest()}", digest, f"base {self.name}")
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


def refuse_other_digest(actual: str, digest: str, source: str) -> None:
    """Content is what its digest says, or it is not used."""
    if actual != digest:
        hint = "Something between here and there changes bytes, or the source is damaged; push the base again"
        raise BaseError(Problem(source, f"sends {actual} for {digest}", hint, "base-digest"))
