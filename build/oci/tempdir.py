"""Temporary folders of builds. Those whose builder was killed are removed by the next build."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from model.errors import OutputError, Problem

PREFIX = "kamado-build-"
LOCK = ".builder"  # locked as long as the builder lives, in whatever way it ends
CONTENT = "content"


@contextlib.contextmanager
def scratch(parent: Path | None = None) -> Iterator[Path]:
    """An empty folder in `parent`, by default that for temporary files, which is removed with its builder.

    Folders of builders that were killed are removed first: an unpacked image is a whole file system.
    """
    parent = (parent or Path(tempfile.gettempdir())).resolve()
    for abandoned in parent.glob(f"{PREFIX}*"):
        _remove_if_abandoned(abandoned)
    folder, lock = _locked(parent)
    with lock:
        try:
            (folder / CONTENT).mkdir()
            yield folder / CONTENT
        finally:
            _remove(folder)


@contextlib.contextmanager
def refusing_without_room() -> Iterator[None]:
    """For work in temporary folders, where layers are written and images unpacked, and in the cache.

    Raises OutputError, which names the folder, in place of OSError.
    """
    try:
        yield
    except OSError as error:
        where = error.filename2 or error.filename or tempfile.gettempdir()
        problem = f"cannot be worked in ({error.strerror or error})"
        hint = "Free some space, or set TMPDIR and KAMADO_CACHE to folders where this user may write"
        raise OutputError(Problem(str(where), problem, hint, "work-unwritable")) from error


def _locked(parent: Path) -> tuple[Path, TextIO]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        # Until it is locked, another builder may take it for one that was left, and remove it.
        with contextlib.suppress(FileNotFoundError):
            lock = (folder / LOCK).open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(lock.fileno()).st_nlink:
                return folder, lock
            lock.close()


def _remove_if_abandoned(folder: Path) -> None:
    """Of this user, and a folder: others may put what they like into a temporary folder."""
    with contextlib.suppress(OSError):
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            return
        folder.rmdir()  # empty: its builder was killed before it had a lock
    with contextlib.suppress(OSError), open(folder / LOCK, opener=_without_waiting) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(folder)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _remove(folder: Path) -> None:
    """The lock goes last: where a removal is killed, the next builder goes on with it."""
    shutil.rmtree(folder / CONTENT, ignore_errors=True)
    with contextlib.suppress(OSError):
        if not (folder / CONTENT).exists():
            (folder / LOCK).unlink()
            folder.rmdir()
