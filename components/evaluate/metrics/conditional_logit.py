"""Which row of a list converted, given that one did: a conditional logit with the examination curve as offset.

A conversion of a list is at row i with chance proportional to e(position of i) exp(features of i · coefficients), so
that whatever raises or lowers all rows of a list, its city or its visitor, has no part in it. McFadden, "Conditional
Logit Analysis of Qualitative Choice Behavior", 1974. Conversions of the same list are taken one by one.
"""

from dataclasses import dataclass

import numpy as np

from model.arrays import Floats, Ints

RIDGE = 0.01  # of the squared coefficients of features with a standard deviation of 1
STEPS = 30
LONGEST, SHORTEST = 1.0, 1e-7  # steps of Newton's method


@dataclass(frozen=True)
class FittedSum:
    """A sum of values over the fitted conversions. `of_list` is what each list adds when it counts once more, with the
    change of the coefficients; `by_curve` is the derivative of the sum by log e, per position."""

    of_list: Floats
    by_curve: Floats


class ConditionalLogit:
    """`fitted` are the conversions that each row has by this model; those of a list add up to what it had."""

    def __init__(self, list: Ints, position: Ints, label: Floats, features: Floats, examination: Floats) -> None:
        """Rows sorted by list; `list` and `position` from 0, `features` (rows, features), `examination` by position."""
        self._list, self._position, self._size = list, position, len(examination)
        self._first = np.flatnonzero(np.r_[True, np.diff(list) > 0])
        self._conversions = np.add.reduceat(label, self._first)
        spread = features.std(axis=0)
        self._x = ((features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0))[:, spread > 0]
        self._offset = np.log(examination)[position]
        coefficients = np.zeros(self._x.shape[1])
        for _ in range(STEPS):
            self._evaluate(label, coefficients)
            step = np.linalg.solve(self._information, self._scores.sum(axis=0) - RIDGE * coefficients)
            coefficients += np.clip(step, -LONGEST, LONGEST)
            if not np.abs(step).max(initial=0.0) > SHORTEST:
                break
        self._evaluate(label, coefficients)

    def sum(self, value: Floats) -> FittedSum:
        """Of `value`, per row."""
        weighted = self.fitted * value
        of_list = np.add.reduceat(weighted, self._first)
        by_coefficient = np.linalg.solve(self._information, value @ self._slopes)
        around = self._scores - self._scores.mean(axis=0)
        direct = weighted - self.fitted / self._conversions[self._list] * of_list[self._list]
        by_curve = np.bincount(self._position, direct - self._slopes @ by_coefficient, minlength=self._size)
        return FittedSum(of_list + around @ by_coefficient, by_curve.astype(np.float64))

    def _evaluate(self, label: Floats, coefficients: Floats) -> None:
        """Fitted conversions, the gradient of each list, and the information (minus the second derivative)."""
        utility = self._offset + self._x @ coefficients
        utility -= np.maximum.reduceat(utility, self._first)[self._list]
        chance = np.exp(utility)
        self.fitted = (self._conversions / np.add.reduceat(chance, self._first))[self._list] * chance
        mean = np.add.reduceat(self.fitted[:, None] * self._x, self._first) / self._conversions[:, None]
        around = self._x - mean[self._list]
        self._slopes = self.fitted[:, None] * around  # of the fitted conversions, by coefficient
        self._scores = np.add.reduceat((label - self.fitted)[:, None] * self._x, self._first)
        self._information = self._slopes.T @ around + RIDGE * np.eye(self._x.shape[1])
