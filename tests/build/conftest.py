"""One sound bundle for the whole room: reading it is free, spoiling is done on copies."""

import shutil
from pathlib import Path

import pytest

from build.gate.gate import VerifiedBundle, verify_or_raise
from build.image.base.build_base import made_base
from build.image.base.wheels import CannotMake
from tests.build.valid_bundle import sound_bundle, verdict_of
from tests.once import once


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> Path:
    return sound_bundle(tmp_path_factory.mktemp("sound") / "bundle")


@pytest.fixture(scope="session")
def verdict(sound, tmp_path_factory) -> Path:
    return verdict_of(sound, tmp_path_factory.mktemp("verdict") / "verdict.json")


@pytest.fixture(scope="session")
def passed(sound, verdict) -> VerifiedBundle:
    """What the gate said of them, asked once."""
    return verify_or_raise(sound, verdict)


@pytest.fixture(scope="session")
def made(run_folder) -> Path:
    """A cache with a server base in it, made from nothing. Tests read it."""

    def make(folder: Path) -> None:
        try:
            made_base(folder, report=lambda _: None)
        except CannotMake as reason:
            pytest.skip(f"no base can be made here: {reason}")

    return once(run_folder / "cache" / "base", make)


@pytest.fixture
def bundle(sound, tmp_path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(sound, tmp_path / "bundle"))
