"""Rows by position, in strata within which position and attractiveness are apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.arrays import Floats


@dataclass(frozen=True)
class Strata:
    """`events` and `rows` are (strata, positions): conversions, and the rows that one of these may have been.

    A stratum has conversions at one position. `rows` counts a conversion of another position as sampling would have
    kept it, because the others are sampled.
    """

    events: Floats
    rows: Floats

    @classmethod
    def none(cls, positions: int) -> "Strata":
        return cls(np.zeros((0, positions)), np.zeros((0, positions)))

    @classmethod
    def of(cls, conversions: Floats, others: Floats, *, share: float) -> "Strata":
        """Of tables (groups, positions): conversions, all of them, and a `share` of the other rows."""
        group, position = np.nonzero(conversions)
        index = np.arange(len(group))
        rows = others[group] + share * conversions[group]
        rows[index, position] += 1 - share
        events = np.zeros_like(rows)
        events[index, position] = conversions[group, position]
        several = (rows > 0).sum(axis=1) > 1  # at one position alone they tell nothing
        return cls(events[several], rows[several])

    @classmethod
    def joined(cls, parts: "Sequence[Strata]") -> "Strata":
        return cls(np.concatenate([part.events for part in parts]), np.concatenate([part.rows for part in parts]))

    @property
    def conversions(self) -> int:
        return int(self.events.sum())
