"""How often a place is looked at, relative to place 1: the examination curve.

From lists in random order, where there are enough of them, what happens at place k over what happens at place 1 is the
curve itself. Otherwise the model's own position input tells it: the probability at place k over that at place 1, all
else held. A wrong curve makes off-policy numbers worthless, so the report draws it, and repeats the verdict for half
and double the exponent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEWEST_EVENTS = 300
FEWEST_AT_FIRST = 30
PRIOR_EVENTS = 10.0


@dataclass(frozen=True)
class Examination:
    """`at[k - 1]` is e(k), 1 at place 1 and never rising. `source` says in words what it was estimated from."""

    at: Floats
    source: str

    def of(self, place: NDArray[np.int64]) -> Floats:
        """e of each row's place; places beyond the curve have its last value."""
        return self.at[np.clip(place, 1, len(self.at)) - 1]

    def bent(self, exponent: float) -> "Examination":
        """The curve raised to a power: 0.5 = people look further down, 2 = less far."""
        return Examination(self.at**exponent, f"{self.source}, to the power {exponent:g}")

    @property
    def decay(self) -> float:
        """The exponent of the power law place^-decay nearest to the curve."""
        places = np.arange(1, len(self.at) + 1, dtype=np.float64)
        return fit_decay(self.at, np.ones_like(self.at), places)


def enough(events: Floats) -> bool:
    """Whether lists in random order hold enough events (by place, from place 1) for a curve."""
    return bool(len(events) > 1 and events.sum() >= FEWEST_EVENTS and events[0] >= FEWEST_AT_FIRST)


def from_random_order(events: Floats, shown: Floats, *, source: str) -> Examination:
    """Event rates by place (arrays from place 1), each drawn towards a fitted power law as far as its count is small.

    The prior is a gamma distribution worth PRIOR_EVENTS events; then places are pooled until none lies above an
    earlier one.
    """
    places = np.arange(1, len(events) + 1, dtype=np.float64)
    decay = fit_decay(events, shown, places)
    law = places**-decay
    level = events.sum() / (shown @ law)
    rate = (events + PRIOR_EVENTS) / (shown + PRIOR_EVENTS / (level * law))
    return Examination(_never_rising(rate, shown + PRIOR_EVENTS / (level * law)), source)


def from_model(probability_at: Floats, *, source: str) -> Examination:
    """`probability_at[k - 1]` is the mean probability over the same rows when all of them stand at place k."""
    return Examination(_never_rising(probability_at, np.ones_like(probability_at)), source)


def fit_decay(events: Floats, shown: Floats, places: Floats) -> float:
    """Maximum likelihood of events ~ Poisson(level * shown * place^-decay), decay within [0, 5], by bisection."""
    log_place = np.log(places)
    target = events @ log_place / events.sum()
    low, high = 0.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        expected = shown * places**-middle
        low, high = (middle, high) if expected @ log_place / expected.sum() > target else (low, middle)
    return (low + high) / 2


def _never_rising(rate: Floats, weight: Floats) -> Floats:
    """Weighted pooling of adjacent violators, then relative to place 1."""
    blocks: list[tuple[float, float, int]] = []
    for value, mass in zip(rate, weight, strict=True):
        blocks.append((float(value), float(mass), 1))
        while len(blocks) > 1 and blocks[-1][0] > blocks[-2][0]:
            (v2, m2, n2), (v1, m1, n1) = blocks.pop(), blocks.pop()
            blocks.append(((v1 * m1 + v2 * m2) / (m1 + m2), m1 + m2, n1 + n2))
    pooled = np.concatenate([np.full(number, value) for value, _, number in blocks])
    relative: Floats = pooled / pooled[0]
    return relative
