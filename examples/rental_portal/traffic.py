"""A block of searches: which lists were shown, in what order, and what people did."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from examples.rental_portal.listings import Listings, attraction
from examples.rental_portal.policy import Policy
from model.arrays import Floats, Ints

POSITIONS = 20
EXPLORE = 0.04  # share of lists in random order
EXPONENT = 0.75  # examination falls with position ** -EXPONENT
CLICKS_PER_INQUIRY = 5.0
DELAY_DAYS = 2.6  # mean time from impression to inquiry
DUPLICATED = 0.004
DAY = 86_400_000_000  # microseconds


def examination(exponent: float = EXPONENT) -> Floats:
    """P(a position is looked at), relative to the first."""
    return np.arange(1, POSITIONS + 1, dtype=float) ** -exponent


def season(day: int) -> float:
    """How eager people are on a day, relative to the mean of the year."""
    return float(1 + 0.06 * np.sin(2 * np.pi * day / 365))


@dataclass(frozen=True)
class Pages:
    """How a portal shows its lists: sorted by `policy`, `explore` of them in random order instead.

    Positions are looked at by examination(`exponent`).
    """

    policy: Policy
    explore: float
    exponent: float


@dataclass(frozen=True)
class Block:
    """Rows of one block, one entry per impression; times are microseconds since 1970."""

    list_id: Ints
    user_id: Ints
    listing: Ints
    position: Ints
    explore: Ints
    shown_at: Ints
    clicked: NDArray[np.bool_]
    inquired: NDArray[np.bool_]
    inquired_at: Ints
    attraction: Floats


def block(
    random: np.random.Generator,
    listings: Listings,
    day: int,
    pages: Pages,
    *,
    lists: int,
    first_list: int,
    midnight: int,
) -> Block:
    """`lists` lists shown on `day`, numbered from `first_list`; `midnight` is the day's start."""
    listed = candidates(random, listings, day, lists)
    lists = len(listed)
    liked = attraction(listings, listed.ravel(), day, season(day)).reshape(lists, POSITIONS)
    explore = random.uniform(size=lists) < pages.explore
    shuffled = random.uniform(size=listed.shape)
    score = np.where(explore[:, None], shuffled, pages.policy.score(random, listings, listed, day))
    order = np.argsort(-score, axis=1, kind="stable")
    listed, liked = np.take_along_axis(listed, order, 1), np.take_along_axis(liked, order, 1)
    click = np.minimum(1.0, CLICKS_PER_INQUIRY * liked**0.9)
    clicked = random.uniform(size=listed.shape) < examination(pages.exponent) * click
    inquired = clicked & (random.uniform(size=listed.shape) < liked / click)
    at = midnight + (random.beta(3, 2, lists) * DAY).astype(np.int64) // 1000 * 1000
    delay = (random.exponential(DELAY_DAYS, listed.shape) * DAY).astype(np.int64) // 1000 * 1000
    user = day // 3 * 10_000_000 + random.integers(0, max(1, int(lists * 2.1)), lists)
    return Block(
        list_id=np.repeat(first_list + np.arange(lists), POSITIONS),
        user_id=np.repeat(user, POSITIONS),
        listing=listed.ravel(),
        position=np.tile(np.arange(1, POSITIONS + 1), lists),
        explore=np.repeat(explore.astype(np.int64), POSITIONS),
        shown_at=np.repeat(at, POSITIONS),
        clicked=clicked.ravel(),
        inquired=inquired.ravel(),
        inquired_at=(at[:, None] + delay).ravel(),
        attraction=liked.ravel(),
    )


def candidates(random: np.random.Generator, listings: Listings, day: int, lists: int) -> Ints:
    """(lists, POSITIONS) distinct listings of one cell each, all online that day."""
    online = np.flatnonzero((listings.first_day <= day) & (day <= listings.last_day))
    cell = listings.cell[online]
    cells, sizes = np.unique(cell, return_counts=True)
    wide = cells[sizes >= POSITIONS]
    searched = random.choice(wide, lists, p=_share(sizes[sizes >= POSITIONS]))
    listed = np.empty((lists, POSITIONS), dtype=np.int64)
    for cell_searched in wide:
        rows = np.flatnonzero(searched == cell_searched)
        pool = random.permutation(online[cell == cell_searched])
        start = random.integers(0, len(pool), len(rows))
        listed[rows] = pool[(start[:, None] + np.arange(POSITIONS)) % len(pool)]
    return listed


def _share(sizes: Ints) -> Floats:
    weight = np.sqrt(sizes.astype(float))
    share: Floats = weight / weight.sum()
    return share
