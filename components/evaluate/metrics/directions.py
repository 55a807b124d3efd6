"""Whether the directions that the spec declares for inputs hold."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from artifacts.metrics import DirectionCheck
from model.arrays import Matrix
from model.bundle.features import NumberFeature
from model.bundle.predictor import Predictor

GRID = 25
TOLERANCE = 1e-12


def direction_checks(predictor: Predictor, matrix: Matrix) -> Iterator[DirectionCheck]:
    """Per input with a declared direction: steps of a grid over its range, all else equal, that go the other way."""
    for index, feature in enumerate(predictor.manifest.features):
        if isinstance(feature, NumberFeature) and feature.direction:
            steps = np.diff(_probabilities(feature, index, predictor, matrix), axis=0)
            against = steps < -TOLERANCE if feature.direction == "increasing" else steps > TOLERANCE
            yield DirectionCheck(
                feature=feature.name,
                direction=feature.direction,
                steps=float(steps.size),
                violations=float(against.sum()),
            )


def _probabilities(feature: NumberFeature, index: int, predictor: Predictor, matrix: Matrix) -> NDArray[np.float64]:
    """(grid, rows): every row with the feature at each value of the grid."""
    grid = np.unique(np.linspace(feature.minimum or 0.0, feature.maximum or 0.0, GRID))
    moved = np.tile(matrix, (len(grid), 1))
    moved[:, index] = np.repeat(grid, len(matrix))
    return predictor.probability(moved).reshape(len(grid), len(matrix))
