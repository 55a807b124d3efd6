"""One sound bundle for the whole room: reading it is free, spoiling is done on copies."""

import shutil
from pathlib import Path

import pytest

from tests.build.sound import sound_bundle, verdict_of


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> Path:
    return sound_bundle(tmp_path_factory.mktemp("sound") / "bundle")


@pytest.fixture(scope="session")
def verdict(sound, tmp_path_factory) -> Path:
    return verdict_of(sound, tmp_path_factory.mktemp("verdict") / "verdict.json")


@pytest.fixture
def bundle(sound, tmp_path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(sound, tmp_path / "bundle"))
