"""One valid bundle for the whole package. Tests read it; what changes it works on copies."""

import shutil
from pathlib import Path

import pytest

from build.gate.gate import VerifiedBundle, verify_or_raise
from build.image.base.build_base import build_base
from build.image.base.wheels import CannotMake
from tests.build.valid_bundle import sound_bundle, verdict_of
from tests.once import once


@pytest.fixture(scope="session")
def valid_bundle(tmp_path_factory) -> Path:
    return sound_bundle(tmp_path_factory.mktemp("valid") / "bundle")


@pytest.fixture(scope="session")
def verdict(valid_bundle, tmp_path_factory) -> Path:
    return verdict_of(valid_bundle, tmp_path_factory.mktemp("verdict") / "verdict.json")


@pytest.fixture(scope="session")
def passed(valid_bundle, verdict) -> VerifiedBundle:
    """The gate's result for them, computed once."""
    return verify_or_raise(valid_bundle, verdict)


@pytest.fixture(scope="session")
def server_cache(run_folder) -> Path:
    """A cache with a server base in it, built from nothing. Tests only read it."""

    def make(folder: Path) -> None:
        try:
            build_base(folder, report=lambda _: None)
        except CannotMake as reason:
            pytest.skip(f"no base can be built here: {reason}")

    return once(run_folder / "cache" / "base", make)


@pytest.fixture
def bundle(valid_bundle, tmp_path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(valid_bundle, tmp_path / "bundle"))
