"""Orders of a list page: which row gets which position, and how an order agrees with logged conversions.

Everything is computed over all rows at once; `lists` numbers the list of every row from 0.
"""

from dataclasses import dataclass

import numpy as np

from components.evaluate.metrics.ties import shuffled
from model.arrays import Floats, Ints

TOP = 10


def by_score(lists: Ints, score: Floats) -> Ints:
    """Row numbers, list after list, the highest score first.

    Ties are broken in a fixed random order: broken by the logged position they would copy the old order.
    """
    rows = shuffled(len(score))
    return rows[np.lexsort((-score[rows], lists[rows]))]


def ranks(lists: Ints, score: Floats) -> Ints:
    """1 for the highest score of a list, 2 for the next, and so on."""
    order = by_score(lists, score)
    sizes = np.bincount(lists)
    starts = np.cumsum(sizes) - sizes
    rank = np.empty(len(score), np.int64)
    rank[order] = np.arange(len(score)) - starts[lists[order]] + 1
    return rank


def positions_by_score(lists: Ints, logged: Ints, score: Floats) -> Ints:
    """The position that each row gets when the rows of a list are put by score onto the positions they were logged at.

    A second page stays a second page, and the position of a rejected row stays empty.
    """
    new = np.empty(len(score), np.int64)
    new[by_score(lists, score)] = logged[np.lexsort((logged, lists))]
    return new


@dataclass(frozen=True)
class LoggedAgreement:
    """Agreement with conversions under the logged order, which favours a copy of that order: shown, never gated.

    Lists without a conversion do not count; `lists` is how many did.
    """

    ndcg_at_10: float
    mrr: float
    conversions_at_10: float
    lists: int


def logged_agreement(lists: Ints, label: Floats, rank: Ints) -> LoggedAgreement:
    """NDCG@10 with gain y / log2(rank + 1); MRR of the best ranked conversion; share of conversions in the top 10."""
    size = int(lists.max()) + 1
    conversions = np.bincount(lists, label, minlength=size)
    some = conversions > 0
    within = rank <= TOP
    gained = np.bincount(lists, label * within / np.log2(rank + 1.0), minlength=size)
    best = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(1, TOP + 1) + 1.0))])
    ideal = best[np.minimum(conversions[some], TOP).astype(np.int64)]
    first = np.full(size, np.inf)
    np.minimum.at(first, lists[label > 0], rank[label > 0])
    return LoggedAgreement(
        ndcg_at_10=float(np.mean(gained[some] / ideal)),
        mrr=float(np.mean(1 / first[some])),
        conversions_at_10=float(label[within].sum() / label.sum()),
        lists=int(some.sum()),
    )


def group_auc(lists: Ints, label: Floats, rank: Ints) -> tuple[float, int]:
    """Mean AUC of lists with a conversion and a non-conversion, weighted by rows, and how many lists those are.

    NaN when there is no such list.
    """
    rows = np.bincount(lists).astype(np.float64)
    positives = np.bincount(lists, label, minlength=len(rows))
    both = (positives > 0) & (positives < rows)
    if not both.any():
        return np.nan, 0
    ascending = rows[lists] - rank + 1
    rank_sum, y = np.bincount(lists, ascending * label, minlength=len(rows))[both], positives[both]
    auc = (rank_sum - y * (y + 1) / 2) / (y * (rows[both] - y))
    return float(np.average(auc, weights=rows[both])), int(both.sum())


@dataclass(frozen=True)
class Moved:
    """How far a new order departs from the logged one, over lists of at least two rows."""

    kendall_tau: float
    top_10_overlap: float
    lists_changed: float


def moved(lists: Ints, logged: Ints, new: Ints, *, furthest: int = 60) -> Moved:
    """Kendall's tau over pairs at most `furthest` rows apart, mean share of the logged top 10 that stays there
    (of lists longer than 10), share of lists with any change."""
    order = np.lexsort((logged, lists))
    group, position = lists[order], new[order]
    concordant = pairs = 0
    for lag in range(1, min(furthest, int(np.bincount(lists).max()) - 1) + 1):
        same = group[lag:] == group[:-lag]
        pairs += int(same.sum())
        concordant += int(((position[lag:] > position[:-lag]) & same).sum())
    sizes = np.bincount(lists)
    old_rank, new_rank = ranks(lists, -logged.astype(np.float64)), ranks(lists, -new.astype(np.float64))
    stays = np.bincount(lists, (old_rank <= TOP) & (new_rank <= TOP), minlength=len(sizes))
    long = sizes > TOP
    changed = np.bincount(lists, old_rank != new_rank, minlength=len(sizes)) > 0
    return Moved(
        kendall_tau=2 * concordant / pairs - 1 if pairs else 1.0,
        top_10_overlap=float(np.mean(stays[long] / TOP)) if long.any() else 1.0,
        lists_changed=float(np.mean(changed[sizes > 1])) if (sizes > 1).any() else 0.0,
    )


def gini(amounts: Floats) -> float:
    """The Gini coefficient: 0 = all equal, towards 1 = one has everything. NaN for amounts that sum to nothing."""
    total = amounts.sum()
    if not total > 0:
        return np.nan
    ascending = np.sort(amounts)
    share = np.arange(1, len(ascending) + 1) @ ascending
    return float(2 * share / (len(ascending) * total) - (len(ascending) + 1) / len(ascending))
