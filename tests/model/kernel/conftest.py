import pytest

from model.booster import ubjson
from model.booster.trees import read_trees
from model.kernel.library import NoKernel, find_library
from tests.model.kernel.models import SHAPES, booster_of

_boosters: dict[str, bytes] = {}


def booster_named(name: str) -> bytes:
    """Trained once in a process."""
    if name not in _boosters:
        _boosters[name] = booster_of(SHAPES[name])
    return _boosters[name]


@pytest.fixture(scope="session")
def library():
    library = find_library()
    if isinstance(library, NoKernel):
        pytest.skip(library.reason)
    return library


@pytest.fixture(params=SHAPES)
def booster(request):
    return booster_named(request.param)


@pytest.fixture
def trees(booster):
    return read_trees(ubjson.parse(booster))


@pytest.fixture(scope="session")
def deep_and_flat():
    """Boosters of the two ways that the kernel sums trees: by tables of paths, and by walks."""
    return {name: booster_named(name) for name in ("depth 6", "depth 12")}
