"""How far the log odds of a model can reach, over every input that may come: a proof, not a sample.

Every part is bounded by itself and the bounds are added in the order in which scoring adds the parts, so that no sum on
the way overflows either. Numbers of any size become float32 before they are read (`NumberFeature.encode`), and each
linear term is monotone between its clips: its ends are among the first float32, the last, and the missing value.
"""

import math
from dataclasses import dataclass

import numpy as np

from model.bundle.features import LAST
from model.bundle.linear import Linear, Term
from model.bundle.manifest import BundleManifest

MOST_LOG_ODDS = 1e6  # float32 sums below this can neither overflow nor become NaN; no training comes near it
ENDS = np.array([-LAST, LAST, np.nan], dtype=np.float32)


@dataclass(frozen=True)
class Reach:
    """Log odds from `low` to `high`. What is not finite stays so: NaN and infinity are refused, never hidden."""

    low: float
    high: float

    def __add__(self, other: "Reach") -> "Reach":
        return Reach(self.low + other.low, self.high + other.high)

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def largest(self) -> float:
        """The largest distance from 0; NaN or infinite where the reach is."""
        return abs(self.low) + abs(self.high) if not self.is_finite else max(abs(self.low), abs(self.high))


NOTHING = Reach(0.0, 0.0)


def of_term(term: Term) -> Reach:
    """What one term adds. Raises nothing: what overflows is infinite."""
    if term.kind == "category":
        values = np.array([*term.weights, term.missing], dtype=np.float64)
    else:
        with np.errstate(all="ignore"):
            values = term.margin(ENDS)
    return Reach(float(values.min()), float(values.max()))


def of_linear(linear: Linear) -> Reach:
    """The intercept and every term, added one by one; infinite as soon as one sum on the way is."""
    total = Reach(linear.intercept, linear.intercept)
    for term in linear.terms:
        total += of_term(term)
    return total


def of_model(manifest: BundleManifest, trees: Reach) -> tuple[Reach, Reach]:
    """Log odds as fitted, and after sampling correction and calibration, both of which rise with them."""
    fitted = of_linear(manifest.linear) + trees
    with np.errstate(all="ignore"):
        ends = manifest.sampling.correct(np.array([fitted.low, fitted.high]))
        low, high = manifest.calibration.apply(ends)
    return fitted, Reach(float(low), float(high))
