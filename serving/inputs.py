"""JSON values to the numbers that a scorer reads, in bulk: types are tested by whole lists.

A value of another type is nothing to be described here: the answer is None, and body_check.py finds what is wrong.
"""

import math
from array import array
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bundle.features import CategoryFeature, Input

NUMBERS = frozenset((float, int, type(None)))  # the types of JSON's numbers and of null; bool is another
LISTS = {list}


class Codes(dict[str | None, float]):
    """The code of each value of a category. Raises TypeError for what is neither text nor None.

    A value that training did not know has the code after the last, or is refused by a TypeError too.
    """

    def __init__(self, feature: CategoryFeature) -> None:
        super().__init__({value: float(code) for code, value in enumerate(feature.known)})
        self[None] = math.nan
        self._unknown = None if feature.unknown == "refuse" else float(len(feature.known))

    def __missing__(self, value: object) -> float:
        if self._unknown is None or type(value) is not str:
            raise TypeError
        return self._unknown


class InputNumbers:
    """Values by name to float64 (rows, inputs), in the order of the manifest's inputs.

    A category becomes its code, one that training did not know the code after the last, a missing value NaN.
    """

    def __init__(self, inputs: Sequence[Input]) -> None:
        names = [feature.name for feature in inputs]
        self._count = len(names)
        self._values = _getter(names)
        self._getters = [itemgetter(name) for name in names]
        self._codes = [Codes(feature) if isinstance(feature, CategoryFeature) else None for feature in inputs]
        self._categories = [(index, codes) for index, codes in enumerate(self._codes) if codes is not None]

    def of_row(self, row: Any) -> NDArray[np.float64] | None:
        """(1, inputs); None for anything but an object with exactly the inputs, of their types."""
        try:
            values = [*self._values(row)]
            for index, codes in self._categories:
                values[index] = codes[values[index]]
        except (KeyError, TypeError):
            return None
        if len(row) != self._count or not NUMBERS.issuperset(map(type, values)):
            return None
        return np.array([values], dtype=np.float64)

    def of_columns(self, columns: Any) -> NDArray[np.float64] | None:
        """(rows, inputs); None for anything but lists of one length above 0 for exactly the inputs, of their types."""
        try:
            lists = self._values(columns)
        except (KeyError, TypeError):
            return None
        if len(columns) != self._count or set(map(type, lists)) != LISTS:
            return None
        return self._of_lists(lists)

    def of_rows(self, rows: Any) -> NDArray[np.float64] | None:
        """(rows, inputs); None for anything but objects with exactly the inputs, of their types."""
        try:
            lists = [[*map(getter, rows)] for getter in self._getters]
            if set(map(len, rows)) != {self._count}:
                return None
        except (KeyError, TypeError):
            return None
        return self._of_lists(lists)

    def _of_lists(self, lists: Sequence[list[Any]]) -> NDArray[np.float64] | None:
        rows = len(lists[0])
        if rows == 0 or set(map(len, lists)) != {rows}:
            return None
        numbers = np.empty((rows, self._count))
        try:
            for index, (codes, values) in enumerate(zip(self._codes, lists, strict=True)):
                if codes is None:
                    numbers[:, index] = _numbers(values)
                else:
                    numbers[:, index] = np.fromiter(map(codes.__getitem__, values), np.float64, rows)
        except TypeError:
            return None
        return numbers


def _numbers(values: list[Any]) -> NDArray[np.float64]:
    """float64 (rows,), NaN for None. Raises TypeError for a value that is neither a number nor None."""
    try:
        numbers = np.frombuffer(array("d", values))  # accepts neither None nor text, but booleans
    except TypeError:
        if not NUMBERS.issuperset(set(map(type, values))):
            raise
        return np.array(values, dtype=np.float64)
    if ((numbers == 0) | (numbers == 1)).any() and bool in set(map(type, values)):
        raise TypeError
    return numbers


def _getter(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """The values of these names. Raises KeyError where one is absent, TypeError for anything but a mapping."""
    getter = itemgetter(*names)
    return getter if len(names) > 1 else lambda mapping: (getter(mapping),)
