"""Examination curves as they may be."""

import numpy as np
import pytest

from artifacts.examination.curve import ExaminationCurve
from components.evaluate.metrics.curve_draws import curve_draws

DISTANCE = np.log(np.arange(1, 13))
COVARIANCE = 0.2**2 * np.outer(DISTANCE, DISTANCE) + 0.1**2 * np.minimum.outer(DISTANCE, DISTANCE)
CURVE = ExaminationCurve(np.exp(-0.75 * DISTANCE), COVARIANCE, "a guess")


def test_draws_vary_as_the_curve_may():
    draws = np.log(curve_draws(CURVE, 128))
    assert draws.mean(axis=0) == pytest.approx(np.log(CURVE.at), abs=0.02)
    assert np.cov(draws.T, bias=True) == pytest.approx(COVARIANCE, rel=0.1, abs=0.005)
    assert (draws[:, 0] == 0).all()


def test_draws_are_the_same_for_the_same_curve():
    assert (curve_draws(CURVE, 8) == curve_draws(CURVE, 8)).all()


def test_no_draw_of_a_curve_that_is_hardly_known_rises():
    vague = ExaminationCurve(CURVE.at, 0.5**2 / 0.2**2 * COVARIANCE, "a guess")
    decay = -np.log(curve_draws(vague, 128)) @ DISTANCE / (DISTANCE @ DISTANCE)
    assert decay.min() == pytest.approx(0, abs=1e-9)
    assert (decay < 1e-9).sum() == pytest.approx(0.0668 * 128, abs=2)  # a normal value below -1.5 standard deviations
    assert np.median(decay) == pytest.approx(0.75, abs=0.02)


def test_a_page_of_one_item_has_one_curve():
    assert (curve_draws(ExaminationCurve(np.ones(1), np.zeros((1, 1)), "a guess"), 4) == 1).all()
