"""Conversions of another order, estimated from those of the logged order.

A conversion logged at position k was seen there with chance e(k), so it stands for 1 / e(k) of them; at its new
position it would be seen with chance e(new). Clipped inverse propensity scoring by position: Joachims, Swaminathan
and Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017.
Not normalised per list: lists without a conversion count.
"""

from dataclasses import dataclass

import numpy as np

from components.evaluate.metrics.bootstrap import ratio_error
from model.arrays import Floats, Ints

CLIPS = (10.0, 20.0, 50.0, 100.0, np.inf)  # the least first: of equally good ones it is chosen


@dataclass(frozen=True)
class OffPolicy:
    """`ips` per row, `snips` its self-normalised form, `ess` the rows that the weights are worth."""

    ips: float
    snips: float
    ess: float
    mean_weight: float
    max_weight: float


def estimate(outcome: Floats, weight: Floats, *, clip: float = np.inf) -> OffPolicy:
    """Mean outcome under another policy; `weight` = its probability of what was shown / the logged one's."""
    w = np.minimum(weight, clip)
    total = w.sum()
    return OffPolicy(
        ips=float((w * outcome).mean()),
        snips=float((w * outcome).sum() / total),
        ess=float(total**2 / (w**2).sum()),
        mean_weight=float(w.mean()),
        max_weight=float(w.max()),
    )


def position_weights(examination_logged: Floats, examination_new: Floats, *, clip: float) -> Floats:
    """min(1 / e(logged position), clip) e(new position), per row."""
    return np.minimum(1 / examination_logged, clip) * examination_new


def in_random_order(label: Floats, examination_logged: Floats, list: Ints) -> float:
    """Expected conversions of a list if its rows were in random order, where each is seen as often as the mean of its
    list. Per row, `list` from 0."""
    mean = np.bincount(list, examination_logged) / np.bincount(list)
    return float((label * mean[list] / examination_logged).sum() / len(mean))


def least_error_clip(unit: Ints, examination_logged: Floats, examination_new: Floats) -> float:
    """Of CLIPS the one whose lift over the logged order has the least squared bias and variance; infinite is none.

    Per row that converted: its bootstrap unit from 0, and its examination. Nothing clipped has no bias, so that the
    distance from it is the bias. What of this distance is chance stays in: without it bias was too often taken for
    chance, and clipped away (docs/decisions/0049-rules-that-hold-by-themselves.md).
    """
    if not len(unit):
        return CLIPS[0]

    def of_units(examination: Floats, clip: float) -> Floats:
        return np.bincount(unit, position_weights(examination_logged, examination, clip=clip)).astype(np.float64)

    def lift(clip: float) -> tuple[float, float]:
        return ratio_error(of_units(examination_new, clip), of_units(examination_logged, clip))

    exact, _ = lift(np.inf)
    return min(CLIPS, key=lambda clip: (lift(clip)[0] - exact) ** 2 + lift(clip)[1] ** 2)
