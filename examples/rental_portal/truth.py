"""What an order is truly worth, known only because the portal is simulated.

The true value of an order is the conversions it would bring: for every list the sum over positions of
examination(position) times attraction(listing shown there). The ideal order sorts by attraction.

`worth` judges scores of rows that a portal logged. `TruthLists` are lists that were never logged, on which policies are
compared with each other, a bundle with another bundle among them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from examples.rental_portal.listings import Listings, attraction
from examples.rental_portal.policy import Policy
from examples.rental_portal.simulate import Portal
from examples.rental_portal.traffic import POSITIONS, candidates, examination, season
from model.arrays import Floats, Ints


@dataclass(frozen=True)
class Worth:
    """True expected conversions of the same lists in three orders."""

    shipped: float
    ideal: float
    logged: float

    @property
    def share_of_ideal(self) -> float:
        return self.shipped / self.ideal

    @property
    def lift_over_logged(self) -> float:
        return self.shipped / self.logged - 1


def worth(truth: Path, lists: NDArray[np.int64], listings: NDArray[np.int64], scores: NDArray[np.float64]) -> Worth:
    """Judge the order that `scores` gives to rows (list, listing).

    All three arrays are (rows,). Rows that were rejected before scoring are not there: the orders are compared on
    the rows that are. Raises ValueError for a row that the portal never showed.
    """
    of_lists = pc.field("list_id").isin(np.unique(lists).tolist())
    known = ds.dataset(truth / "attraction").to_table(filter=of_lists)
    key = known["list_id"].to_numpy() * 2**32 + known["listing_id"].to_numpy()
    sort = np.argsort(key)
    row_key = lists.astype(np.int64) * 2**32 + listings.astype(np.int64)
    index = sort[np.minimum(np.searchsorted(key, row_key, sorter=sort), len(key) - 1)]
    if not np.array_equal(key[index], row_key):
        raise ValueError("a scored row was never shown by this portal; the truth is of another size or seed")
    liked = known["attraction"].to_numpy()[index]
    curve = json.loads((truth / "examination.json").read_bytes())
    examined = np.array([curve[str(position)] for position in range(1, POSITIONS + 1)])
    logged = -known["position"].to_numpy()[index].astype(float)
    shipped, ideal, shown = (_value(lists, order, liked, examined) for order in (scores, liked, logged))
    return Worth(shipped=shipped, ideal=ideal, logged=shown)


def _value(lists: Ints, score: Floats, liked: Floats, examined: Floats) -> float:
    """Sum of examination times attraction when every list is sorted by falling score."""
    order = np.lexsort((-score, lists))
    sorted_lists = lists[order]
    first = np.flatnonzero(np.r_[True, sorted_lists[1:] != sorted_lists[:-1]])
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    return float(examined[rank] @ liked[order])


@dataclass(frozen=True)
class TrueGain:
    """Relative gain in conversions over another order of the same lists; `se` is its standard error over the lists."""

    value: float
    se: float

    @classmethod
    def of(cls, new: Floats, base: Floats) -> "TrueGain":
        """Of the conversions of lists, (lists,), in two orders: a ratio of sums, its error by linearisation."""
        ratio = new.sum() / base.sum()
        residual = (new - ratio * base) / base.mean()
        return cls(float(ratio - 1), float(residual.std(ddof=1) / np.sqrt(len(base))))


@dataclass(frozen=True)
class _Day:
    """Lists of a day: indices of listings and their attraction, (lists, POSITIONS); in no order."""

    day: int
    listed: Ints
    liked: Floats


class TruthLists:
    """About `lists` lists over all days of a portal, which it never logged; the same `seed` gives the same lists."""

    def __init__(self, portal: Portal, *, lists: int, seed: int) -> None:
        self._seed = seed
        self._listings = portal.catalogue()
        self._examined = examination(portal.exponent)
        self._days = list(_days(self._listings, portal.days, -(-lists // portal.days), seed))

    def conversions(self, policy: Policy) -> Floats:
        """True expected conversions of each list, (lists,), in the policy's order."""
        random = np.random.default_rng([self._seed, 1])
        return np.concatenate(
            [self._sorted(day, policy.score(random, self._listings, day.listed, day.day)) for day in self._days]
        )

    def ideal(self) -> Floats:
        """The same in the order of attraction: no policy can bring more."""
        return np.concatenate([self._sorted(day, day.liked) for day in self._days])

    def share_of_ideal(self, policy: Policy) -> float:
        """Of the conversions that the ideal order brings."""
        return float(self.conversions(policy).sum() / self.ideal().sum())

    def gain(self, challenger: Policy, champion: Policy) -> TrueGain:
        """Of one policy over another."""
        return TrueGain.of(self.conversions(challenger), self.conversions(champion))

    def _sorted(self, day: _Day, score: Floats) -> Floats:
        order = np.argsort(-score, axis=1, kind="stable")
        value: Floats = np.take_along_axis(day.liked, order, 1) @ self._examined
        return value


def _days(listings: Listings, days: int, lists: int, seed: int) -> Iterator[_Day]:
    for day in range(days):
        listed = candidates(np.random.default_rng([seed, 0, day]), listings, day, lists)
        liked = attraction(listings, listed.ravel(), day, season(day)).reshape(-1, POSITIONS)
        yield _Day(day, listed, liked)
