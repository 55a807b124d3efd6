"""One candidate image on a server base for the whole package."""

import pytest

from build.image.base.build_base import build_base
from tests.build.released import assembled


@pytest.fixture(scope="package")
def base(server_cache):
    return build_base(server_cache, report=lambda _: None)


@pytest.fixture(scope="package")
def candidate(base, valid_bundle, verdict, passed, tmp_path_factory):
    return assembled(base, valid_bundle, verdict, tmp_path_factory.mktemp("work"), passed)
