"""How often each position is looked at, as a bundle carries it: what the position adds to its log odds."""

import operator
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.arrays import Floats

MOST_POSITIONS = 100


class ExaminationTable(BaseModel):
    """`at[k - 1]` is the examination of position k; positions beyond the last have its value."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    at: tuple[float, ...] = Field(
        min_length=2,
        max_length=MOST_POSITIONS,
        description="how often each position is looked at, from position 1, which has 1; above 0 and never rising",
    )
    decay: float = Field(description="exponent of the power law nearest to it")
    decay_se: float = Field(ge=0, description="its standard error")
    source: str = Field(min_length=1, max_length=500, description="what it was estimated from, for people")
    inherited_until: str | None = Field(
        None,
        description="rows before this moment count in it by the curve of the model that was in service",
        exclude_if=operator.not_,
    )

    @model_validator(mode="after")
    def _falls(self) -> Self:
        steps = zip(self.at, self.at[1:], strict=False)
        if self.at[0] != 1 or self.at[-1] <= 0 or any(before < after for before, after in steps):
            raise ValueError("is not 1 at position 1, above 0 everywhere and never rising")
        return self

    def log_odds(self, position: NDArray[np.generic]) -> Floats:
        """What each row's position adds to its log odds."""
        index = np.clip(position, 1, len(self.at)).astype(np.int64) - 1
        added: Floats = np.log(np.asarray(self.at))[index]
        return added
