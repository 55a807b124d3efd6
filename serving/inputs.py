"""Validated JSON values to the numbers that a scorer reads."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model.bundle.features import CategoryFeature, Feature
from model.bundle.golden import InputValue


class InputNumbers:
    """Values by name to float64 (rows, inputs), in the order of the manifest's inputs.

    A category becomes its code, one that training did not know the code after the last, a missing value NaN.
    """

    def __init__(self, inputs: Sequence[Feature]) -> None:
        self._inputs = inputs
        self._codes = {
            feature.name: {value: float(code) for code, value in enumerate(feature.categories)}
            for feature in inputs
            if isinstance(feature, CategoryFeature)
        }

    def of_columns(self, columns: Mapping[str, Sequence[InputValue]]) -> NDArray[np.float64]:
        """Columns of one length, whose values have the types of the inputs."""
        rows = len(columns[self._inputs[0].name])
        numbers = np.empty((rows, len(self._inputs)))
        for index, feature in enumerate(self._inputs):
            numbers[:, index] = self._column(feature, columns[feature.name])
        return numbers

    def _column(self, feature: Feature, values: Sequence[InputValue]) -> Sequence[InputValue]:
        if not isinstance(feature, CategoryFeature):
            return [math.nan if value is None else value for value in values]
        codes, other = self._codes[feature.name], float(feature.other)
        return [math.nan if value is None else codes.get(str(value), other) for value in values]
