"""One contract of scoring for both engines."""

import math

import numpy as np
import pytest

from model.arithmetic import log, log1p, log1pexp, sigmoid
from model.bundle.bounds import Bounds
from model.bundle.calibration import Calibration, Sampling
from model.bundle.features import encode_numbers
from model.bundle.linear import CategoryTerm, Linear, NumberTerm
from model.bundle.manifest import Position
from model.bundle.predictor import KernelMissing, Predictor
from model.bundle.row_scorer import RowScorer
from tests.model.kernel.models import FEATURES, bundle_of, training_rows

LINEAR = Linear(
    intercept=-0.4,
    terms=(
        NumberTerm(feature="number_0", low=-1.5, high=1.5, center=0.1, scale=0.7, weight=0.3, missing=0.25),
        NumberTerm(feature="number_1", transform="log1p", low=0.0, high=9.0, center=1, scale=2, weight=-0.2),
        CategoryTerm(feature="category_9", weights=tuple(np.linspace(-1, 1, 10)), missing=-0.125),
    ),
)
BOUNDS = (
    Bounds(name="ratio", expression="number_0 / (number_1 - 2)", min=-3, max=3),
    Bounds(name="sum", expression="-number_2 * 2 + 1 / number_3 - (number_1 - 0.5)", max=4),
    Bounds(name="low", expression="number_3", min=-1),
)
CALIBRATIONS = (
    Calibration(),
    Calibration(method="platt", a=1.3, c=-0.2),
    Calibration(method="beta", a=0.8, b=1.2, c=0.05),
)


def whole_bundle(booster, calibration=CALIBRATIONS[2], **parts):
    fields = {
        "linear": LINEAR,
        "bounds": BOUNDS,
        "position": Position(feature="number_4", constant=2),
        "sampling": Sampling(kept_negatives=0.1),
        "calibration": calibration,
    }
    return bundle_of(booster, **{**fields, **parts})


def some_values(rows, seed=4):
    """(rows, inputs): as callers send them, without the position."""
    values = np.delete(training_rows(seed=seed, rows=rows).astype(np.float64), 4, axis=1)
    random = np.random.default_rng(seed)
    for value in (1e300, -1e300, math.inf, -math.inf, 0.0, 2.0, 5e-324):
        values[random.integers(0, rows, 3), random.integers(0, 4, 3)] = value
    return values


class ScoringContract:
    """What every engine does; a subclass names its own."""

    engine = ""

    @pytest.fixture
    def scorer(self, library, deep_and_flat):
        def open_scorer(name="depth 6", **parts):
            bundle = whole_bundle(deep_and_flat[name], **parts)
            return RowScorer(Predictor(bundle, engine=self.engine))

        return open_scorer

    def test_it_says_which_engine_it_is(self, scorer):
        assert scorer().predictor.engine == self.engine

    @pytest.mark.parametrize("calibration", CALIBRATIONS, ids=lambda calibration: calibration.method)
    @pytest.mark.parametrize("name", ["depth 6", "depth 12"])
    def test_probability_follows_from_trees_and_linear_part_to_the_last_bit(
        self, scorer, deep_and_flat, name, calibration
    ):
        values = some_values(333)
        scores = scorer(name, calibration=calibration).score(values)
        trees = RowScorer(Predictor(bundle_of(deep_and_flat[name]))).score(np.insert(values, 4, 2.0, axis=1))
        expected = linear_part(values) + trees.margin
        assert np.array_equal(scores.margin, expected)
        assert np.array_equal(scores.probability, sigmoid(calibrated(calibration, expected + log(0.1))))
        assert ((scores.probability >= 0) & (scores.probability <= 1)).all()

    def test_a_row_alone_has_the_same_answer(self, scorer):
        scorer, values = scorer(), some_values(100)
        together = scorer.score(values)
        for size in (1, 2, 19, 20, 21, 64, 65):
            for part in (slice(0, size), slice(100 - size, 100)):
                scores = scorer.score(values[part])
                assert np.array_equal(scores.probability, together.probability[part])
                assert np.array_equal(scores.margin, together.margin[part])
                expected = together.flags[part]
                assert np.array_equal(scores.flags, expected) if expected.any() else scores.flags is None

    def test_matrix_and_values_have_the_same_answers(self, scorer):
        scorer, values = scorer(), some_values(50)
        columns = {feature.name: values[:, index] for index, feature in enumerate(FEATURES[:4])}
        texts = [[None if np.isnan(code) else str(int(code)) for code in values[:, index]] for index in (4, 5, 6)]
        columns |= {feature.name: text for feature, text in zip(FEATURES[5:], texts, strict=True)}
        matrix = scorer.predictor.encode(columns)
        assert np.array_equal(scorer.predictor.probability(matrix), scorer.score(values).probability)
        assert np.array_equal(scorer.predictor.margin(matrix), scorer.score(values).margin)

    def test_the_logged_position_counts_in_a_matrix(self, scorer):
        predictor = scorer().predictor
        matrix = training_rows(seed=5, rows=40)
        moved = matrix.copy()
        moved[:, 4] = 9
        assert not np.array_equal(predictor.margin(matrix), predictor.margin(moved))

    def test_flags_name_unknown_categories_numbers_outside_and_rules(self, scorer):
        usual = [0.5, 1.0, 0.0, 1.0, 1.0, 2.0, 3.0]
        rows = np.array([usual] * 8)
        rows[1, 0] = 3.0000001  # above the maximum of training
        rows[2, 4] = 3  # the code of other
        rows[3, 5] = -1
        rows[4, 1] = 2  # a division by zero is missing
        rows[5, 0], rows[5, 1] = 3.0, 1.5  # ratio -6
        rows[6] = np.nan
        rows[7, 3] = -1.5
        flags = scorer().score(rows).flags
        assert [list(map(int, np.flatnonzero(row))) for row in flags] == [[], [0, 7], [4], [5], [], [7], [], [9]]

    def test_an_unknown_category_is_missing_where_its_feature_wants_that(self, scorer):
        missing = [feature.model_copy(update={"unknown": "missing"}) for feature in FEATURES[5:]]
        rows = np.array([[0.5, 1.0, 0.0, 1.0, 1.0, 2.0, 3.0]] * 6)
        rows[1:, 5] = np.nan, 9, 10, -1, np.inf
        rows[:, 6] = np.nan, 70, 71, -1, 1e9, np.nan
        scores = scorer(features=(*FEATURES[:5], *missing)).score(rows)
        assert len(set(scores.margin[1:])) == 1
        assert scores.flags.astype(int)[:, 4:7].tolist() == [
            [0, 0, 0],
            [0, 0, 1],
            [0, 1, 1],
            [0, 1, 1],
            [0, 1, 1],
            [0, 1, 0],
        ]

    def test_without_a_flag_there_are_none(self, scorer):
        assert scorer().score(np.array([[0.5, 1.0, 0.0, 1.0, 1.0, 2.0, 3.0]])).flags is None

    def test_no_rows_have_no_scores(self, scorer):
        scores = scorer().score(np.empty((0, 7)))
        assert (len(scores.probability), len(scores.margin), scores.flags) == (0, 0, None)

    @pytest.mark.parametrize("shape", [(3, 6), (3, 8), (7,)])
    def test_rows_of_another_width_are_refused(self, scorer, shape):
        with pytest.raises(ValueError, match="rows of 7 inputs"):
            scorer().score(np.zeros(shape))

    def test_columns_and_slices_of_other_arrays_are_read_right(self, scorer):
        scorer, values = scorer(), some_values(30)
        expected = scorer.score(values)
        for same in (np.asfortranarray(values), np.repeat(values, 2, axis=0)[::2], values.tolist()):
            assert np.array_equal(scorer.score(np.asarray(same)).probability, expected.probability)


class TestKernel(ScoringContract):
    engine = "kernel"


class TestXgboost(ScoringContract):
    engine = "xgboost"


def test_both_engines_set_the_same_flags(library, deep_and_flat):
    bundle = whole_bundle(deep_and_flat["depth 6"])
    values = some_values(2000)
    kernel, other = (RowScorer(Predictor(bundle, engine=engine)).score(values) for engine in ("kernel", "xgboost"))
    for left, right in zip(kernel, other, strict=True):
        assert np.array_equal(left, right)
    assert kernel.flags.any(axis=0).all(), "every flag is set in some row"


def test_a_code_beyond_the_weights_has_the_weight_of_other():
    term = CategoryTerm(feature="c", weights=(1.0, 2.0, 3.0), missing=4.0)
    codes = np.array([0, 1, 2, 3, -1, 1e30, np.inf, -np.inf, np.nan, 1.7], np.float32)
    assert term.margin(codes).tolist() == [1, 2, 3, 3, 3, 3, 3, 3, 4, 2]


def test_what_the_kernel_cannot_score_is_left_to_xgboost_and_said(library, deep_and_flat):
    bundle = whole_bundle(deep_and_flat["depth 6"], features=FEATURES[:7])
    predictor = Predictor(bundle)
    assert (predictor.engine, predictor.kernel) == ("xgboost", None)
    assert predictor.engine_reason == "the trees read 8 features, the manifest has 7"
    with pytest.raises(KernelMissing, match="8 features"):
        Predictor(bundle, engine="kernel")


def test_two_threads_score_at_once(library, deep_and_flat):
    from concurrent.futures import ThreadPoolExecutor

    scorer = RowScorer(Predictor(whole_bundle(deep_and_flat["depth 6"]), engine="kernel"))
    batches = [some_values(rows, seed=rows) for rows in range(30, 330, 10)]
    expected = [scorer.score(values).probability for values in batches]
    with ThreadPoolExecutor(4) as threads:
        for scores, probability in zip(threads.map(scorer.score, batches * 3), expected * 3, strict=True):
            assert np.array_equal(scores.probability, probability)


def linear_part(values):
    total = np.full(len(values), -0.4)
    x = encode_numbers(values[:, 0]).astype(np.float64)
    total += np.where(np.isnan(x), 0.25, 0.3 * ((np.clip(x, -1.5, 1.5) - 0.1) / 0.7))
    x = encode_numbers(values[:, 1]).astype(np.float64)
    total += np.where(np.isnan(x), 0.0, -0.2 * ((log1p(np.clip(x, 0.0, 9.0)) - 1) / 2))
    codes = values[:, 5]
    weights = np.linspace(-1, 1, 10)
    return total + np.where(np.isnan(codes), -0.125, weights[np.nan_to_num(codes).astype(int)])


def calibrated(calibration, z):
    if calibration.method == "platt":
        return -0.2 + 1.3 * z
    if calibration.method == "beta":
        return 0.05 - 0.8 * log1pexp(-z) + 1.2 * log1pexp(z)
    return z
