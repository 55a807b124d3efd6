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
    """
    values, vectors = np.linalg.eigh(curve.covariance)
    random = np.random.Generator(np.random.PCG64(SEED))
    interval = np.column_stack([random.permutation(count) for _ in values])
    normal = ndtri((interval + 0.5) / count) * np.sqrt(np.maximum(values, 0.0))
    curves: Floats = np.exp(np.log(curve.at) + normal @ vectors.T)
    return curves
