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
