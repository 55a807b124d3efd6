"""How often a position is looked at, relative to position 1: the examination curve, with what is not known of it."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.arrays import Floats
from model.bundle.examination import ExaminationTable


@dataclass(frozen=True)
class ExaminationCurve:
    """`at[k - 1]` is e(k), 1 at position 1 and never rising; `covariance` is of log e, by position.

    `source` describes what it was estimated from.
    """

    at: Floats
    covariance: Floats
    source: str

    @classmethod
    def exact(cls, at: Floats, source: str) -> "ExaminationCurve":
        """A curve that is known."""
        return cls(at, np.zeros((len(at), len(at))), source)

    def of(self, position: NDArray[np.int64]) -> Floats:
        """e of each row's position; positions beyond the curve have its last value."""
        return self.at[np.clip(position, 1, len(self.at)) - 1]

    def to_the_power(self, exponent: float) -> "ExaminationCurve":
        """The curve raised to a power, as if known: 0.5 = people look further down, 2 = less far."""
        return ExaminationCurve.exact(self.at**exponent, f"{self.source}, to the power {exponent:g}")

    @property
    def steeper(self) -> "ExaminationCurve":
        """As it may be: the decay one standard error larger."""
        return ExaminationCurve.exact(self.at * np.exp(-self.decay_se * self.log_positions), self.source)

    @cached_property
    def decay(self) -> float:
        """The exponent of the power law position^-decay nearest to the curve, by least squares of its logarithm."""
        return float(self._slope @ np.log(self.at))

    @cached_property
    def decay_se(self) -> float:
        """Its standard error."""
        return math.sqrt(max(0.0, float(self._slope @ self.covariance @ self._slope)))

    @property
    def log_positions(self) -> Floats:
        distance: Floats = np.log(np.arange(1, len(self.at) + 1))
        return distance

    @property
    def _slope(self) -> Floats:
        """Weights of log e in the decay."""
        distance = self.log_positions
        square = float(distance @ distance)
        return -distance / square if square > 0 else distance

    @property
    def table(self) -> ExaminationTable:
        """As a bundle carries it."""
        return ExaminationTable(
            at=tuple(self.at.tolist()), decay=self.decay, decay_se=self.decay_se, source=self.source
        )
