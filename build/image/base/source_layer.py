"""Our own layer of the server: model/ and serving/ as they are in this checkout."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from build.image.base.dir_entries import entries
from build.oci.layer import TarEntry

ROOT = Path(__file__).resolve().parents[3]
HOME = "opt/kamado"
PACKAGES = ("model", "serving")
# The reader of specs belongs to training: its edits leave the server's digest alone.
LEFT_OUT = "model/spec/"


def code() -> list[TarEntry]:
    """Every file of the packages that a server imports."""
    return [entry for entry in packages(PACKAGES) if not entry.name.startswith(f"{HOME}/{LEFT_OUT}")]


def packages(names: Iterable[str]) -> Iterator[TarEntry]:
    """Every file of these packages as it lies in an image, without caches and pages for people."""
    for package in names:
        for entry in entries(ROOT / package, package, needed=_is_code):
            yield TarEntry(f"{HOME}/{entry.name}", 0o644, data=entry.data)


def _is_code(name: str) -> bool:
    """The kernel's library, which is compiled of this code, is a layer of its own."""
    parts = name.split("/")
    return "__pycache__" not in parts and not parts[-1].startswith(".") and not name.endswith((".md", ".so", ".dylib"))


def code_key(files: list[TarEntry]) -> str:
    """Over names and content."""
    lines = (f"{entry.name} {_sha256(entry)}" for entry in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _sha256(entry: TarEntry) -> str:
    data = entry.data.read_bytes() if isinstance(entry.data, Path) else entry.data or b""
    return hashlib.sha256(data).hexdigest()
