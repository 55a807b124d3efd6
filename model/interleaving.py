"""One page out of two models' orders: the team draft.

Two teams pick items for the page in turn, each the best that is left by its own order; a coin decides in every round
of two picks which team picks first. Radlinski, Kurup and Joachims, "How Does Clickthrough Data Reflect Retrieval
Quality?", CIKM 2008, algorithm 2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Ints


@dataclass(frozen=True)
class TeamDraft:
    """Pages as they are shown; all three are (lists, places).

    `item` is the index of the item in each place, `of_b` whether team B picked it. `contested` items had their team
    from the coin alone: both teams wanted them next, so a conversion there says nothing about the orders.
    """

    item: Ints
    of_b: NDArray[np.bool_]
    contested: NDArray[np.bool_]


def coins(random: np.random.Generator, lists: int, places: int) -> NDArray[np.bool_]:
    """Fair coins for `team_draft`, (lists, rounds): whether team B picks first."""
    tossed: NDArray[np.bool_] = random.integers(0, 2, (lists, (places + 1) // 2)).astype(bool)
    return tossed


def team_draft(order_a: Ints, order_b: Ints, b_first: NDArray[np.bool_], places: int | None = None) -> TeamDraft:
    """Draft pages of `places` places, all items where it is None.

    The orders are (lists, items): the indices of a list's items from best to worst, 0 to items - 1 each once. `b_first`
    is (lists, rounds), a round being two places; the same coins give the same pages. Raises ValueError for orders that
    are not of the same items.
    """
    items = np.arange(order_a.shape[1])
    for order in (order_a, order_b):
        if order.shape != order_a.shape or not (np.sort(order, axis=1) == items).all():
            raise ValueError("the orders are not of the same items, each once")
    places = len(items) if places is None else min(places, len(items))
    left_a, left_b = np.argsort(order_a, axis=1), np.argsort(order_b, axis=1)  # rank of each item; taken ones are last
    lists = np.arange(len(order_a))
    item = np.empty((len(lists), places), np.int64)
    of_b, contested = np.empty(item.shape, bool), np.empty(item.shape, bool)
    for index in range(places):
        best_a, best_b = left_a.argmin(axis=1), left_b.argmin(axis=1)
        alike = best_a == best_b
        if index % 2 == 0:
            of_b[:, index], contested[:, index] = b_first[:, index // 2], alike
        else:
            # Where the first pick was not contested, each team gets its own choice whichever way the coin falls.
            of_b[:, index], contested[:, index] = ~of_b[:, index - 1], alike & contested[:, index - 1]
        item[:, index] = np.where(of_b[:, index], best_b, best_a)
        left_a[lists, item[:, index]] = left_b[lists, item[:, index]] = len(items)
    return TeamDraft(item, of_b, contested)
