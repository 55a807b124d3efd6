"""A lock file: one holder at a time on this machine. It is free when its holder ends, in whatever way."""

from pathlib import Path

from filelock import FileLock


def file_lock(path: Path) -> FileLock:
    """Not locked yet; `with` waits for it. A thread that holds it may enter it again, by another call as well.

    Entering raises OSError when `path` cannot be written.
    """
    return FileLock(path, is_singleton=True)
