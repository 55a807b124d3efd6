"""Folders for the time of one build, and what became of those whose builder was killed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

PREFIX = "kamado-build-"
LOCK = ".builder"  # locked as long as the builder lives, in whatever way it ends


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that goes with its builder. What builders that were killed have left is removed first: an
    unpacked image is a whole file system."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{PREFIX}*"):
        _remove_if_left(left)
    with _locked(place) as folder:
        (content := folder / "content").mkdir()
        yield content


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[Path]:
    while True:
        with tempfile.TemporaryDirectory(prefix=PREFIX, dir=place, ignore_cleanup_errors=True) as folder:
            lock = _lock(Path(folder))
            if lock is not None:
                with lock:
                    yield Path(folder).resolve()
                return


def _lock(folder: Path) -> TextIO | None:
    """None when another builder took the folder for one that was left, in the moment before it was locked."""
    try:
        lock = (folder / LOCK).open("w")
    except FileNotFoundError:
        return None
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.fstat(lock.fileno()).st_nlink:
        return lock
    lock.close()
    return None


def _remove_if_left(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()  # empty: its builder was killed before it had a lock
    with contextlib.suppress(OSError), (folder / LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
