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
        """The curve of a bundle, `spread` the standard deviation of what its decay may have changed since."""
        at = np.exp(table.log_odds(np.arange(1, positions + 1)))
        return cls.around(at, float(np.hypot(table.decay_se, spread)))

    @classmethod
    def of(cls, curve: ExaminationCurve, *, spread: float) -> "CurvePrior":
        """A curve, `spread` the standard deviation of what its decay may be wrong by beyond its own covariance."""
        distance = curve.log_positions[1:]
        return cls(np.log(curve.at[1:]), curve.covariance[1:, 1:] + spread**2 * np.outer(distance, distance))

    def combined(self, other: "CurvePrior") -> "CurvePrior":
        """Both, weighted by their precision."""
        own, others = np.linalg.inv(self.covariance), np.linalg.inv(other.covariance)
        covariance = np.linalg.inv(own + others)
        return CurvePrior(covariance @ (own @ self.mean + others @ other.mean), covariance)


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
        while value.of(at + size * step) < before and size > SMALL:
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
