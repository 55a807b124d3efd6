"""What an order is truly worth, known only because the portal is simulated.

The true value of an order is the conversions it would bring: for every list the sum over positions of
examination(position) times attraction(listing shown there). The ideal order sorts by attraction.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from examples.rental_portal.traffic import examination


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
    attraction = known["attraction"].to_numpy()[index]
    return Worth(
        shipped=_value(lists, scores, attraction),
        ideal=_value(lists, attraction, attraction),
        logged=_value(lists, -known["position"].to_numpy()[index].astype(float), attraction),
    )


def _value(lists: NDArray[np.int64], score: NDArray[np.float64], attraction: NDArray[np.float64]) -> float:
    """Sum of examination times attraction when every list is sorted by falling score."""
    order = np.lexsort((-score, lists))
    sorted_lists = lists[order]
    first = np.flatnonzero(np.r_[True, sorted_lists[1:] != sorted_lists[:-1]])
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    return float(examination()[rank] @ attraction[order])
