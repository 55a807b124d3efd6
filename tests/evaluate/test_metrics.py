import json
import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from components.evaluate.metrics import probability as metrics


@pytest.fixture
def scored():
    random = np.random.default_rng(5)
    probability = random.beta(1, 15, 4_000)
    return (random.uniform(size=4_000) < probability).astype(float), probability


def test_log_loss_is_the_usual_one_and_a_certain_mistake_stays_finite(scored):
    label, probability = scored
    assert metrics.losses(label, probability).mean() == pytest.approx(log_loss(label, probability), abs=1e-12)
    assert np.isfinite(metrics.losses(np.array([0.0, 1.0]), np.array([1.0, 0.0]))).all()


def test_the_base_rate_has_a_normalised_entropy_of_one(scored):
    label, _ = scored
    found = metrics.of_probabilities(label, np.full(len(label), label.mean()))
    assert found["normalised_entropy"] == pytest.approx(1)
    assert found["calibration_ratio"] == pytest.approx(1)
    assert found["auc"] == 0.5


def test_true_probabilities_are_calibrated_and_doubled_ones_are_not(scored):
    label, probability = scored
    true, doubled = (metrics.of_probabilities(label, p) for p in (probability, np.minimum(2 * probability, 1)))
    assert true["calibration_ratio"] == pytest.approx(1, abs=0.1)
    assert doubled["calibration_ratio"] == pytest.approx(2, abs=0.2)
    assert doubled["ece"] > 3 * true["ece"]
    assert doubled["auc"] == pytest.approx(true["auc"])


def test_lift_and_gain_do_not_depend_on_the_order_of_equal_rows():
    label = np.r_[np.ones(100), np.zeros(900)]
    assert metrics.lift_at(label, np.full(1_000, 0.1), share=0.1) == pytest.approx(1, abs=0.6)
    assert metrics.lift_at(label, label * 0.5, share=0.1) == 10


def test_the_error_of_an_auc_is_that_of_many_samples():
    random = np.random.default_rng(8)
    aucs, errors = [], []
    for _ in range(120):
        label = (random.uniform(size=600) < 0.2).astype(float)
        score = 1 / (1 + np.exp(-(random.normal(size=600) + label)))
        aucs.append(metrics.of_probabilities(label, score)["auc"])
        errors.append(metrics.auc_error(label, score))
    assert np.mean(errors) == pytest.approx(np.std(aucs), rel=0.2)


def test_wilson_intervals_of_textbooks():
    assert metrics.wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert metrics.wilson(5, 50) == pytest.approx((0.0435, 0.2136), abs=1e-4)


def test_curves_are_thin_finite_and_end_where_they_should(scored):
    label, probability = scored
    for points in (metrics.roc_points(label, probability), metrics.gain_curve(label, probability)):
        assert len(points) <= metrics.POINTS + 2
        assert points[0][:2] == [0, 0]
        assert points[-1][:2] == [1, 1]
        json.dumps(points, allow_nan=False)
    json.dumps(metrics.pr_points(label, probability), allow_nan=False)
    bins = metrics.calibration_bins(label, probability)
    assert 5 <= len(bins) <= 20
    assert sum(one["rows"] for one in bins) == len(label)


def test_flat_takes_finite_numbers_alone():
    given = {"auc": 0.7, "rows": 3, "bad": math.nan, "worse": math.inf, "flag": True, "table": [1], "word": "x"}
    assert metrics.flat(given) == {"auc": 0.7, "rows": 3.0}
