"""From the log odds of a model fitted on sampled rows to the probability that people may read.

First the closed-form correction for negatives that were left out of training: with a share r of them kept, true odds
are r times the fitted odds (He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", ADKDD 2014).
Then calibration on rows that were never sampled: Platt (1999), or beta (Kull, Silva Filho and Flach, AISTATS 2017).
Both keep the order of the rows.
"""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from model.arithmetic import log, log1pexp

NonNegative = Annotated[float, Field(ge=0)]


class Sampling(BaseModel):
    """The share of negatives that training saw. `corrected` says that the model's log odds get ln(share) added."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kept_negatives: float = Field(gt=0, le=1)
    corrected: Literal[True] = True

    def correct(self, margin: NDArray[np.float64]) -> NDArray[np.float64]:
        return margin + log(self.kept_negatives)


class Calibration(BaseModel):
    """Log odds z -> c + a z (platt) or c + a ln p - b ln(1 - p) with p = sigmoid(z) (beta)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    method: Literal["none", "platt", "beta"] = "none"
    a: NonNegative = 1.0
    b: NonNegative = 1.0
    c: float = 0.0

    def apply(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated log odds."""
        if self.method == "none":
            return z
        if self.method == "platt":
            return self.c + self.a * z
        return self.c - self.a * log1pexp(-z) + self.b * log1pexp(z)
