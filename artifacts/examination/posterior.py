"""The examination curve from strata of rows in which position and attractiveness are apart.

In a stratum (pages in random order, or one item within some days) every row is about as attractive wherever it stood.
Given that one of its rows converted, the chance that it was the row at position k is e(k) over the sum of e over all
its rows. Non-conversions may be sampled, as long as their position has no influence on that: this is the likelihood of
matched cases and controls (Breslow and Day, "Statistical Methods in Cancer Research" 1, 1980, chapter 7).

The prior of log e is a line in log k, whose slope is the decay, with a Brownian motion around it: without data the
curve is a power law, and with many its shape is free. The posterior is Laplace's approximation: the mode, by Newton's
method, and the inverse curvature there.
"""

from dataclasses import dataclass

import numpy as np

from artifacts.examination.curve import ExaminationCurve
from artifacts.examination.strata import Strata
from model.arrays import Floats
from model.bundle.examination import ExaminationTable

DECAY, DECAY_SPREAD = 0.75, 0.5  # of curves that were published: about 0.3 to 1.2
SHAPE_SPREAD = 0.15  # of log e around the power law, at position e = 2.7
STEPS, SMALL = 50, 1e-9
CLOSE = 1e-4  # to the mode: a step so short needs no search, in which rounding would decide


@dataclass(frozen=True)
class CurvePrior:
    """What is known before the rows: log e by position and its covariance, from position 2; at position 1 it is 0."""

    mean: Floats
    covariance: Floats

    @classmethod
    def around(cls, at: Floats, decay_spread: float) -> "CurvePrior":
        """A curve `at` whose decay is known with that standard error, and whose shape is the usual around it."""
        distance = np.log(np.arange(2, len(at) + 1))
        covariance = decay_spread**2 * np.outer(distance, distance)
        return cls(np.log(at[1:]), covariance + SHAPE_SPREAD**2 * np.minimum.outer(distance, distance))

    @classmethod
    def unknown(cls, positions: int) -> "CurvePrior":
        """Nothing but what curves usually are."""
        return cls.around(np.arange(1, positions + 1.0) ** -DECAY, DECAY_SPREAD)

    @classmethod
    def of_table(cls, table: ExaminationTable, positions: int, *, spread: float) -> "CurvePrior":
        """The curve of a bundle, `spread` the standard deviation of what its decay may have changed since.

        Beyond its last position it falls on by its power law: there the bundle is flat because it has seen none.
        """
        position = np.arange(1, positions + 1.0)
        beyond = np.maximum(position / len(table.at), 1.0) ** -table.decay
        at = np.exp(table.log_odds(position)) * beyond
        return cls.around(at, float(np.hypot(table.decay_se, spread)))

    @property
    def decay_se(self) -> float:
        """The standard error of the decay, as that of an ExaminationCurve; 0 for a page of one position."""
        distance = np.log(np.arange(2, len(self.mean) + 2))
        square = float(distance @ distance)
        return float(np.sqrt(distance @ self.covariance @ distance)) / square if square else 0.0

    def with_others(self, strata: Strata, spread: float) -> "CurvePrior":
        """What is known once these strata are seen, whose decay is another by a standard deviation of `spread`.

        Their own curve is seen with a prior that is wider by that, and the curve given theirs is normal as well.
        """
        distance = np.log(np.arange(2, len(self.mean) + 2))
        theirs = CurvePrior(self.mean, self.covariance + spread**2 * np.outer(distance, distance))
        seen = posterior(strata, theirs, source="")
        share = np.linalg.solve(theirs.covariance, self.covariance).T
        left = self.covariance - share @ self.covariance + share @ seen.covariance[1:, 1:] @ share.T
        return CurvePrior(self.mean + share @ (np.log(seen.at[1:]) - self.mean), (left + left.T) / 2)


def posterior(strata: Strata, prior: CurvePrior, *, source: str) -> ExaminationCurve:
    """The curve from position 1 to the last that the prior has."""
    if not len(prior.mean):
        return ExaminationCurve(np.ones(1), np.zeros((1, 1)), source)
    at = prior.mean.copy()
    value = _Value(strata, prior.mean, np.asarray(np.linalg.inv(prior.covariance), np.float64))
    for _ in range(STEPS):
        slope, curvature = value.derivatives(at)
        step = np.linalg.solve(curvature, slope)
        before, size = value.of(at), 1.0
        while size * np.abs(step).max() > CLOSE and value.of(at + size * step) < before:
            size /= 2
        at = at + size * step
        if np.abs(step).max() < SMALL:
            break
    covariance = np.zeros((len(at) + 1, len(at) + 1))
    covariance[1:, 1:] = np.linalg.inv(value.derivatives(at)[1])
    return ExaminationCurve(np.exp(np.minimum.accumulate(np.r_[0.0, at])), covariance, source)


@dataclass(frozen=True)
class _Value:
    """Log posterior of log e at positions 2, 3, …"""

    strata: Strata
    center: Floats
    precision: Floats

    def of(self, at: Floats) -> float:
        rows, events = self.strata.rows, self.strata.events
        log_e = np.r_[0.0, at]
        total = np.log(rows @ np.exp(log_e))
        away = at - self.center
        return float((events @ log_e).sum() - events.sum(axis=1) @ total - 0.5 * away @ self.precision @ away)

    def derivatives(self, at: Floats) -> tuple[Floats, Floats]:
        """The gradient, and minus the second derivatives."""
        rows, events = self.strata.rows, self.strata.events
        weight = rows * np.exp(np.r_[0.0, at])
        share = weight / weight.sum(axis=1, keepdims=True)
        count = events.sum(axis=1)
        gradient = (events.sum(axis=0) - count @ share)[1:] - self.precision @ (at - self.center)
        curvature = np.diag(count @ share) - (share * count[:, None]).T @ share
        return gradient, curvature[1:, 1:] + self.precision
