"""Conversions that other orders would have had, estimated from those of the logged order.

A conversion logged at position k was seen there with chance e(k), so it stands for 1 / e(k) of them; at its new
position it would be seen with chance e(new). Inverse propensity scoring by position: Joachims, Swaminathan and
Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017. Lists without a conversion count: nothing is
normalised.

Where items are known, the positions of the rows of an item are pooled: each of its conversions stands for the mean
e(new) over the mean e(logged). A conversion at the bottom of a page then weighs no more than another at its top,
because the item is what converted. Its attractiveness is taken to be the same on these pages, so that only rows are
pooled that the models score alike: the price of a hotel changes from page to page, and its position with it.

The interval draws the units and the curve, both at random: what is not known of the curve is in every interval.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from artifacts.examination.curve import ExaminationCurve
from components.evaluate.metrics.bootstrap import CHUNK, DRAWS, SEED, Estimate, buckets
from components.evaluate.metrics.candidate_names import NEW
from components.evaluate.metrics.off_policy import least_error_clip, position_weights
from components.evaluate.metrics.probability import SMALLEST
from components.evaluate.test_set import Rows
from model.arrays import Floats, Ints

ALIKE = 0.2  # log odds


@dataclass(frozen=True)
class _Conversions:
    """Rows that converted: bootstrap unit from 0, and the rows whose positions are pooled for each, from 0."""

    unit: Ints
    group: Ints


class ExpectedConversions:
    """`positions` by order, of every row. The same rows, orders, curve and seed give the same numbers."""

    def __init__(
        self, rows: Rows, positions: Mapping[str, Ints], curve: ExaminationCurve, *, pool: Ints | None
    ) -> None:
        """`pool` numbers from 0 the rows that are pooled, None where each stands for itself. A conversion counts at
        most `clip` times, which is chosen by the rows."""
        assert rows.position is not None
        self._conversions, chosen, group = _pooled(rows, pool)
        self._curve = curve
        size = len(curve.at)
        last = np.int64(size - 1)
        self._logged = _shares(group, np.minimum(rows.position[chosen] - 1, last), size)
        self._new = {
            name: _shares(group, np.minimum(position[chosen] - 1, last), size) for name, position in positions.items()
        }
        self.clip = self._least_error_clip()

    def value(self, name: str) -> float:
        """Of the order of that name, over all rows, by the curve as estimated."""
        return float(self._of_conversions(name).sum())

    def effective(self, name: str) -> float:
        """How many conversions the weights are worth (Kish's effective sample size): few stand for all the others where
        the order puts at the top what was at the bottom."""
        weight = self._of_conversions(name)
        return float(weight.sum() ** 2 / (weight**2).sum())

    def gain(self, new: str, base: str, *, confidence: float, widening: float = 1.0) -> Estimate:
        """Relative gain of an order over another; NaN where nothing converted at a position that counts."""
        below = self.value(base)
        if not below > 0:
            return Estimate(np.nan, np.nan, np.nan, np.nan)
        value = self.value(new) / below
        drawn, drawn_base = self._drawn[new], self._drawn[base]
        ratios = drawn[drawn_base > 0] / drawn_base[drawn_base > 0]
        low, high = np.quantile(ratios, [(1 - confidence) / 2, (1 + confidence) / 2])
        # With few units the measured value can lie outside of the draws: an interval contains its own value.
        ratio = Estimate(value, min(float(low), value), max(float(high), value), float(ratios.std()))
        ratio = ratio.widened(widening)
        return Estimate(ratio.value - 1, ratio.low - 1, ratio.high - 1, ratio.se)

    def _least_error_clip(self) -> float:
        """By the lift of the new model's order over the logged one."""
        logged, new = ((shares @ self._curve.at)[self._conversions.group] for shares in (self._logged, self._new[NEW]))
        return least_error_clip(self._conversions.unit, logged, new)

    def _of_conversions(self, name: str) -> Floats:
        """What each conversion stands for by the curve as estimated."""
        of_group: Floats = self._weights(name, self._curve.at[None, :])[0]
        return of_group[self._conversions.group]

    @cached_property
    def _drawn(self) -> Mapping[str, Floats]:
        """The value of each order in each draw, of the same units and curves; CHUNK draws at a time are in memory."""
        curves = self._curve.draws(DRAWS)
        drawn = {name: np.empty(DRAWS) for name in self._new}
        for number, counts in enumerate(self._counts()):
            chunk = slice(number * CHUNK, (number + 1) * CHUNK)
            for name, values in drawn.items():
                values[chunk] = np.einsum("dg,dg->d", counts, self._weights(name, curves[chunk]))
        return drawn

    def _counts(self) -> Iterator[Floats]:
        """Conversions of each group in CHUNK draws of the units after CHUNK (CHUNK, groups)."""
        unit, group = self._conversions.unit, self._conversions.group
        random = np.random.Generator(np.random.PCG64(SEED))
        shape = (int(unit.max()) + 1, int(group.max()) + 1)
        members = sparse.csr_matrix((np.ones(len(unit)), (unit, group)), shape=shape)
        for _ in range(DRAWS // CHUNK):
            yield random.poisson(1.0, (CHUNK, shape[0])).astype(np.float64) @ members

    def _weights(self, name: str, curves: Floats) -> Floats:
        """What a conversion stands for (curves, groups)."""
        return position_weights(curves @ self._logged.T, curves @ self._new[name].T, clip=self.clip)


def pools(item: Ints, scores: Sequence[Floats]) -> Ints:
    """Numbers from 0 for the rows of an item that all models score alike; `scores` are probabilities."""
    number = item
    for score in scores:
        p = np.clip(score, SMALLEST, 1 - SMALLEST)
        bins = np.floor(np.log(p / (1 - p)) / ALIKE).astype(np.int64)
        bins -= bins.min()
        number = np.unique(number * (int(bins.max()) + 1) + bins, return_inverse=True)[1]
    return number


def _pooled(rows: Rows, pool: Ints | None) -> tuple[_Conversions, NDArray[np.bool_], Ints]:
    """The conversions, a mask of the rows that say what they stand for, and the group of each of these."""
    converted = rows.label > 0
    unit = np.unique(buckets(rows.unit)[converted], return_inverse=True)[1]
    if pool is None:
        group = np.arange(int(converted.sum()))
        return _Conversions(unit, group), converted, group
    number = np.full(int(pool.max()) + 1, -1)
    converting = np.unique(pool[converted])
    number[converting] = np.arange(len(converting))
    of_row = number[pool]
    return _Conversions(unit, of_row[converted]), of_row >= 0, of_row[of_row >= 0]


def _shares(group: Ints, position: Ints, size: int) -> Floats:
    """Of the rows of each group at each position, from position 1."""
    groups = int(group.max()) + 1 if len(group) else 0
    rows = np.bincount(group * size + position, minlength=groups * size).reshape(groups, size).astype(np.float64)
    shares: Floats = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1.0)
    return shares
