"""Scoring: names decide the order, what is unknown has a place, and a row's answer is its own."""

import math
from pathlib import Path

import numpy as np
import pytest
import xgboost

from model.arithmetic import sigmoid
from model.bundle.bundle import load
from model.bundle.calibration import Calibration, Sampling
from model.bundle.features import CategoryFeature, NumberFeature, encode
from model.bundle.linear import CategoryTerm, Linear, NumberTerm
from model.bundle.predictor import XGBOOST, Predictor
from tests.runs import small_bundle

ROOT = Path(__file__).resolve().parents[2]
ROWS = {"rent": [900.0, None, 1e30], "area": [40.0, 25.5, None], "layout": ["1K", "palace", None]}


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    return Predictor(load(small_bundle(tmp_path_factory.mktemp("predictor") / "bundle")))


def test_the_xgboost_whose_boosters_are_scored_is_that_of_both_locks():
    assert xgboost.__version__ == XGBOOST
    for lock in ("requirements.txt", "requirements-dev.txt"):
        assert f"xgboost-cpu=={XGBOOST}" in (ROOT / lock).read_text("utf-8").split()


def test_columns_in_another_order_give_the_same_answers(predictor):
    turned = dict(reversed(ROWS.items()))
    assert np.array_equal(
        predictor.probability(predictor.encode(ROWS)), predictor.probability(predictor.encode(turned))
    )


def test_lists_and_arrays_give_the_same_matrix(predictor):
    arrays = {
        "rent": np.array([900.0, math.nan, 1e30]),
        "area": np.array([40.0, 25.5, math.nan]),
        "layout": np.array(["1K", "palace", None], dtype=object),
    }
    assert np.array_equal(predictor.encode(ROWS), predictor.encode(arrays), equal_nan=True)


def test_an_absent_column_is_never_guessed(predictor):
    with pytest.raises(KeyError, match="area"):
        predictor.encode({name: values for name, values in ROWS.items() if name != "area"})


@pytest.mark.parametrize("value", ["cheap", [1], object()])
def test_what_is_no_number_is_refused(predictor, value):
    with pytest.raises((ValueError, TypeError)):
        predictor.encode({**ROWS, "rent": [900.0, value, 1.0]})


def test_any_number_has_a_probability(predictor):
    far = [-math.inf, -1e300, -0.0, 1e300, math.inf, math.nan]
    p = predictor.probability(predictor.encode({"rent": far, "area": far, "layout": ["1K"] * 6}))
    assert np.isfinite(p).all()
    assert ((p > 0) & (p < 1)).all()


def test_threads_and_the_size_of_a_batch_do_not_change_a_bit(tmp_path):
    bundle = load(small_bundle(tmp_path / "bundle"))
    single, double = (Predictor(bundle, threads=threads) for threads in (1, 2))
    random = np.random.default_rng(1)
    columns = {"rent": random.uniform(300, 3000, 999), "area": random.uniform(9, 99, 999), "layout": ["2DK"] * 999}
    together = single.probability(single.encode(columns))
    assert np.array_equal(together, double.probability(double.encode(columns)))
    parts = [
        single.probability(single.encode({k: v[at : at + 37] for k, v in columns.items()})) for at in range(0, 999, 37)
    ]
    assert np.array_equal(together, np.concatenate(parts))


def test_categories_have_codes_the_unseen_one_behind_them_and_missing_none():
    codes = CategoryFeature(name="layout", categories=("1K", "2DK")).encode(["2DK", "1K", "castle", None, ""])
    assert np.array_equal(codes, [1, 0, 2, math.nan, 2], equal_nan=True)


def test_unknown_categories_are_missing_where_the_feature_says_so():
    feature = CategoryFeature(name="layout", categories=("1K", "2DK"), unknown="missing")
    values = ["2DK", "1K", "castle", None, ""]
    assert np.array_equal(feature.encode(values), [1, 0, math.nan, math.nan, math.nan], equal_nan=True)
    assert np.array_equal(feature.codes(values), [1, 0, 2, math.nan, 2], equal_nan=True)
    refusing = feature.model_copy(update={"unknown": "refuse"})
    assert np.array_equal(refusing.encode(values), refusing.codes(values), equal_nan=True)


def test_the_matrix_is_in_the_model_s_order_whatever_else_is_given():
    features = (NumberFeature(name="a"), NumberFeature(name="b"))
    assert encode(features, {"b": [2], "unasked": ["x"], "a": [1]}).tolist() == [[1.0, 2.0]]


def test_a_linear_term_clips_transforms_and_standardises():
    term = NumberTerm(feature="x", transform="log1p", low=0, high=9, center=1, scale=2, weight=3, missing=-7)
    line = Linear(intercept=0.5, terms=(term, CategoryTerm(feature="c", weights=(1, 2), missing=4)))
    matrix = np.array([[99, 0], [-1, 1], [np.nan, np.nan]], dtype=np.float32)
    expected = [0.5 + 3 * (math.log1p(9) - 1) / 2 + 1, 0.5 - 1.5 + 2, 0.5 - 7 + 4]
    assert line.margin(matrix, ("x", "c")).tolist() == expected
    with pytest.raises(ValueError, match="not in"):
        line.margin(matrix, ("x", "d"))


def test_the_correction_turns_odds_of_sampled_rows_into_true_odds():
    p, share = 0.3, 0.1
    corrected = sigmoid(Sampling(kept_negatives=share).correct(np.array([math.log(p / (1 - p))])))
    assert corrected[0] == pytest.approx(p / (p + (1 - p) / share), rel=1e-12)


def test_calibrations_are_what_their_formulas_say():
    z = np.array([-40.0, -1.0, 0.0, 2.0, 700.0])
    assert np.array_equal(Calibration().apply(z), z)
    assert Calibration(method="platt", a=2, c=1).apply(z).tolist() == (1 + 2 * z).tolist()
    beta = Calibration(method="beta", a=0.7, b=1.3, c=-0.2).apply(z[1:4])
    p = 1 / (1 + np.exp(-z[1:4]))
    assert np.allclose(beta, -0.2 + 0.7 * np.log(p) - 1.3 * np.log(1 - p), rtol=1e-12)
    assert np.allclose(Calibration(method="beta").apply(z), z, rtol=1e-12), "slopes of 1 change nothing"


def test_sigmoid_stays_in_range_at_both_ends():
    assert sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0.0, 0.5, 1.0]


def test_what_is_beyond_single_precision_is_its_last_number_and_missing_stays_missing():
    column = {"rent": [math.inf, -1e39, None, math.nan, True]}
    encoded = encode((NumberFeature(name="rent"),), column)[:, 0]
    last = np.finfo(np.float32).max
    np.testing.assert_array_equal(encoded, np.array([last, -last, np.nan, np.nan, 1], np.float32))
