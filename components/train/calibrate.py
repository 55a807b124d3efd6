"""Fitting the calibration, on rows that were never sampled, at the positions where they were shown.

Maximum likelihood with a weak prior on no correction (slopes 1, intercept 0), so that a split with few conversions
changes the model little. Where nothing drifts most models are right as they are, and a small split only adds noise:
there they stay as they are, unless a correction is clearly better. Slopes are at or above 0: calibration never reverses
the order of rows.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from model.arrays import Floats
from model.bundle.calibration import Calibration

SLOPE_SPREAD = 0.3  # of the prior on the slopes
INTERCEPT_SPREAD = 2.0
BETA_FROM = 500  # rows of the rarer class that two slopes need
CLEAR = 3.0  # of log likelihood; two free numbers gain as much by chance one time in 20, three one in nine


def fit(z: Floats, label: NDArray[np.float32], *, drifts: bool) -> Calibration:
    """`z` are corrected log odds. Beta where both classes have enough rows, else Platt.

    `drifts`: the rows are newer than those that trained the model. Where they are not, a gain below CLEAR counts as
    chance.
    """
    fitted = _fit(z, label)
    gain = (_losses(z, label) - _losses(fitted.apply(z), label)).sum()
    return fitted if drifts or gain > CLEAR else Calibration(method="platt", a=1.0, c=0.0)


def _losses(z: Floats, label: NDArray[np.float32]) -> Floats:
    return np.logaddexp(0.0, np.where(label > 0, -z, z))


def _fit(z: Floats, label: NDArray[np.float32]) -> Calibration:
    rarer = int(min(label.sum(), len(label) - label.sum()))
    below, above = -np.logaddexp(0.0, -z), np.logaddexp(0.0, z)
    if rarer < BETA_FROM:
        a, c = _solve(np.column_stack([z]), label)
        return Calibration(method="platt", a=a, c=c)
    a, b, c = _solve(np.column_stack([below, above]), label)
    return Calibration(method="beta", a=a, b=b, c=c)


def _solve(columns: Floats, label: NDArray[np.float32]) -> list[float]:
    """Slopes of the columns, then the intercept."""
    design = np.column_stack([columns, np.ones(len(columns))])
    start = np.r_[np.ones(columns.shape[1]), 0.0]
    weight = np.r_[np.full(columns.shape[1], SLOPE_SPREAD**-2), INTERCEPT_SPREAD**-2]
    sign = np.where(label > 0, 1.0, -1.0)

    def loss(at: Floats) -> tuple[float, Floats]:
        margin = sign * (design * at).sum(axis=1)
        pull = at - start
        value = np.logaddexp(0, -margin).sum() + 0.5 * (weight * pull * pull).sum()
        slope = -sign * np.exp(-np.logaddexp(0, margin))
        return float(value), (design * slope[:, None]).sum(axis=0) + weight * pull

    bounds = [(0.0, None)] * columns.shape[1] + [(None, None)]
    return [float(value) for value in minimize(loss, start, method="L-BFGS-B", jac=True, bounds=bounds).x]
