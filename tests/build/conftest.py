"""What is too slow to make twice in the tests of build."""

import os
import shutil
from pathlib import Path

import pytest

from build.gate.gate import VerifiedBundle, verify_or_raise
from build.image.base.base import architecture
from build.image.base.build_base import build_base
from build.image.base.kernel_layer import kernel_entry
from build.image.base.wheels import CannotMake
from build.settings import cache_folder
from tests.once import once


@pytest.fixture(scope="session")
def passed(valid_bundle, verdict) -> VerifiedBundle:
    """The gate's result for them, computed once."""
    return verify_or_raise(valid_bundle, verdict)


@pytest.fixture(scope="session")
def server_cache(run_folder) -> Path:
    """A cache with a server base in it, built from nothing but this machine's kernel. Tests only read it."""

    def make(folder: Path) -> None:
        try:
            kernel_entry(cache_folder(os.environ), architecture(), report=lambda _: None)
            shutil.copytree(cache_folder(os.environ) / "kernel", folder / "kernel")
            build_base(folder, report=lambda _: None)
        except CannotMake as reason:
            pytest.skip(f"no base can be built here: {reason}")

    return once(run_folder / "cache", make)
