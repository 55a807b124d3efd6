"""Examination curves as they may be, for intervals."""

import numpy as np

from artifacts.examination.curve import ExaminationCurve
from model.arrays import Floats

SEED = 11


def curve_draws(curve: ExaminationCurve, count: int) -> Floats:
    """(count, positions) curves from the normal distribution of log e, the same for the same curve; `count` is a power
    of 2.

    Points of a Sobol sequence: they fill the distribution evenly, so that few of them are enough.
    """
    from scipy.stats.qmc import MultivariateNormalQMC  # half a second, in runs that need it alone

    values, vectors = np.linalg.eigh(curve.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, ::-1]  # the largest first: Sobol's are the best
    normal = MultivariateNormalQMC(np.zeros(len(curve.at)), rng=SEED).random(count)
    curves: Floats = np.exp(np.log(curve.at) + normal @ root.T)
    return curves
