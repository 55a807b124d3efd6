"""The rows that say what orders are worth: those of lists with a conversion, and all that are pooled with one of them.

Rows of an item are pooled where all models score them alike: the price of a hotel changes from page to page, and its
position with it. The attractiveness of a pool is taken to be the same on all its pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import ndtri

from components.evaluate.metrics.bootstrap import buckets
from components.evaluate.metrics.probability import SMALLEST
from components.evaluate.test_set import Rows
from model.arrays import Floats, Ints

ALIKE = 0.2  # log odds


@dataclass(frozen=True)
class PooledOrders:
    """Lists with a conversion, and the positions that their rows and the pools of these have under every order.

    Per row of these lists, sorted by list: its `list` from 0, `position` from 0, `label`, `pool` from 0, and what the
    models say of it as normal `scores` (rows, models). `unit` is the bootstrap unit of each list, from 0. `logged` and
    `new` are (pools, positions) shares of a pool's rows.
    """

    list: Ints
    position: Ints
    label: Floats
    pool: Ints
    scores: Floats
    unit: Ints
    logged: sparse.csr_matrix
    new: Mapping[str, sparse.csr_matrix]

    @classmethod
    def of(
        cls, rows: Rows, positions: Mapping[str, Ints], scores: Sequence[Floats], pool: Ints | None, *, last: int
    ) -> "PooledOrders":
        """`positions` of every row by order, from 1; those beyond `last` count as `last`. `scores` are the
        probabilities that models order by. `pool` numbers from 0 the rows that are pooled, None where each stands for
        itself. Raises ValueError for rows without lists."""
        if rows.list is None or rows.position is None:
            raise ValueError("orders are compared within lists: the rows have no list or no position")
        converting = np.bincount(rows.list, rows.label) > 0
        row = np.flatnonzero(converting[rows.list])
        row = row[np.argsort(rows.list[row], kind="stable")]
        _, first, number = np.unique(rows.list[row], return_index=True, return_inverse=True)
        unit = np.unique(buckets(rows.unit)[row[first]], return_inverse=True)[1]
        of_all, pools = _numbered(row, len(rows.label), pool)
        some = np.flatnonzero(of_all >= 0)

        def shares(position: Ints) -> sparse.csr_matrix:
            return _shares(of_all[some], np.minimum(position[some], last) - 1, (pools, last))

        normal = np.column_stack([normal_scores(score[row]) for score in scores])
        new = {name: shares(position) for name, position in positions.items()}
        return cls(
            number.reshape(-1), np.minimum(rows.position[row], last) - 1, rows.label[row], of_all[row], normal,
            unit.reshape(-1), shares(rows.position), new,
        )  # fmt: skip


def pools(item: Ints, scores: Sequence[Floats]) -> Ints:
    """Numbers from 0 for the rows of an item that all models score alike; `scores` are probabilities."""
    number = item
    for score in scores:
        bins = np.floor(log_odds(score) / ALIKE).astype(np.int64)
        bins -= bins.min()
        number = np.unique(number * (int(bins.max()) + 1) + bins, return_inverse=True)[1]
    return number


def normal_scores(score: Floats) -> Floats:
    """The normal quantile of each row's rank (van der Waerden's): the order, whatever the scale. A model whose scores
    are flat at the top knows no less of what it puts there than another with the same order."""
    _, number, rows = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(rows) - (rows - 1) / 2  # of equal scores their mean
    normal: Floats = ndtri(rank / (len(score) + 1))[number]
    return normal


def log_odds(probability: Floats) -> Floats:
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    odds: Floats = np.log(p / (1 - p))
    return odds


def _numbered(row: Ints, rows: int, pool: Ints | None) -> tuple[Ints, int]:
    """The pool of each of all rows, -1 for those without one of `row` in it, and how many pools there are."""
    if pool is None:
        alone = np.full(rows, -1)
        alone[row] = np.arange(len(row))
        return alone, len(row)
    number = np.full(int(pool.max()) + 1, -1)
    chosen = np.unique(pool[row])
    number[chosen] = np.arange(len(chosen))
    return number[pool], len(chosen)


def _shares(pool: Ints, position: Ints, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Of the rows of each pool at each position."""
    rows = sparse.csr_matrix((np.ones(len(pool)), (pool, position)), shape=shape)
    return sparse.csr_matrix(sparse.diags(1 / np.bincount(pool, minlength=shape[0])) @ rows)
