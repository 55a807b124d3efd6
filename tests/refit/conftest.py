import numpy as np
import pytest

from model.bundle.bundle import load
from tests.evaluate.runs import WITH_SLICES, evaluated
from tests.logs import log, replaced, spec_of
from tests.refit.runs import refitted
from tests.runs import train_into

# Splits with gaps of a sixth of the window each, whose rows nobody looked at before the refit.
WIDE = {"promotion": WITH_SLICES, "source__conversion_days": 8, "split__calibration_days": 6}


@pytest.fixture(scope="package")
def run(tmp_path_factory):
    """(folder, spec) of a promoted model with trees: here cheap places convert up to a step, and small ones do not."""
    folder, spec, table = tmp_path_factory.mktemp("promoted"), spec_of(**WIDE), log(lists=4_000)
    cheap = (table["rent"].to_numpy() < 1_200) & (np.nan_to_num(table["area"].to_numpy(), nan=50) > 40)
    seen = table["position"].to_numpy() ** -0.5
    label = np.random.default_rng(5).uniform(size=table.num_rows) < np.where(cheap, 0.5, 0.06) * seen
    train_into(folder, spec, trials=1, table=replaced(table, "inquired", label.astype(int)))
    assert evaluated(folder, spec)[0] == "promote"
    assert load(folder / "trained" / "bundle").manifest.search["kind"] == "trees"
    return folder, spec


@pytest.fixture(scope="package")
def shipped(run, tmp_path_factory):
    return refitted(*run, tmp_path_factory.mktemp("refit"))


@pytest.fixture(scope="package")
def timeless(tmp_path_factory):
    """(folder, spec) of a promoted model without a time column."""
    columns = {
        "label": "inquired",
        "list": "list_id",
        "item": "listing_id",
        "position": "position",
        "explore": "explore",
    }
    split = {"by": "random", "test_share": 0.3, "calibration_share": 0.2}
    folder, spec = tmp_path_factory.mktemp("timeless"), spec_of(promotion=WITH_SLICES, columns=columns, split=split)
    train_into(folder, spec, trials=1, table=log(lists=2_000))
    assert evaluated(folder, spec)[0] == "promote"
    return folder, spec
