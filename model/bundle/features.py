"""The inputs of a trained model, and how named columns become the matrix that it reads."""

import math
import operator
from collections.abc import Mapping, Sequence
from functools import cached_property
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
    """One of known values. As the model reads them, codes are indices in `categories`; any other value gets the next
    code, `other`.

    `unknown` says how that one is scored: "other" as a category of its own, "missing" as NaN. With "refuse" a server
    refuses what is in neither list; training and evaluation score it as "other". `rare` values are such others too, but
    a statistic of this input tells them apart, so that their input codes go on behind those of `categories`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str
    kind: Literal["category"] = "category"
    categories: tuple[str, ...]
    unknown: UnknownPolicy = "other"
    rare: tuple[str, ...] = Field((), exclude_if=operator.not_)

    @property
    def other(self) -> int:
        """The model's code of rare and of unseen values."""
        return len(self.categories)

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The values that training knew, at their input codes."""
        return self.categories + self.rare

    def codes(self, values: Values) -> NDArray[np.float32]:
        """Input codes as float32: indices in `known`, NaN where missing, the next code where unknown."""
        codes = {value: float(code) for code, value in enumerate(self.known)}
        unknown = float(len(codes))
        return np.array([math.nan if v is None else codes.get(str(v), unknown) for v in values], dtype=np.float32)

    def encode(self, values: Values) -> NDArray[np.float32]:
        """As the model reads them: codes, NaN where missing."""
        return self.encode_codes(self.codes(values))

    def encode_codes(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Input codes to those of the model; NaN where missing, and where unknown if that is scored as missing."""
        if self.unknown == "missing":
            is_category = (codes >= 0) & (codes < self.other)
            return np.where(is_category, codes, np.float32(np.nan))
        return np.where(codes > self.other, np.float32(self.other), codes)


class StatisticFeature(BaseModel):
    """How often rows with a value of the category `input` converted, as a number: log odds of the value's rate, shrunk
    to the rate of all rows, less the log odds of the rate of all rows.

    `values` has one for each of the input's known values, in the order of their codes, `missing` that of missing ones.
    Of any other value nothing is known, so that it has 0. `prior` is the rate of all rows as the model was trained on
    them, and counts as `strength` rows of each value.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str
    kind: Literal["statistic"] = "statistic"
    input: str
    prior: float = Field(gt=0, lt=1)
    strength: float = Field(gt=0)
    missing: float
    values: tuple[float, ...]

    def encode(self, category: CategoryFeature, values: Values) -> NDArray[np.float32]:
        """Of values of the input, float32."""
        return self.encode_codes(category.codes(values))

    def encode_codes(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Input codes to float32, none of which is missing."""
        unknown = len(self.values)
        is_known = (codes >= 0) & (codes < unknown)
        index = np.where(is_known, codes, np.where(np.isnan(codes), unknown + 1, unknown))
        return self._table[index.astype(np.int64)]

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        return np.array([*self.values, 0.0, self.missing], dtype=np.float32)


Input = Annotated[NumberFeature | CategoryFeature, Field(discriminator="kind")]
Feature = Annotated[NumberFeature | CategoryFeature | StatisticFeature, Field(discriminator="kind")]


def categories_by_name(features: Sequence[Feature]) -> dict[str, CategoryFeature]:
    """Those that statistics may be of."""
    return {feature.name: feature for feature in features if isinstance(feature, CategoryFeature)}


def encode(features: Sequence[Feature], columns: Mapping[str, Values]) -> NDArray[np.float32]:
    """Columns by name -> float32 (rows, features), C-ordered, in the model's own order.

    Raises KeyError for a column that is not there: order and names are never guessed.
    """
    rows = len(columns[features[0].name])
    categories = categories_by_name(features)
    matrix = np.empty((rows, len(features)), dtype=np.float32)
    for index, feature in enumerate(features):
        if isinstance(feature, StatisticFeature):
            matrix[:, index] = feature.encode(categories[feature.input], columns[feature.input])
        else:
            matrix[:, index] = feature.encode(columns[feature.name])
    return matrix
