"""The uncertainty of a measured ratio: the paired Poisson bootstrap.

Every unit (a user, a list or a row) is drawn Poisson(1) times, with all its sums together, so that what two models have
in common cancels. More units than BUCKETS are first put into buckets at random by their number: sums of buckets vary
as sums of units do, and work and memory stop growing with the rows. Chamandy, Muralidharan, Najmi and Naidu,
"Estimating Uncertainty for Massive Data Streams", Google 2012.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 1024
SEED = 7
BUCKETS = 20_000
CHUNK = 50
POWER = 0.8416  # the normal quantile of .8

PerRow = NDArray[np.float64] | Callable[[], NDArray[np.float64]]  # per row, or what computes it when it is summed


@dataclass(frozen=True)
class Estimate:
    """A value with its interval and standard error; all four NaN where nothing could be measured."""

    value: float
    low: float
    high: float
    se: float

    @property
    def detectable(self) -> float:
        """The true difference that is detected 8 times in 10: by an interval as wide as this that lies above 0."""
        return self.value - self.low + POWER * self.se

    def widened(self, factor: float) -> "Estimate":
        """With errors that many times as large."""
        low, high = self.value - factor * (self.value - self.low), self.value + factor * (self.high - self.value)
        return Estimate(self.value, low, high, factor * self.se)


class Sums:
    """Sums of per-row columns, as measured and in each draw.

    `unit` numbers the unit of every row from 0. The same columns, units, draws and seed give the same numbers.
    `widening` multiplies the errors of `gain` and `saving`, the comparisons of two models.
    """

    def __init__(
        self,
        unit: NDArray[np.int64],
        columns: Mapping[str, PerRow],
        *,
        confidence: float = 0.95,
        widening: float = 1.0,
        draws: int = DRAWS,
        seed: int = SEED,
    ) -> None:
        self._tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        self._widening = widening
        self._index = {name: index for index, name in enumerate(columns)}
        bucket = buckets(unit)
        size = int(bucket.max()) + 1
        sums = [np.bincount(bucket, _values(column), minlength=size) for column in columns.values()]
        table = np.column_stack(sums).astype(np.float64)
        self._measured = table.sum(axis=0)
        self._drawn = drawn_sums(np.random.Generator(np.random.PCG64(seed)), table, draws)

    def ratio(self, above: str, below: str) -> Estimate:
        """Sum of `above` / sum of `below`."""
        a, b = self._index[above], self._index[below]
        if not self._measured[b] > 0:
            return Estimate(np.nan, np.nan, np.nan, np.nan)
        drawn = self._drawn[self._drawn[:, b] > 0]
        ratios = drawn[:, a] / drawn[:, b]
        low, high = np.quantile(ratios, self._tails)
        value = float(self._measured[a] / self._measured[b])
        # With few units the measured value can lie outside of the draws: an interval contains its own value.
        return Estimate(value, min(float(low), value), max(float(high), value), float(ratios.std()))

    def gain(self, new: str, base: str) -> Estimate:
        """new / base - 1: above 0 where more is better and the new one has more."""
        ratio = self.ratio(new, base).widened(self._widening)
        return Estimate(ratio.value - 1, ratio.low - 1, ratio.high - 1, ratio.se)

    def saving(self, new: str, base: str) -> Estimate:
        """1 - new / base: above 0 where less is better and the new one has less."""
        ratio = self.ratio(new, base).widened(self._widening)
        return Estimate(1 - ratio.value, 1 - ratio.high, 1 - ratio.low, ratio.se)


def _values(column: PerRow) -> NDArray[np.float64]:
    return column() if callable(column) else column


def drawn_sums(random: np.random.Generator, table: NDArray[np.float64], draws: int) -> NDArray[np.float64]:
    """(draws, columns) sums of a (units, columns) table in which every unit counts Poisson(1) times."""
    chunks = [min(CHUNK, draws - start) for start in range(0, draws, CHUNK)]
    return np.concatenate([random.poisson(1.0, (rows, len(table))).astype(np.float64) @ table for rows in chunks])


def buckets(unit: NDArray[np.int64]) -> NDArray[np.int64]:
    """The unit of each row, or one of BUCKETS at random where there are more units."""
    if int(unit.max()) < BUCKETS:
        return unit
    return (_mixed(unit.astype(np.uint64)) % np.uint64(BUCKETS)).astype(np.int64)


def _mixed(number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64 (Steele, Lea and Flood, OOPSLA 2014), a hash of consecutive numbers."""
    number = number + np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


def ratio_error(above: NDArray[np.float64], below: NDArray[np.float64]) -> tuple[float, float]:
    """Ratio of two sums over units and its standard error in closed form, the limit of infinitely many Poisson draws.

    NaN for a `below` that sums to nothing.
    """
    total = below.sum()
    if not total > 0:
        return np.nan, np.nan
    ratio = above.sum() / total
    return float(ratio), float(np.sqrt(np.sum((above - ratio * below) ** 2)) / total)
