"""A real registry for tests, the one of `kamado registry`."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.local_registry import local_registry


@contextlib.contextmanager
def registry(folder: Path) -> Iterator[str]:
    """`127.0.0.1:PORT` of a registry that keeps its content in `folder`. Skips, with the reason, without one."""
    if shutil.which("docker-registry") is None:
        pytest.skip("needs a registry to read from: apt-get install docker-registry")
    with local_registry(folder) as host:
        yield host
