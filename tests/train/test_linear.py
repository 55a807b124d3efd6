"""The logistic regression against scikit-learn's, and its declared directions."""

import numpy as np
import pytest
import xgboost

from components.train import linear
from components.train.boosting import tree_margin
from components.train.local_engine import LocalEngine
from components.train.row_arrays import RowStorage
from components.train.split_rows import SplitRows
from model.bundle.features import CategoryFeature, NumberFeature
from model.bundle.linear import NumberTerm
from model.bundle.merged_booster import merge

FEATURES = (NumberFeature(name="a"), NumberFeature(name="b"), CategoryFeature(name="c", categories=("x", "y")))


def rows(count=2000, seed=1):
    random = np.random.default_rng(seed)
    matrix = np.column_stack([random.normal(size=count), random.normal(size=count), random.integers(0, 2, count)])
    margin = 0.8 * matrix[:, 0] - 0.5 * matrix[:, 1] + 0.7 * matrix[:, 2] - 1
    label = (random.uniform(size=count) < 1 / (1 + np.exp(-margin))).astype(np.float32)
    return matrix.astype(np.float32), label


def test_it_finds_what_scikit_learn_finds():
    from sklearn.linear_model import LogisticRegression

    matrix, label = rows()
    fitted = linear.fit(matrix, label, FEATURES[:2], strength=1.0)
    design = np.column_stack([_standardised(term, matrix[:, index]) for index, term in enumerate(fitted.terms)])
    theirs = LogisticRegression(C=1.0, tol=1e-8).fit(design, label)
    assert [term.weight for term in fitted.terms] == pytest.approx(theirs.coef_[0], abs=1e-3)
    assert fitted.intercept == pytest.approx(theirs.intercept_[0], abs=1e-3)


def _standardised(term, column):
    return term.model_copy(update={"weight": 1.0}).margin(column)


def test_a_declared_direction_is_kept_against_the_data():
    matrix, label = rows()
    against = (NumberFeature(name="a", direction="decreasing"), *FEATURES[1:])
    assert linear.fit(matrix, label, against, strength=1.0).terms[0].weight == 0.0
    assert linear.fit(matrix, label, against, strength=1.0, directions=False).terms[0].weight > 0.3


def test_missing_numbers_have_a_weight_of_their_own():
    matrix, label = rows()
    gone = np.arange(len(matrix)) % 4 == 0
    matrix[gone, 0] = np.nan
    label[gone] = 1.0
    term = linear.fit(matrix, label, FEATURES, strength=1.0).terms[0]
    assert isinstance(term, NumberTerm)
    assert term.missing > 2


def test_the_merged_bag_is_the_mean_of_its_members():
    matrix, label = rows()
    split = SplitRows.in_memory(matrix, label, np.arange(len(label), dtype=np.uint64))
    engine = LocalEngine(1, RowStorage())
    members = []
    for seed in range(3):
        data = engine.prepare(split, FEATURES, np.ones(len(label), np.bool_))
        members.append(engine.fit(data, FEATURES, {"subsample": 0.7, "seed": seed}, 12))
    merged = xgboost.Booster()
    merged.load_model(bytearray(merge(members)))
    mean = np.mean([tree_margin(member)(matrix) for member in members], axis=0)
    assert tree_margin(merge(members))(matrix) == pytest.approx(mean, abs=1e-5)
    assert bytes(merged.save_raw("ubj")) == merge(members)


def test_the_mean_of_fits_on_parts_of_the_rows_has_the_mean_of_their_margins():
    matrix, label = rows()
    matrix[::5, 0] = np.nan
    design, half = linear.Design(matrix, label, FEATURES), np.arange(len(matrix)) % 2 == 0
    parts = [design.fit(strength=1.0, rows=chosen) for chosen in (half, ~half)]
    assert parts[0].terms != parts[1].terms
    names = [feature.name for feature in FEATURES]
    expected = np.mean([part.margin(matrix, names) for part in parts], axis=0)
    assert linear.mean(parts).margin(matrix, names) == pytest.approx(expected, abs=1e-12)
