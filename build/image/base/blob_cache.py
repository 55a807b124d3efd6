"""Blobs kept on this machine by digest, fetched once, verified before they take their name."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from build.image.base.base import BaseError
from model.errors import Problem


class Blobs:
    """A folder of blobs. Several builders may fetch the same one at once; the last rename wins, with equal bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, digest: str, fetch: Callable[[], Iterator[bytes]], *, source: str) -> BinaryIO:
        """The blob, from here or from `fetch`. Raises BaseError when what `source` sends has another digest."""
        path = self.folder / digest.removeprefix("sha256:")
        if not path.exists():
            self._fetch(path, digest, fetch, source)
        return path.open("rb")

    def _fetch(self, path: Path, digest: str, fetch: Callable[[], Iterator[bytes]], source: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder)
        try:
            sha256 = hashlib.sha256()
            with os.fdopen(handle, "wb") as file:
                for data in fetch():
                    sha256.update(data)
                    file.write(data)
                file.flush()
                os.fsync(file.fileno())
            refuse_other(f"sha256:{sha256.hexdigest()}", digest, source)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


def refuse_other(found: str, digest: str, source: str) -> None:
    """Content is what its digest says, or it is not used."""
    if found != digest:
        hint = "Something between here and there changes bytes, or the source is damaged; push the base again"
        raise BaseError(Problem(source, f"sends {found} for {digest}", hint, "base-digest"))
