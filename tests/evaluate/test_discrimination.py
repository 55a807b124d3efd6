"""Whether a probability orders rows: rows that are alike, cuts with levels of their own, levels put right."""

import numpy as np
import pytest

from components.evaluate.metrics.discrimination import auc_within, level_put_right
from components.evaluate.metrics.probability import auc, losses


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def rows_of_one_cut(count):
    return np.zeros(count, np.int64)


@pytest.mark.parametrize("alike", [1, 6], ids=["a row each", "users with six rows that are alike"])
def test_the_error_of_an_auc_is_that_of_many_samples(alike):
    random = np.random.default_rng(8)
    estimates = []
    unit = np.arange(600) // alike
    for _ in range(150):
        liking, noise = random.normal(size=(2, 600))[:, unit] if alike > 1 else random.normal(size=(2, 600))
        label = (random.uniform(size=600) < sigmoid(1.5 * liking - 1.5)).astype(float)
        estimates.append(auc_within(label, sigmoid(noise), unit, rows_of_one_cut(600)))
    assert np.mean([each.se for each in estimates]) == pytest.approx(
        np.std([each.value for each in estimates]), rel=0.2
    )
    assert np.mean([each.low > 0.5 for each in estimates]) <= 0.06


def test_a_level_that_moves_from_cut_to_cut_is_no_order():
    random = np.random.default_rng(9)
    cut = np.repeat([0, 1], 4_000)
    rate = np.where(cut == 0, 0.05, 0.15)
    label = (random.uniform(size=8_000) < rate).astype(float)
    level = rate * np.exp(0.01 * random.normal(size=8_000))
    assert auc(label, level) > 0.6
    within = auc_within(label, level, np.arange(8_000), cut)
    assert within.low < 0.5 < within.high


def test_of_one_cut_it_is_the_auc():
    random = np.random.default_rng(10)
    label = (random.uniform(size=500) < 0.2).astype(float)
    score = sigmoid(random.normal(size=500) + label).round(1)
    within = auc_within(label, score, np.arange(500), rows_of_one_cut(500))
    assert within.value == pytest.approx(auc(label, score), abs=1e-12)
    assert 0.5 < within.low < within.value < within.high < 1


def test_cuts_of_one_class_tell_nothing():
    label = np.r_[np.ones(5), np.zeros(5)]
    nothing = auc_within(label, label, np.arange(10), np.repeat([0, 1], 5))
    assert (nothing.value, nothing.low, nothing.high) == (0.5, 0.0, 1.0)


@pytest.mark.parametrize("off", [0.01, 0.5, 3.0, 40.0])
def test_a_level_put_right_is_the_best_shift_of_log_odds(off):
    random = np.random.default_rng(11)
    z = 2 * random.normal(size=5_000) - 3
    label = (random.uniform(size=5_000) < sigmoid(z)).astype(float)
    stale = sigmoid(z + np.log(off))
    right = level_put_right(label, stale, rows_of_one_cut(5_000))
    assert right.sum() == pytest.approx(label.sum(), rel=1e-9)
    assert np.ptp(np.log(right / (1 - right)) - z) < 1e-6
    near = [losses(label, sigmoid(np.log(right / (1 - right)) + step)).mean() for step in (-0.01, 0.01)]
    assert losses(label, right).mean() < min(near)


def test_each_cut_has_a_level_of_its_own():
    label, cut = np.array([1.0, 0, 0, 0, 1, 1, 0, 1, 0, 0]), np.repeat([0, 1, 2], [4, 4, 2])
    right = level_put_right(label, np.full(10, 0.9), cut)
    assert right == pytest.approx([0.25] * 4 + [0.75] * 4 + [0.9] * 2)
