"""The inputs of a trained model, and how named columns become the matrix that it reads."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from model.bundle.unknown import UnknownPolicy

LAST = float(np.finfo(np.float32).max)
Direction = Literal["increasing", "decreasing"]
Values = Sequence[object] | NDArray[np.generic]


def encode_numbers(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """float32; values beyond it are clipped to its largest, as XGBoost refuses infinity."""
    return np.clip(values, -LAST, LAST).astype(np.float32)


class NumberFeature(BaseModel):
    """A number. The range is that of the training rows, for information: values outside it are scored as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str
    kind: Literal["number"] = "number"
    direction: Direction | None = None
    minimum: float | None = None
    maximum: float | None = None

    def encode(self, values: Values) -> NDArray[np.float32]:
        """float32, NaN where missing, clipped as `encode_numbers` does.

        Raises ValueError or TypeError for what is not a number.
        """
        numbers = [math.nan if value is None else value for value in values] if isinstance(values, Sequence) else values
        return encode_numbers(np.asarray(numbers, dtype=np.float64))


class CategoryFeature(BaseModel):
    """One of known values. Codes are indices in `categories`; any other value, rare or unseen, gets the next code.

    `unknown` says how that one is scored: "other" as a category of its own, "missing" as NaN. With "refuse" a server
    refuses it; training and evaluation score it as "other".
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str
    kind: Literal["category"] = "category"
    categories: tuple[str, ...]
    unknown: UnknownPolicy = "other"

    @property
    def other(self) -> int:
        """The code of rare and of unseen values."""
        return len(self.categories)

    def codes(self, values: Values) -> NDArray[np.float32]:
        """Codes as float32, NaN where missing, `other` where unknown."""
        codes = {value: float(code) for code, value in enumerate(self.categories)}
        other = float(self.other)
        return np.array([math.nan if v is None else codes.get(str(v), other) for v in values], dtype=np.float32)

    def encode(self, values: Values) -> NDArray[np.float32]:
        """As the model reads them: codes, NaN where missing."""
        return self.encode_codes(self.codes(values))

    def encode_codes(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Codes, NaN where missing, and where unknown if that is scored as missing."""
        if self.unknown != "missing":
            return codes
        is_known = (codes >= 0) & (codes < self.other)
        return np.where(is_known, codes, np.float32(np.nan))


Feature = Annotated[NumberFeature | CategoryFeature, Field(discriminator="kind")]


def encode(features: Sequence[Feature], columns: Mapping[str, Values]) -> NDArray[np.float32]:
    """Columns by name -> float32 (rows, features), C-ordered, in the model's own order.

    Raises KeyError for a column that is not there: order and names are never guessed.
    """
    rows = len(columns[features[0].name])
    matrix = np.empty((rows, len(features)), dtype=np.float32)
    for index, feature in enumerate(features):
        matrix[:, index] = feature.encode(columns[feature.name])
    return matrix
