"""Slow fixtures, made once for all test processes: the first process makes one, the others wait for it."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, which `make` has filled; it is made again after a `make` that raised."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder.with_name(f"{folder.name}.done")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(folder)
            done.touch()
    return folder


def folder_of_run(own: Path) -> Path:
    """The folder that all processes of one test run share; `own` is the folder of this process."""
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
