"""One evaluation that several files of tests look at."""

import pytest

from tests.evaluate.runs import WITH_SLICES, evaluated
from tests.logs import log, spec_of
from tests.runs import train_into


@pytest.fixture(scope="package")
def portal(tmp_path_factory):
    """Lists with positions, users and slices; enough conversions to decide."""
    folder = tmp_path_factory.mktemp("portal")
    spec = spec_of(promotion=WITH_SLICES)
    return train_into(folder, spec, table=log(lists=4_000)), spec


@pytest.fixture(scope="package")
def evaluation(portal):
    """The folder that evaluate wrote for `portal`, its outcome and its verdict."""
    folder, spec = portal
    outcome, verdict = evaluated(folder, spec, out="first")
    return folder / "first", outcome, verdict
