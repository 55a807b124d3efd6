"""A model's image that is assembled and in no store yet."""

import pytest

from tests.build.released import BASE, assembled


@pytest.fixture
def model(sound, verdict, passed, tmp_path):
    return assembled(BASE, sound, verdict, tmp_path / "work", passed)
