"""Examination curves as they may be, for intervals."""

import numpy as np
from scipy.special import ndtri

from artifacts.examination.curve import ExaminationCurve
from model.arrays import Floats

SEED = 11


def curve_draws(curve: ExaminationCurve, count: int) -> Floats:
    """(count, positions) curves from the normal distribution of log e, the same for the same curve.

    A Latin hypercube: along each principal axis the draws are the `count` middles of equally likely intervals, so that
    few of them are enough. McKay, Beckman and Conover, Technometrics 21, 1979.

    People do not look more often at lower positions: a draw that rises as a whole has its rise taken off.
    """
    values, vectors = np.linalg.eigh(curve.covariance)
    random = np.random.Generator(np.random.PCG64(SEED))
    interval = np.column_stack([random.permutation(count) for _ in values])
    normal = ndtri((interval + 0.5) / count) * np.sqrt(np.maximum(values, 0.0))
    log_e = np.log(curve.at) + normal @ vectors.T
    distance = curve.log_positions
    rise = np.maximum(log_e @ distance, 0.0) / max(float(distance @ distance), 1e-9)  # distance is 0 for one position
    curves: Floats = np.exp(log_e - rise[:, None] * distance)
    return curves
