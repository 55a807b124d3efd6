"""Conversions of another order, estimated from those of the logged order.

A conversion logged at position k was seen there with chance e(k), so it stands for 1 / e(k) of them; at its new
position it would be seen with chance e(new). Clipped inverse propensity scoring by position: Joachims, Swaminathan
and Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017.
Not normalised per list: lists without a conversion count.
"""

from dataclasses import dataclass

import numpy as np

from model.arrays import Floats

CLIP = 10.0


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


def position_weights(examination_logged: Floats, examination_new: Floats, *, clip: float = CLIP) -> Floats:
    """min(1 / e(logged position), clip) e(new position), per row."""
    return np.minimum(1 / examination_logged, clip) * examination_new
