"""The curve that training takes as known: which rows it counts, and which the model in service has counted before."""

import numpy as np
import pytest

from artifacts.split import SplitSummary, split_file
from components.preprocess.preprocess import preprocess
from components.train.examination import learn_examination, newer_examination
from components.train.learn_features import learn_features
from model.bundle.bundle import load
from model.bundle.examination import ExaminationTable
from tests.bundles import write_valid_bundle
from tests.logs import extracted, log, replaced, spec_of
from tests.runs import quiet

STEEP = ExaminationTable(at=(1.0, 0.35, 0.2, 0.12, 0.09), decay=1.5, decay_se=0.05, source="an earlier model")
AT_RANDOM = {"by": "random", "test_share": 0.3, "calibration_share": 0.2}


class Splits:
    """Of pages in random order."""

    def __init__(self, folder, spec):
        table = log(lists=1_500)
        rows = extracted(folder / "rows", spec, replaced(table, "explore", np.ones(table.num_rows, int)))
        self.spec, self.path = spec, folder / "splits"
        preprocess(spec, rows, self.path, progress=quiet)

    def learned(self, champion=None):
        features = learn_features(self.spec, [split_file(self.path, "train")])
        return learn_examination(self.spec, self.path, SplitSummary.read(self.path), features, champion)


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return Splits(tmp_path_factory.mktemp("by-time"), spec_of())


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return load(write_valid_bundle(tmp_path_factory.mktemp("model") / "bundle")).manifest


def in_service(manifest, until):
    position = manifest.position.model_copy(update={"examination": STEEP})
    return manifest.model_copy(
        update={"position": position, "lineage": manifest.lineage.model_copy(update={"trained_until": until})}
    )


def test_rows_that_the_model_in_service_has_counted_are_not_counted_again(splits, manifest):
    learned = splits.learned(in_service(manifest, "2030-01-01T00:00:00Z"))
    assert learned.source == "the curve of the model in service"
    refit = newer_examination(splits.spec, splits.path, learned)
    assert refit.decay == pytest.approx(STEEP.decay, abs=0.02)
    assert "random order" not in refit.source


def test_newer_rows_are_added_to_its_curve(splits, manifest):
    learned = splits.learned(in_service(manifest, "1999-01-01T00:00:00Z"))
    assert "conversions in lists in random order; the curve of the model in service" in learned.source
    assert learned.inherited_until == "1999-01-01T00:00:00Z"
    assert learned.decay < STEEP.decay - 0.1
    assert "random order" in newer_examination(splits.spec, splits.path, learned).source


def test_without_a_model_in_service_all_rows_count(splits):
    learned = splits.learned()
    assert learned.inherited_until is None
    assert "inherited_until" not in learned.model_dump()
    assert "random order" in newer_examination(splits.spec, splits.path, learned).source


def test_without_a_time_its_rows_cannot_be_told_and_its_curve_does_not_count(tmp_path, manifest):
    untimed = Splits(tmp_path, spec_of(columns__time=None, split=AT_RANDOM))
    learned = untimed.learned(in_service(manifest, "2030-01-01T00:00:00Z"))
    assert learned == untimed.learned()
