"""The conditional logit within lists: what it fits, and how its sums change with the lists and the curve."""

import numpy as np
import pytest

from components.evaluate.metrics.conditional_logit import ConditionalLogit

LISTS, PAGE = 600, 8
CURVE = np.arange(1, PAGE + 1.0) ** -0.8


def lists(seed=1):
    """(list, position, label, features) of pages of which most have one conversion."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(LISTS * PAGE, 2))
    number, position = np.repeat(np.arange(LISTS), PAGE), np.tile(np.arange(PAGE), LISTS)
    chance = (CURVE[position] * np.exp(features @ [0.9, -0.4])).reshape(LISTS, PAGE)
    chosen = (chance.cumsum(1) / chance.sum(1, keepdims=True) > random.random((LISTS, 1))).argmax(1)
    label = np.zeros((LISTS, PAGE))
    label[np.arange(LISTS), chosen] = 1
    label[::50, 3] = 1  # a second conversion in some
    return number, position, label.ravel(), features


def test_it_fits_the_conversions_of_every_list_and_of_every_feature():
    number, position, label, features = lists()
    fitted = ConditionalLogit(number, position, label, features, CURVE).fitted
    assert np.bincount(number, fitted) == pytest.approx(np.bincount(number, label))
    assert fitted @ features == pytest.approx(label @ features, abs=0.1)
    assert fitted.std() > 0.1


def test_with_the_right_curve_positions_are_fitted_too_and_with_another_they_are_not():
    number, position, label, features = lists()
    at_top = {
        exponent: ConditionalLogit(number, position, label, features, np.arange(1, PAGE + 1.0) ** -exponent)
        .fitted[position == 0].sum()
        for exponent in (0.8, 2.0)
    }  # fmt: skip
    conversions = label[position == 0].sum()
    assert at_top[0.8] == pytest.approx(conversions, rel=0.08)
    assert at_top[2.0] > 1.4 * conversions


def test_what_all_rows_of_a_list_have_in_common_changes_nothing():
    number, position, label, features = lists()
    city = np.random.default_rng(2).normal(size=LISTS)[number]
    alone = ConditionalLogit(number, position, label, features, CURVE).fitted
    beside = ConditionalLogit(number, position, label, np.column_stack([features, city]), CURVE).fitted
    shifted = ConditionalLogit(number, position, label, features + 3 * city[:, None] * [1, 0], CURVE)
    assert beside == pytest.approx(alone, abs=1e-6)
    assert shifted.fitted == pytest.approx(alone, abs=1e-3)


def test_rows_alike_but_for_their_list_are_fitted_as_such():
    """A city's level may be a hundred times what sets its rows apart."""
    number, position, label, features = lists()
    city = np.random.default_rng(2).normal(size=(LISTS, 2))[number]
    alone = ConditionalLogit(number, position, label, features, CURVE).fitted
    assert ConditionalLogit(number, position, label, features + 100 * city, CURVE).fitted == pytest.approx(alone)


def test_features_with_heavy_tails_are_fitted_to_the_end():
    """Whole steps of Newton's method go to and fro for ever here."""
    number, position, label, features = lists()
    tails = np.column_stack([features**5, features**10])
    tails /= tails.std(axis=0)
    fitted = ConditionalLogit(number, position, label, tails, CURVE).fitted
    assert fitted @ tails == pytest.approx(label @ tails, abs=0.1)


def test_a_score_that_knows_every_conversion_is_believed():
    number, position, label, features = lists()
    fitted = ConditionalLogit(number, position, label, np.column_stack([label, features]), CURVE).fitted
    assert fitted[label == 0].max() < 0.02


def test_a_feature_without_spread_and_rows_alone_in_their_lists_are_fitted():
    label = np.ones(4)
    logit = ConditionalLogit(np.arange(4), np.zeros(4, np.int64), label, np.ones((4, 2)), CURVE)
    assert list(logit.fitted) == [1, 1, 1, 1]
    assert list(logit.sum(np.array([1.0, 2, 3, 4])).of_list) == [1, 2, 3, 4]


def test_a_sum_changes_with_a_list_as_if_it_were_fitted_again():
    number, position, label, features = lists()
    value = np.exp(features[:, 0])
    logit = ConditionalLogit(number, position, label, features, CURVE)
    start, step = logit.fitted @ value, 0.01
    for chosen in (0, 7, 100):
        more = np.where(number == chosen, 1 + step, 1.0)
        again = ConditionalLogit(number, position, label * more, features, CURVE).fitted @ value
        assert logit.sum(value).of_list[chosen] == pytest.approx((again - start) / step, rel=0.05, abs=0.02)


def test_a_sum_changes_with_the_curve_as_if_it_were_fitted_again():
    number, position, label, features = lists()
    value = np.exp(features[:, 0]) * (position > 2)
    logit = ConditionalLogit(number, position, label, features, CURVE)
    for at in range(PAGE):
        shift = np.where(np.arange(PAGE) == at, 0.001, 0.0)
        again = ConditionalLogit(number, position, label, features, CURVE * np.exp(shift)).fitted @ value
        assert logit.sum(value).by_curve[at] == pytest.approx((again - logit.fitted @ value) / 0.001, abs=0.3)
