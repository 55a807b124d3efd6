"""A model's image that is assembled and in no store yet."""

import pytest

from tests.build.released import BASE, assembled


@pytest.fixture
def model(valid_bundle, verdict, passed, tmp_path):
    return assembled(BASE, valid_bundle, verdict, tmp_path / "work", passed)
