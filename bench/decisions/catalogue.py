"""Items whose attraction moves slowly, scores with errors, and what an order is truly worth.

A score is the logarithm of attraction and an error of the item, so that the value of its order is known exactly: pages
are PAGE different items by pure chance, and the place of an item on its page has a hypergeometric distribution.
"""

import functools
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import hypergeom

from model.arrays import Floats

ITEMS = 3_000
PAGE = 20
TRAIN_DAYS, TEST_DAYS = 28, 7
DAYS = TRAIN_DAYS + TEST_DAYS
STEADY = 0.8  # of the variance of attraction and errors; the rest moves from day to day
PERSISTENCE = 0.97  # of what moves, each day
FURTHEST = 2.6  # standard deviations
ERROR = 1.0  # of the champion's score, beside a standard deviation of 1 of log attraction


def examination(exponent: float) -> Floats:
    """e(k) from place 1."""
    fall: Floats = np.arange(1, PAGE + 1.0) ** -exponent
    return fall


def slow(random: np.random.Generator) -> Floats:
    """(DAYS, ITEMS) normal values of variance 1, most of it lasting, the rest autoregressive."""
    steady = random.normal(size=ITEMS) * np.sqrt(STEADY)
    moving = np.empty((DAYS, ITEMS))
    moving[0] = random.normal(size=ITEMS)
    for day in range(1, DAYS):
        moving[day] = PERSISTENCE * moving[day - 1] + np.sqrt(1 - PERSISTENCE**2) * random.normal(size=ITEMS)
    values: Floats = np.clip(steady + np.sqrt(1 - STEADY) * moving, -FURTHEST, FURTHEST)
    return values


@functools.lru_cache(8)
def _by_better(exponent: float) -> Floats:
    """Expected examination of an item of a page of which 0, 1, ... other items of the catalogue are better."""
    places = np.arange(PAGE)
    chances = hypergeom(ITEMS - 1, np.arange(ITEMS)[:, None], PAGE - 1).pmf(places)
    expected: Floats = chances @ examination(exponent)
    return expected


def value(attraction: Floats, score: Floats, exponent: float) -> float:
    """Expected conversions of a page ordered by `score`, a mean over the days; both are (days, ITEMS)."""
    order = np.argsort(-score, axis=1)
    return float((np.take_along_axis(attraction, order, 1) @ _by_better(exponent)).mean() * PAGE / ITEMS)


@dataclass(frozen=True)
class Catalogue:
    """`liking` is log attraction up to a constant, (DAYS, ITEMS)."""

    liking: Floats
    exponent: float

    @classmethod
    def of(cls, random: np.random.Generator, exponent: float) -> "Catalogue":
        return cls(slow(random), exponent)

    def value(self, score: Floats) -> float:
        """Of the order by `score` on the days of the test rows, up to the constant."""
        return value(np.exp(self.liking[-TEST_DAYS:]), score[-TEST_DAYS:], self.exponent)

    def score(self, error: Floats, size: float = ERROR) -> Floats:
        """With an error of `size` standard deviations."""
        return self.liking + size * error

    def better(self, champion: Floats, gain: float, error: Floats) -> Floats:
        """A score worth `1 + gain` times the champion's: its errors are as `error`, their size follows.

        Raises ValueError where not even a score without errors is worth as much.
        """
        target = (1 + gain) * self.value(champion)
        size = brentq(lambda size: self.value(self.score(error, size)) - target, 0.0, 8.0, xtol=1e-5)
        return self.score(error, size)
