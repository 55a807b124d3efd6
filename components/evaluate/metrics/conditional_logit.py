"""Which row of a list converted, given that one did: a conditional logit with the examination curve as offset.

A conversion of a list is at row i with chance proportional to e(position of i) exp(features of i · coefficients), so
that whatever raises or lowers all rows of a list, its city or its visitor, has no part in it. McFadden, "Conditional
Logit Analysis of Qualitative Choice Behavior", 1974. Conversions of the same list are taken one by one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.arrays import Floats, Ints

RIDGE = 0.01  # of the squared coefficients of features with a standard deviation of 1 within lists
ROUNDING = 1e-9  # of the largest value: what varies less within lists is the same in all rows of a list
STEPS, SHORTEST = 100, 1e-7  # of Newton's method


@dataclass(frozen=True)
class FittedSum:
    """A sum of values over the fitted conversions. `of_list` is what each list adds when it counts once more, with the
    change of the coefficients; `by_curve` is the derivative of the sum by log e, per position."""

    of_list: Floats
    by_curve: Floats


class ConditionalLogit:
    """`fitted` are the conversions that each row has by this model; those of a list add up to what it had.

    `criterion` is Akaike's: of several models of the same rows the one with the least is best.
    """

    def __init__(self, list: Ints, position: Ints, label: Floats, features: Floats, examination: Floats) -> None:
        """Rows sorted by list; `list` and `position` from 0, `features` (rows, features), `examination` by position."""
        self._list, self._position, self._size = list, position, len(examination)
        self._first = np.flatnonzero(np.r_[True, np.diff(list) > 0])
        self._conversions = np.add.reduceat(label, self._first)
        within = within_lists(features, list)
        spread = within.std(axis=0)
        varies = spread > ROUNDING * np.abs(features).max(axis=0)
        self._x = within[:, varies] / spread[varies]
        self._offset, self._label = np.log(examination)[position], label
        self._climb()

    def sum(self, value: Floats) -> FittedSum:
        """Of `value`, per row."""
        if not value.any():  # as of an order that is nearly the logged one
            return FittedSum(np.zeros(len(self._first)), np.zeros(self._size))
        weighted = self.fitted * value
        of_list = np.add.reduceat(weighted, self._first)
        by_coefficient = np.linalg.solve(self._information, value @ self._slopes)
        around = self._scores - self._scores.mean(axis=0)
        direct = weighted - self.fitted / self._conversions[self._list] * of_list[self._list]
        by_curve = self._at_positions(direct) - self._slopes_at @ by_coefficient
        return FittedSum(of_list + around @ by_coefficient, by_curve)

    @cached_property
    def _slopes_at(self) -> Floats:
        """(positions, coefficients)."""
        columns = [self._at_positions(slopes) for slopes in self._slopes.T]
        return np.array(columns).reshape(-1, self._size).T

    def _at_positions(self, value: Floats) -> Floats:
        return np.bincount(self._position, value, minlength=self._size).astype(np.float64)

    def _climb(self) -> None:
        """To the largest likelihood, by Newton's method. A step that leads down is too long: half of it is tried."""
        coefficients = np.zeros(self._x.shape[1])
        likelihood = self._evaluate(coefficients)
        for _ in range(STEPS):
            step = np.linalg.solve(self._information, self._scores.sum(axis=0) - RIDGE * coefficients)
            while (after := self._evaluate(coefficients + step)) < likelihood and np.abs(step).max() > SHORTEST:
                step /= 2
            coefficients, likelihood = coefficients + step, after
            if not np.abs(step).max(initial=0.0) > SHORTEST:
                break
        self.criterion = 2 * (len(coefficients) - likelihood)

    def _evaluate(self, coefficients: Floats) -> float:
        """The logarithm of the likelihood. Sets the fitted conversions, the gradient of each list, and the information
        (minus the second derivative)."""
        utility = self._offset + self._x @ coefficients
        utility -= np.maximum.reduceat(utility, self._first)[self._list]
        chance = np.exp(utility)
        total = np.add.reduceat(chance, self._first)
        self.fitted = (self._conversions / total)[self._list] * chance
        mean = np.add.reduceat(self.fitted[:, None] * self._x, self._first) / self._conversions[:, None]
        around = self._x - mean[self._list]
        self._slopes = self.fitted[:, None] * around  # of the fitted conversions, by coefficient
        self._scores = np.add.reduceat((self._label - self.fitted)[:, None] * self._x, self._first)
        self._information = self._slopes.T @ around + RIDGE * np.eye(self._x.shape[1])
        likelihood = self._label @ utility - self._conversions @ np.log(total)
        return float(likelihood - RIDGE / 2 * (coefficients @ coefficients))


def within_lists(features: Floats, list: Ints) -> Floats:
    """Of each row, less the mean of its list; `list` from 0."""
    means = [np.bincount(list, column) / np.bincount(list) for column in features.T]
    return features - np.column_stack(means)[list]
