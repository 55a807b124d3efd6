"""The lift in conversions from interleaved pages, where the examination curve is known.

An interleaved page is a log for both orders: a conversion of an item in place k counts e(rank) / e(k) times for the
order that would have put the item on that rank, e being the chance that a place is examined (the position-based model:
Joachims, Swaminathan and Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017). An item's place is at
most twice its better rank, so these weights are at most 2 to the power of the exponent, and nothing has to be clipped.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from components.evaluate.interleaving.preference import POWER
from components.evaluate.metrics.bootstrap import ratio_error
from model.arrays import Floats, Ints
from model.errors import DataError, Problem


@dataclass(frozen=True)
class Worths:
    """Per list: the number of its unit from 0, its conversions, and the conversions that each order would have had."""

    unit: Ints
    conversions: Floats
    a: Floats
    b: Floats

    def first(self, lists: int) -> "Worths":
        """Those of the first `lists` lists."""
        return Worths(self.unit[:lists], self.conversions[:lists], self.a[:lists], self.b[:lists])


@dataclass(frozen=True)
class Lift:
    """Conversions of B's order over those of A's - 1, with interval and standard error.

    `detectable` is the lift that 8 logs in 10 of this size and variance would find.
    """

    lift: float
    low: float
    high: float
    se: float
    confidence: float
    detectable: float
    conversions: float


def worths(unit: Ints, converted: NDArray[np.bool_], rank_a: Ints, rank_b: Ints, examination: Floats) -> Worths:
    """Of pages in the order that was shown. `unit` is (lists,), `examination` (ranks,) relative to the first place; the
    others are (lists, places), ranks from 1."""
    rows = converted / examination[: converted.shape[1]]
    a, b = (rows * examination[rank - 1] for rank in (rank_a, rank_b))
    return Worths(unit, converted.sum(axis=1, dtype=float), a.sum(axis=1), b.sum(axis=1))


def measured_lift(worths: Worths, confidence: float = 0.95, power: float = POWER) -> Lift:
    """Errors are by unit, in closed form; the interval is that of the ratio's logarithm, the same from either side.
    Raises DataError for conversions of fewer than two units."""
    a, b = (np.bincount(worths.unit, value).astype(float) for value in (worths.a, worths.b))
    if np.count_nonzero(a) < 2:
        raise DataError(
            Problem(
                "conversion",
                f"conversions of {np.count_nonzero(a)} users in {len(worths.unit):,} lists",
                "Log more pages, or wait until their conversions are in",
                "interleaving-credit",
            )
        )
    ratio, se = ratio_error(b, a)
    z = float(norm.ppf((1 + confidence) / 2))
    detectable = (z + float(norm.ppf(power))) * se
    conversions, factor = float(worths.conversions.sum()), float(np.exp(z * se / ratio))
    return Lift(ratio - 1, ratio / factor - 1, ratio * factor - 1, se, confidence, detectable, conversions)


def conversions_for_lift(lift: float, so_far: Lift) -> int:
    """Conversions in all that find a true lift 8 times in 10, with the variance of the pages so far.

    Raises DataError for a lift of 0.
    """
    if lift == 0:
        hint = "Give the lift as a fraction other than 0, for example 0.05 for +5 %"
        raise DataError(Problem("lift", "0 cannot be told from no lift", hint, "interleaving-lift"))
    return int(np.ceil(so_far.conversions * (so_far.detectable / lift) ** 2))
