"""The kernel adds up trees as XGBoost does, and as a reader of boosters that knows nothing of either."""

import lignum
import numpy as np
import pytest

from model.booster.trees import LEAF
from model.bundle.predictor import Predictor
from tests.model.kernel.models import bundle_of, edge_rows, training_rows


@pytest.fixture
def predictor(library, booster):
    return Predictor(bundle_of(booster), engine="kernel")


@pytest.fixture
def rows(trees):
    return np.concatenate([edge_rows(trees), training_rows(seed=11, rows=300)])


def test_every_bit_is_that_of_xgboost(predictor, booster, rows):
    by_xgboost = Predictor(bundle_of(booster), engine="xgboost")
    assert_same_bits(predictor.margin(rows), by_xgboost.margin(rows))
    assert_same_bits(predictor.probability(rows), by_xgboost.probability(rows))


def test_every_bit_is_that_of_another_reader(predictor, booster, rows, tmp_path):
    (tmp_path / "booster.ubj").write_bytes(booster)
    other = lignum.load(str(tmp_path / "booster.ubj"), format="xgboost")
    margin = other.predict(rows.astype(np.float64), raw_score=True, n_jobs=1)
    assert_same_bits(predictor.margin(rows), margin + 0.0)  # it has -0.0 where XGBoost has 0.0


def test_a_row_has_its_answer_however_many_are_scored_with_it(predictor, rows):
    together = predictor.margin(rows)
    at = 0
    for size in [*range(1, 66), 191, 192, 193, 255, 256, 257, 300]:
        part = np.arange(at, at + size) % len(rows)
        assert_same_bits(predictor.margin(rows[part]), together[part])
        at += size
    order = np.random.default_rng(0).permutation(len(rows))
    assert_same_bits(predictor.margin(rows[order]), together[order])


def test_the_rows_reach_every_side_of_a_split(trees, rows):
    """Else the tests above would prove little: values below, at and above thresholds, and missing ones."""
    nodes = np.flatnonzero((trees.left != LEAF) & ~trees.is_category)
    for node in nodes[:50]:
        column = rows[:, trees.feature[node]]
        assert (column < trees.value[node]).any()
        assert (column >= trees.value[node]).any()
        assert np.isnan(column).any()


def assert_same_bits(left, right):
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    different = np.flatnonzero(left.view(np.int64) != right.view(np.int64))
    assert len(different) == 0, f"{len(different)} of {len(left)} rows differ, first {different[:3]}"
