"""The scored rows of one request."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_POSITION = 2**63 - 1

Row = tuple[int, str, int, str | None, str | None, int | None, float]  # the columns but for those of the model


class ScoredRequest(NamedTuple):
    """A tuple: it is made for every request. `time` is Unix time in milliseconds.

    `items` and `positions` have one value per row, or are None.
    """

    time: int
    request: str
    probability: NDArray[np.float64]
    list_id: str | None = None
    items: Sequence[str] | None = None
    positions: Sequence[int] | None = None

    def rows(self) -> Iterator[Row]:
        """One for each probability. A position that no 64-bit integer holds is left out."""
        nothing = (None,) * len(self.probability)
        columns = zip(self.probability.tolist(), self.items or nothing, self.positions or nothing, strict=True)
        for row, (probability, item, position) in enumerate(columns):
            is_position = position is not None and -MAX_POSITION <= position <= MAX_POSITION
            yield self.time, self.request, row, self.list_id, item, position if is_position else None, probability
