"""The share of credit that goes to team B, how sure it is, and what a log of that size can find."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, norm

from components.evaluate.interleaving.credit import Credits
from components.evaluate.metrics.bootstrap import ratio_error
from model.arrays import Floats
from model.errors import DataError, Problem

POWER = 0.8
EXACT = 20_000  # sum of the units' differences up to which p is exact; the normal distribution beyond


@dataclass(frozen=True)
class Preference:
    """Of a log of interleaved pages; team B is the new model's.

    `preference` is B's share of all credit, with its interval `low` to `high` and standard error; at .5 neither model
    is preferred. `p` is two-sided. `design_effect` is how many times as large as that of independent conversions the
    variance is, because a user's conversions are alike. `detectable` is the share of B from which 8 logs in 10 of this
    size would find B ahead.
    """

    preference: float
    low: float
    high: float
    se: float
    p: float
    confidence: float
    design_effect: float
    detectable: float
    lists: int
    units: int
    conversions: float
    credit_a: float
    credit_b: float
    lists_for_a: int
    lists_for_b: int

    @property
    def winner(self) -> str | None:
        """`A` or `B`; None where the log cannot tell."""
        if self.p > 1 - self.confidence:
            return None
        return "B" if self.preference > 0.5 else "A"


def prefer(credits: Credits, confidence: float = 0.95) -> Preference:
    """Raises DataError for credit in fewer than two units: nothing would show how much it varies."""
    a, b = (np.bincount(credits.unit, credit).astype(float) for credit in (credits.a, credits.b))
    total = float((a + b).sum())
    if np.count_nonzero(a + b) < 2:
        raise DataError(
            Problem(
                "conversion",
                f"{total:.0f} conversions that tell the teams apart, of {np.count_nonzero(a + b)} users, in "
                f"{len(credits.unit):,} lists",
                "Log more pages, wait until their conversions are in, or compare models whose orders differ",
                "interleaving-credit",
            )
        )
    share, se = ratio_error(b, a + b)
    spread = share * (1 - share) / total
    design_effect = max(1.0, se**2 / spread) if spread > 0 else 1.0
    low, high = _wilson(share, total / design_effect, confidence)
    return Preference(
        share, low, high, se, no_preference(b - a), confidence, design_effect,
        detectable_share(total, design_effect, confidence), len(credits.unit), len(np.unique(credits.unit)),
        float(credits.conversions.sum()), float(a.sum()), float(b.sum()), int((credits.a > credits.b).sum()),
        int((credits.b > credits.a).sum()),
    )  # fmt: skip


def no_preference(difference: Floats) -> float:
    """Two-sided p of no preference, from whole differences of credit, one per unit.

    Each unit's difference is as likely with either sign when nobody prefers anything: the exact test of random signs.
    With one conversion per unit it is the sign test.
    """
    size = np.abs(np.rint(difference)).astype(np.int64)
    size = size[size > 0]
    observed, furthest = int(abs(np.rint(difference).sum())), int(size.sum())
    if furthest > EXACT:
        return float(2 * norm.sf(observed / np.sqrt((size.astype(float) ** 2).sum())))
    chance = np.ones(1)
    for value, units in zip(*np.unique(size, return_counts=True), strict=True):
        step = np.zeros(2 * value * units + 1)
        step[:: 2 * value] = binom.pmf(np.arange(units + 1), units, 0.5)
        chance = np.convolve(chance, step)
    away = np.abs(np.arange(len(chance)) - furthest) >= observed
    return float(min(1.0, chance[away].sum()))


def detectable_share(credit: float, design_effect: float, confidence: float = 0.95, power: float = POWER) -> float:
    """Share of B that so many credited conversions find with that power; at most 1."""
    away = (norm.ppf((1 + confidence) / 2) + norm.ppf(power)) * 0.5 * np.sqrt(design_effect / credit)
    return float(min(1.0, 0.5 + away))


def _wilson(share: float, size: float, confidence: float) -> tuple[float, float]:
    """Interval of a share of `size` independent conversions. Wilson 1927; `size` is the effective one, as in Korn and
    Graubard, "Confidence intervals for proportions with small expected number of positive counts", 1998."""
    z2 = norm.ppf((1 + confidence) / 2) ** 2
    middle = (share + z2 / (2 * size)) / (1 + z2 / size)
    half = np.sqrt(z2 * (share * (1 - share) / size + z2 / (4 * size**2))) / (1 + z2 / size)
    return float(min(middle - half, share)), float(max(middle + half, share))
