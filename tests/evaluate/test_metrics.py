import json
import math

import numpy as np
import pytest

from artifacts.metrics import MetricsDocument, MetricTables
from components.evaluate.metrics import probability as metrics
from components.evaluate.metrics import probability_curves as curves
from components.evaluate.metrics.thresholds import Thresholds


@pytest.fixture
def theirs():
    """scikit-learn's metrics, imported where they are used: every process of the tests imports this file."""
    import sklearn.metrics

    return sklearn.metrics


@pytest.fixture
def scored():
    random = np.random.default_rng(5)
    probability = random.beta(1, 15, 4_000)
    return (random.uniform(size=4_000) < probability).astype(float), probability


def test_log_loss_is_the_usual_one_and_a_certain_mistake_stays_finite(scored, theirs):
    label, probability = scored
    assert metrics.losses(label, probability).mean() == pytest.approx(theirs.log_loss(label, probability), abs=1e-12)
    assert np.isfinite(metrics.losses(np.array([0.0, 1.0]), np.array([1.0, 0.0]))).all()


def test_the_base_rate_has_a_normalised_entropy_of_one(scored):
    label, _ = scored
    quality = metrics.of_probabilities(label, np.full(len(label), label.mean()))
    assert quality["normalised_entropy"] == pytest.approx(1)
    assert quality["calibration_ratio"] == pytest.approx(1)
    assert quality["auc"] == 0.5


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


def test_wilson_intervals_of_textbooks():
    assert metrics.wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert metrics.wilson(5, 50) == pytest.approx((0.0435, 0.2136), abs=1e-4)


@pytest.mark.parametrize("digits", [1, 2, 9], ids=["many ties", "some ties", "no ties"])
def test_auc_precision_and_curves_are_those_of_scikit_learn(scored, digits, theirs):
    label, probability = scored[0], scored[1].round(digits)
    assert metrics.auc(label, probability) == pytest.approx(theirs.roc_auc_score(label, probability), abs=1e-12)
    precision = theirs.average_precision_score(label, probability)
    assert metrics.average_precision(label, probability) == pytest.approx(precision, abs=1e-12)
    above = Thresholds.of(label, probability)
    precision, recall, _ = theirs.precision_recall_curve(label, probability)
    assert np.r_[0, above.recall] == pytest.approx(recall[::-1])
    assert np.r_[1, above.precision] == pytest.approx(precision[::-1])
    false, true, threshold = theirs.roc_curve(label, probability)
    points = {tuple(point) for point in np.round(np.c_[false, true, np.minimum(threshold, 1)], 9)}
    assert {tuple(np.round(point, 9)) for point in curves.roc_points(label, probability)} <= points


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (5, 50), (3, 100_000), (10, 10)])
def test_wilson_intervals_are_those_of_scipy(successes, trials):
    from scipy.stats import binomtest

    interval = binomtest(successes, trials).proportion_ci(method="wilson")
    assert metrics.wilson(successes, trials) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_curves_are_thin_finite_and_end_where_they_should(scored):
    label, probability = scored
    for points in (curves.roc_points(label, probability), curves.gain_curve(label, probability)):
        assert len(points) <= curves.POINTS + 2
        assert points[0][:2] == (0, 0)
        assert points[-1][:2] == (1, 1)
        json.dumps(points, allow_nan=False)
    json.dumps(curves.pr_points(label, probability), allow_nan=False)
    bins = curves.calibration_bins(label, probability)
    assert 5 <= len(bins) <= 20
    assert sum(bin.rows for bin in bins) == len(label)


def test_scalars_are_finite_numbers_beside_the_tables():
    tables = MetricTables(unit="list", pages=(((1.0, 2.0, 1.0),),))
    metrics = MetricsDocument.of({"rows": 3, "auc": 0.7}, tables)
    assert metrics.scalars == {"auc": 0.7, "rows": 3.0}
    assert MetricsDocument.parse(metrics.dump(), name="metrics.json") == metrics
    assert json.loads(metrics.dump())["auc"] == 0.7
    for value in (math.nan, math.inf, "x", [1]):
        with pytest.raises(ValueError, match="auc"):
            MetricsDocument.of({"auc": value}, tables)


def test_numbers_are_written_with_ten_digits():
    assert MetricsDocument.of({"auc": 2 / 3}, MetricTables()).scalars["auc"] == 0.6666666667
