"""How often a position is looked at, relative to position 1: the examination curve.

In lists in random order, where there are enough of them, the conversion rate at position k over that at position 1 is
the curve itself. Otherwise it is read from the model's own position input: the probability at position k over that at
position 1, all else equal. A wrong curve makes off-policy numbers worthless, so the report draws it, and repeats the
verdict for half and double the exponent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Floats

FEWEST_EVENTS = 300
FEWEST_AT_FIRST = 30
PRIOR_EVENTS = 10.0


@dataclass(frozen=True)
class ExaminationCurve:
    """`at[k - 1]` is e(k), 1 at position 1 and never rising. `source` describes what it was estimated from."""

    at: Floats
    source: str

    def of(self, position: NDArray[np.int64]) -> Floats:
        """e of each row's position; positions beyond the curve have its last value."""
        return self.at[np.clip(position, 1, len(self.at)) - 1]

    def to_the_power(self, exponent: float) -> "ExaminationCurve":
        """The curve raised to a power: 0.5 = people look further down, 2 = less far."""
        return ExaminationCurve(self.at**exponent, f"{self.source}, to the power {exponent:g}")

    @property
    def decay(self) -> float:
        """The exponent of the power law position^-decay nearest to the curve."""
        positions = np.arange(1, len(self.at) + 1, dtype=np.float64)
        return fit_decay(self.at, np.ones_like(self.at), positions)


def enough(events: Floats) -> bool:
    """Whether lists in random order hold enough events (by position, from position 1) for a curve."""
    return bool(len(events) > 1 and events.sum() >= FEWEST_EVENTS and events[0] >= FEWEST_AT_FIRST)


def from_random_order(events: Floats, impressions: Floats, *, source: str) -> ExaminationCurve:
    """Event rates by position (arrays from position 1), those with few events shrunk towards a fitted power law.

    The prior is a gamma distribution worth PRIOR_EVENTS events; then an isotonic regression makes the curve fall.
    """
    positions = np.arange(1, len(events) + 1, dtype=np.float64)
    decay = fit_decay(events, impressions, positions)
    law = positions**-decay
    level = events.sum() / (impressions @ law)
    rate = (events + PRIOR_EVENTS) / (impressions + PRIOR_EVENTS / (level * law))
    return ExaminationCurve(_never_rising(rate, impressions + PRIOR_EVENTS / (level * law)), source)


def from_model(probability_at: Floats, *, source: str) -> ExaminationCurve:
    """`probability_at[k - 1]` is the mean probability over the same rows when all of them stand at position k."""
    return ExaminationCurve(_never_rising(probability_at, np.ones_like(probability_at)), source)


def fit_decay(events: Floats, impressions: Floats, positions: Floats) -> float:
    """Maximum likelihood of events ~ Poisson(level * impressions * position^-decay), decay in [0, 5], by bisection."""
    log_position = np.log(positions)
    target = events @ log_position / events.sum()
    low, high = 0.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        expected = impressions * positions**-middle
        low, high = (middle, high) if expected @ log_position / expected.sum() > target else (low, middle)
    return (low + high) / 2


def _never_rising(rate: Floats, weight: Floats) -> Floats:
    """Weighted isotonic regression of falling rates, relative to position 1."""
    from scipy.optimize import isotonic_regression  # a third of a second, for models with positions alone

    fitted: Floats = isotonic_regression(rate, weights=weight, increasing=False).x
    relative: Floats = fitted / fitted[0]
    return relative
