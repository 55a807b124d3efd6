"""XGBoost as training uses it: the parameters that no search changes, and a booster's margins."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from artifacts.distinct_rows import DistinctRows
from model.bundle.booster import xgboost
from model.bundle.features import CategoryFeature, Feature

MAX_BIN = 256
SIGNS = {"increasing": 1, "decreasing": -1}
Parameters = dict[str, int | float]
FixedParameters = dict[str, int | float | str | tuple[int, ...]]


def fixed_parameters(features: Sequence[Feature], threads: int) -> FixedParameters:
    """The objective, and the directions that the spec declares."""
    directions = tuple(SIGNS.get(getattr(feature, "direction", None) or "", 0) for feature in features)
    fixed: FixedParameters = {
        "objective": "binary:logistic", "eval_metric": "logloss", "tree_method": "hist", "max_bin": MAX_BIN,
        "base_score": 0.5, "nthread": threads,
    }  # fmt: skip
    return fixed | ({"monotone_constraints": directions} if any(directions) else {})


def feature_types(features: Sequence[Feature]) -> list[str]:
    """As XGBoost calls them."""
    return ["c" if isinstance(feature, CategoryFeature) else "float" for feature in features]


def tree_margin(booster: bytes) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """A function of a matrix: what the trees add to the log odds of its rows, summed as a server sums them."""
    trees = xgboost.Booster({"nthread": 1})
    trees.load_model(bytearray(booster))

    def margin(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        distinct = DistinctRows.of(matrix)
        margins: NDArray[np.float32] = trees.inplace_predict(distinct.rows, predict_type="margin", missing=np.nan)
        return margins.astype(np.float64)[distinct.index]

    return margin


def log_loss(margin: NDArray[np.float64], label: NDArray[np.float32]) -> float:
    """Mean of log(1 + exp(-s z)), s = +-1 the label."""
    return float(np.logaddexp(0.0, np.where(label > 0, -margin, margin)).mean())
