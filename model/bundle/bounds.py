"""Limits of what a model was trained on: one definition for preprocess, the servers and the smoke test."""

import functools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from model.expression import Expression
from model.sql import number

if TYPE_CHECKING:  # a spec has bounds, and whoever only reads it needs no arrays
    import numpy as np
    from numpy.typing import NDArray

    from model.arrays import Floats


class Bounds(BaseModel):
    """A rejection rule over columns: rows outside [min, max] are not trained on; servers flag and count them."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str
    expression: str
    min: float | None = None
    max: float | None = None

    @functools.cached_property
    def parsed(self) -> Expression:
        """Raises ValueError for an expression outside the grammar."""
        return Expression.parse(self.expression)

    def outside(self, columns: "Mapping[str, Floats]") -> "NDArray[np.bool_]":
        """bool (rows,): whether the expression is below min or above max. What is missing is never outside.

        Raises KeyError for an absent column.
        """
        values = self.parsed.evaluate(columns)
        below: NDArray[np.bool_] = values < (-math.inf if self.min is None else self.min)
        above: NDArray[np.bool_] = values > (math.inf if self.max is None else self.max)
        return below | above

    def outside_sql(self) -> str:
        """The same as a condition in DuckDB's SQL."""
        value = self.parsed.sql()
        below = [f"{value} < {number(self.min)}"] if self.min is not None else []
        above = [f"{value} > {number(self.max)}"] if self.max is not None else []
        return f"coalesce(({' OR '.join(below + above)}) AND NOT isnan({value}), false)"
