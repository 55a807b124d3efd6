"""Numbers of rows to probabilities and flags, as servers and bulk scoring need them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bundle.bounds import Bounds
from model.bundle.features import LAST, CategoryFeature
from model.bundle.predictor import Predictor


@dataclass(frozen=True)
class RowScores:
    """Float64 (rows,), and bool (rows, inputs and then rules), None where no row has a flag."""

    probability: NDArray[np.float64]
    margin: NDArray[np.float64]
    flags: NDArray[np.bool_] | None


class RowScorer:
    """Scores float64 (rows, inputs) in the order of the manifest's inputs: codes of categories, NaN for missing."""

    def __init__(self, predictor: Predictor) -> None:
        manifest = predictor.manifest
        self._predictor = predictor
        self._rules: tuple[Bounds, ...] = manifest.bounds
        self._index = {feature.name: index for index, feature in enumerate(manifest.inputs)}
        lowest, highest = [], []
        for feature in manifest.inputs:
            if isinstance(feature, CategoryFeature):
                lowest.append(0.0)
                highest.append(feature.other - 1.0)
            else:
                lowest.append(-np.inf if feature.minimum is None else feature.minimum)
                highest.append(np.inf if feature.maximum is None else feature.maximum)
        self._lowest, self._highest = np.array(lowest), np.array(highest)

    def score(self, values: NDArray[np.float64]) -> RowScores:
        predictor = self._predictor
        manifest = predictor.manifest
        matrix = np.empty((len(values), len(manifest.features)), dtype=np.float32)
        for column, feature in enumerate(manifest.features):
            if manifest.position and feature.name == manifest.position.feature:
                matrix[:, column] = manifest.position.constant
            else:
                matrix[:, column] = np.clip(values[:, self._index[feature.name]], -LAST, LAST)
        outside = [(values < self._lowest) | (values > self._highest)]
        columns = {name: values[:, index] for name, index in self._index.items()}
        outside += [rule.outside(columns)[:, np.newaxis] for rule in self._rules]
        flags = np.concatenate(outside, axis=1)
        return RowScores(predictor.probability(matrix), predictor.margin(matrix), flags if flags.any() else None)
