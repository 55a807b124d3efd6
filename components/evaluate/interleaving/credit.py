"""The credit of the two teams on every page."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Floats, Ints


@dataclass(frozen=True)
class Credits:
    """Per list: the number of its unit (the user) from 0, its conversions, and those that each team is credited with.

    A contested conversion is nobody's credit, so that `a + b` may be less than `conversions`.
    """

    unit: Ints
    conversions: Floats
    a: Floats
    b: Floats

    def first(self, lists: int) -> "Credits":
        """Those of the first `lists` lists."""
        return Credits(self.unit[:lists], self.conversions[:lists], self.a[:lists], self.b[:lists])


def credits(
    unit: Ints, of_b: NDArray[np.bool_], converted: NDArray[np.bool_], contested: NDArray[np.bool_] | None = None
) -> Credits:
    """Credits of pages; `unit` is (lists,), the others are (lists, places).

    Without `contested` every conversion is credited to the team that picked the item, as in the first publication. That
    has the same mean and more variance.
    """
    credited = converted if contested is None else converted & ~contested
    return Credits(
        unit,
        converted.sum(axis=1, dtype=float),
        (credited & ~of_b).sum(axis=1, dtype=float),
        (credited & of_b).sum(axis=1, dtype=float),
    )
