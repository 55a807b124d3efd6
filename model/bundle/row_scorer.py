"""Rows of inputs as numbers -> probabilities and flags, by either engine."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arrays import Floats, Matrix
from model.bundle.features import CategoryFeature, Input, NumberFeature, StatisticFeature, encode_numbers
from model.bundle.predictor import Predictor


class RowScores(NamedTuple):
    """float64 (rows,) each, `margin` before correction and calibration; `flags` None when none is set."""

    probability: Floats
    margin: Floats
    flags: NDArray[np.bool_] | None


class RowScorer:
    """Scores rows whose values are in the order of `manifest.inputs`. Safe to call from several threads.

    Flags are bool (rows, inputs + rules): a category that training did not know or a number outside what training saw,
    then the rules of the manifest that call the row outside.
    """

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self._inputs = predictor.manifest.inputs
        self._rules = predictor.manifest.bounds

    def score(self, values: Floats) -> RowScores:
        """float64 (rows, inputs), NaN missing, categories as codes. Raises ValueError for another width."""
        kernel = self.predictor.kernel
        if kernel is not None:
            margin, probability, flags = kernel.score_values(values)
            return RowScores(probability, margin, flags)
        return self._score_by_xgboost(values)

    def _score_by_xgboost(self, values: Floats) -> RowScores:
        values = np.asarray(values, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self._inputs):
            raise ValueError(f"rows of {len(self._inputs)} inputs are needed, these have the shape {values.shape}")
        flags = np.empty((len(values), len(self._inputs) + len(self._rules)), dtype=np.bool_)
        for index, feature in enumerate(self._inputs):
            flags[:, index] = _is_outside(feature, values[:, index])
        columns = {feature.name: values[:, index] for index, feature in enumerate(self._inputs)}
        for index, rule in enumerate(self._rules, len(self._inputs)):
            flags[:, index] = rule.outside(columns)
        margin = self.predictor.margin(self.matrix(values))
        return RowScores(self.predictor.calibrated(margin), margin, flags if flags.any() else None)

    def matrix(self, values: Floats) -> Matrix:
        """float64 (rows, inputs) -> float32 (rows, features), as the model reads them."""
        manifest = self.predictor.manifest
        matrix = np.empty((len(values), len(manifest.features)), dtype=np.float32)
        source = {feature.name: index for index, feature in enumerate(self._inputs)}
        for index, feature in enumerate(manifest.features):
            if manifest.position is not None and feature.name == manifest.position.feature:
                matrix[:, index] = manifest.position.constant
                continue
            name = feature.input if isinstance(feature, StatisticFeature) else feature.name
            numbers = encode_numbers(values[:, source[name]])
            matrix[:, index] = numbers if isinstance(feature, NumberFeature) else feature.encode_codes(numbers)
        return matrix


def _is_outside(feature: Input, values: Floats) -> NDArray[np.bool_]:
    outside: NDArray[np.bool_]
    if isinstance(feature, CategoryFeature):
        outside = (values < 0) | (values >= len(feature.known))
        return outside
    low = -np.inf if feature.minimum is None else feature.minimum
    high = np.inf if feature.maximum is None else feature.maximum
    outside = (values < low) | (values > high)
    return outside
