"""A log of pages: which order showed them, in random order or not, and what people did."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.decisions.catalogue import DAYS, ITEMS, PAGE, TEST_DAYS, TRAIN_DAYS, Catalogue, examination
from model.arrays import Floats, Ints

RATE = 0.004  # conversions per row
LISTS_PER_USER = 1.5
USER_SPREAD = 0.5  # half of the users convert so much more often, half so much less
PAGES_AT_ONCE = ITEMS // PAGE


@dataclass(frozen=True)
class Policy:
    """Pages are ordered by `score`, (DAYS, ITEMS), and a new error of `noise` standard deviations in each list."""

    score: Floats
    noise: float = 0.0

    def order(self, random: np.random.Generator, day: int, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """What sorts (lists, PAGE) items of a day, the highest first."""
        score: NDArray[np.float32] = self.score[day].astype(np.float32)[items]
        if self.noise:
            score += np.float32(self.noise) * random.standard_normal(items.shape, np.float32)
        return score


@dataclass(frozen=True)
class Impressions:
    """Pages in the order of time, their rows in the order of positions 1 to PAGE.

    `items` and `labels` are (lists, PAGE); `days`, `explores` (in random order) and `users` are per list.
    """

    items: NDArray[np.int32]
    labels: NDArray[np.bool_]
    days: NDArray[np.int16]
    explores: NDArray[np.bool_]
    users: NDArray[np.int32]

    @property
    def lists(self) -> int:
        return len(self.items)

    @property
    def item(self) -> NDArray[np.int32]:
        """Per row, as all of the following."""
        return self.items.ravel()

    @property
    def label(self) -> NDArray[np.bool_]:
        return self.labels.ravel()

    @property
    def position(self) -> Ints:
        return np.tile(np.arange(1, PAGE + 1), self.lists)

    @property
    def list(self) -> Ints:
        return np.repeat(np.arange(self.lists), PAGE)

    @property
    def day(self) -> NDArray[np.int16]:
        return np.repeat(self.days, PAGE)

    @property
    def explore(self) -> NDArray[np.bool_]:
        return np.repeat(self.explores, PAGE)

    @property
    def user(self) -> NDArray[np.int32]:
        return np.repeat(self.users, PAGE)

    def chosen(self, lists: NDArray[np.bool_]) -> "Impressions":
        """The lists of a mask."""
        return Impressions(*(getattr(self, name)[lists] for name in self.__dataclass_fields__))

    def of(self, table: Floats, rows: Ints | slice = slice(None)) -> Floats:
        """What a (DAYS, ITEMS) table says of rows."""
        picked: Floats = table[self.day[rows], self.item[rows]]
        return picked


@dataclass(frozen=True)
class TestSet:
    """The log of the train window and that of the test window after it."""

    __test__ = False  # not a test of pytest

    train: Impressions
    test: Impressions

    @classmethod
    def of(
        cls,
        random: np.random.Generator,
        catalogue: Catalogue,
        policies: Sequence[Policy],
        *,
        conversions: float,
        explore: float,
    ) -> "TestSet":
        """`policies` order the pages of each day; `conversions` are expected in the test rows, of which RATE convert.

        Of all lists, a share of `explore` is in random order.
        """
        level = RATE * PAGE / _logged_value(random, catalogue, policies[-1], explore)
        lists = round(conversions / (RATE * PAGE))
        seen = level * np.exp(catalogue.liking)
        per_day = np.diff(np.linspace(0, lists, TEST_DAYS + 1).round().astype(int))
        days = [
            _day(random, day, int(per_day[day % TEST_DAYS]), seen[day], policies[day], explore, catalogue.exponent)
            for day in range(DAYS)
        ]
        return cls(_window(random, days[:TRAIN_DAYS]), _window(random, days[TRAIN_DAYS:]))


def _logged_value(random: np.random.Generator, catalogue: Catalogue, policy: Policy, explore: float) -> float:
    """Expected conversions of a logged page, up to the constant."""
    shown = catalogue.value(policy.score + policy.noise * random.normal(size=policy.score.shape))
    chance = catalogue.value(random.normal(size=policy.score.shape))
    return (1 - explore) * shown + explore * chance


@dataclass(frozen=True)
class _Day:
    day: int
    items: NDArray[np.int32]
    chance: NDArray[np.float32]
    explores: NDArray[np.bool_]


def _day(
    random: np.random.Generator,
    day: int,
    lists: int,
    attraction: Floats,
    policy: Policy,
    explore: float,
    exponent: float,
) -> _Day:
    times = -(-lists // PAGES_AT_ONCE)
    whole = np.tile(np.arange(ITEMS, dtype=np.int32), (times, 1))
    items = random.permuted(whole, axis=1)[:, : PAGES_AT_ONCE * PAGE].reshape(-1, PAGE)
    items = items[random.permutation(len(items))[:lists]]
    order = policy.order(random, day, items)
    explores = random.random(lists) < explore
    order[explores] = random.random((int(explores.sum()), PAGE), np.float32)
    items = np.take_along_axis(items, np.argsort(-order, axis=1), 1)
    chance = attraction.astype(np.float32)[items] * examination(exponent).astype(np.float32)
    return _Day(day, items, chance, explores)


def _window(random: np.random.Generator, days: Sequence[_Day]) -> Impressions:
    """What people did on these days; a user comes back within them."""
    lists = sum(len(day.items) for day in days)
    users = random.integers(0, max(1, round(lists / LISTS_PER_USER)), lists, np.int32)
    liking = np.where(random.random(users.max() + 1) < 0.5, 1 - USER_SPREAD, 1 + USER_SPREAD).astype(np.float32)
    chance = np.concatenate([day.chance for day in days]) * liking[users][:, None]
    return Impressions(
        np.concatenate([day.items for day in days]),
        random.random(chance.shape, np.float32) < chance,
        np.concatenate([np.full(len(day.items), day.day, np.int16) for day in days]),
        np.concatenate([day.explores for day in days]),
        users,
    )
