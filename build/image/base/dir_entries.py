"""A folder on disk as the entries of a layer: its times and owners are left behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

from build.oci.layer import TarEntry


def entries(root: Path, prefix: str, *, needed: Callable[[str], bool]) -> Iterator[TarEntry]:
    """Files and links under `root`, their names behind `prefix`; no empty folder. `needed` takes names in `root`."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if not needed(name):
            continue
        target = f"{prefix}/{name}" if prefix else name
        if path.is_symlink():
            yield TarEntry(target, link=str(path.readlink()))
        else:
            yield TarEntry(target, 0o755 if path.stat().st_mode & 0o100 else 0o644, data=path)
