"""Folders for the time of one build, and what became of those whose builder was killed."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "kamado-build-"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that goes with its builder. What builders that were killed have left is removed first: an
    unpacked image is a whole file system."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{PREFIX}*"):
        builder = left.name.removeprefix(PREFIX).partition("-")[0]
        if builder.isdecimal() and not Path("/proc", builder).exists():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=place) as folder:
        yield Path(folder).resolve()
