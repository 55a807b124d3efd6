"""The isotonic regression of the examination curve is scipy's, to the last bit."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from components.evaluate.metrics.isotonic import never_rising


@pytest.mark.parametrize("digits", [1, 16], ids=["with ties", "without"])
def test_equal_to_scipy(digits):
    random = np.random.default_rng(3)
    for size in random.integers(1, 60, 200):
        values = np.round(random.random(size) + np.linspace(random.random(), 0, size), digits)
        weights = random.random(size) + 0.01
        expected = isotonic_regression(values, weights=weights, increasing=False).x
        assert np.array_equal(never_rising(values, weights), expected)
