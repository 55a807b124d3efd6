"""Scoring with a bundle: the one piece of code behind evaluation, servers and batch scoring.

matrix -> linear part (float64) + trees (float32 sum, as XGBoost adds them) -> sampling correction -> calibration
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model.bundle.booster import xgboost
from model.bundle.bundle import Bundle
from model.bundle.calibration import sigmoid
from model.bundle.features import Values, encode

XGBOOST: str = xgboost.__version__
GOLDEN_TOLERANCE = 1e-9  # on one machine equal to the last bit; across processors exp and log1p may differ in the last


class Predictor:
    """Scores rows with a checked bundle. `threads` are XGBoost's; the result does not depend on them."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        self.manifest = bundle.manifest
        self.golden = bundle.golden
        self.digest = bundle.digest
        self._booster = xgboost.Booster({"nthread": threads})
        self._booster.load_model(bytearray(bundle.booster))
        self._booster.set_param({"nthread": threads})

    @property
    def booster(self) -> xgboost.Booster:
        """The trees, loaded: for gain and contributions, which only XGBoost computes."""
        return self._booster

    def encode(self, columns: Mapping[str, Values], *, position: Values | None = None) -> NDArray[np.float32]:
        """Inputs by name -> (rows, features). `position` are the logged positions; without it the constant is used.

        Raises KeyError for a missing column, ValueError or TypeError for a value that is not a number.
        """
        declared = self.manifest.position
        if declared is None:
            return encode(self.manifest.features, columns)
        rows = len(next(iter(columns.values())))
        values = np.full(rows, declared.constant) if position is None else position
        return encode(self.manifest.features, {**columns, declared.feature: values})

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log odds as fitted, float64 (rows,), before correction and calibration."""
        linear = self.manifest.linear.margin(matrix, self.manifest.names)
        trees = self._booster.inplace_predict(matrix, predict_type="margin", missing=np.nan)
        return linear + trees.astype(np.float64)

    def probability(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability of conversion, float64 (rows,) in [0, 1]."""
        corrected = self.manifest.sampling.correct(self.margin(matrix))
        return sigmoid(self.manifest.calibration.apply(corrected))
