"""The linear part of a model: a sum over features, each term in float64, column by column.

Adding one column at a time keeps a row's result independent of how many rows are scored with it, to the last bit;
a matrix product would not.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from model.arithmetic import log1p


class NumberTerm(BaseModel):
    """weight * (transform(clip(x, low, high)) - center) / scale; `missing` where x is missing."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Literal["number"] = "number"
    feature: str
    transform: Literal["identity", "log1p"] = "identity"
    low: float
    high: float
    center: float
    scale: float = Field(gt=0)
    weight: float
    missing: float = 0.0

    def margin(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        value = x.astype(np.float64)
        value = np.where(value < self.low, self.low, value)
        value = np.where(value > self.high, self.high, value)
        if self.transform == "log1p":
            value = log1p(value)
        return np.where(np.isnan(x), self.missing, self.weight * ((value - self.center) / self.scale))


class CategoryTerm(BaseModel):
    """weights[code], the last one for "other" and any code beyond; `missing` where the value is missing."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Literal["category"] = "category"
    feature: str
    weights: tuple[float, ...] = Field(min_length=1)
    missing: float = 0.0

    def margin(self, codes: NDArray[np.float32]) -> NDArray[np.float64]:
        table = np.asarray(self.weights, dtype=np.float64)
        last = len(table) - 1
        known = (codes >= 0) & (codes < last)
        return np.where(np.isnan(codes), self.missing, table[np.where(known, codes, last).astype(np.int64)])


Term = Annotated[NumberTerm | CategoryTerm, Field(discriminator="kind")]


class Linear(BaseModel):
    """intercept + the terms. A model of trees alone has no terms; its intercept is the prior's log odds."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    intercept: float
    terms: tuple[Term, ...] = ()

    def margin(self, matrix: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.float64]:
        """Log odds, float64 (rows,). Raises ValueError for a term whose feature is not in `names`."""
        total = np.full(len(matrix), self.intercept, dtype=np.float64)
        for term in self.terms:
            total += term.margin(matrix[:, names.index(term.feature)])
        return total
