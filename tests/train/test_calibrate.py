"""Calibration keeps the order, mends what is off, and moves little where there is little to learn from."""

import numpy as np
import pytest

from components.train import calibrate


def rows(count, shift, stretch, seed=1, rate=-2.0):
    random = np.random.default_rng(seed)
    z = random.normal(rate, 1.5, count)
    label = (random.uniform(size=count) < 1 / (1 + np.exp(-(shift + stretch * z)))).astype(np.float32)
    return z, label


def test_a_shifted_and_stretched_model_is_mended():
    z, label = rows(40_000, 0.7, 0.6)
    fitted = calibrate.fit(z, label, drifts=True)
    assert fitted.method == "beta"
    p = 1 / (1 + np.exp(-fitted.apply(z)))
    assert abs(p.sum() / label.sum() - 1) < 0.01
    truth = 1 / (1 + np.exp(-(0.7 + 0.6 * z)))
    assert np.abs(p - truth).max() < 0.05


def test_the_order_of_rows_is_never_turned_around():
    z = np.linspace(-6, 6, 4000)
    label = (np.random.default_rng(2).uniform(size=4000) < 1 / (1 + np.exp(z))).astype(np.float32)  # upside down
    fitted = calibrate.fit(z, label, drifts=True)
    assert (np.diff(fitted.apply(z)) >= 0).all()


def test_a_handful_of_conversions_moves_the_model_little():
    z, label = rows(300, 0.0, 1.0, seed=5, rate=-4.0)
    fitted = calibrate.fit(z, label, drifts=True)
    assert fitted.method == "platt"
    assert 0.5 < fitted.a < 1.5


@pytest.mark.parametrize(("shift", "corrects"), [(0.0, False), (0.6, True)])
def test_rows_that_are_no_newer_correct_a_model_only_where_they_ask_for_it_clearly(shift, corrects):
    z, label = rows(2000, shift, 1.0)
    fitted = calibrate.fit(z, label, drifts=False)
    assert (fitted.apply(z) != z).any() == corrects
    assert (calibrate.fit(z, label, drifts=True).apply(z) != z).all()
