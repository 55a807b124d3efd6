"""XGBoost as training uses it: its data, the parameters that no search changes, and a booster's margins."""

from collections.abc import Sequence

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


def dmatrix(
    matrix: NDArray[np.float32], label: NDArray[np.float32], features: Sequence[Feature], threads: int,
    like: xgboost.DMatrix | None = None,
) -> xgboost.DMatrix:  # fmt: skip
    """Rows as XGBoost trains on them; the cuts are those of `like`, else of these rows.

    They carry no names: XGBoost would read and compare them again in every round, twice where it evaluates.
    """
    return xgboost.QuantileDMatrix(
        matrix, label, missing=np.nan, nthread=threads, max_bin=MAX_BIN, ref=like,
        feature_types=["c" if isinstance(feature, CategoryFeature) else "float" for feature in features],
        enable_categorical=True,
    )  # fmt: skip


def margin_of(booster: bytes, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """What the trees add to the log odds, float64 (rows,), summed as a server sums them."""
    trees = xgboost.Booster({"nthread": 1})
    trees.load_model(bytearray(booster))
    distinct = DistinctRows.of(matrix)
    margins: NDArray[np.float32] = trees.inplace_predict(distinct.rows, predict_type="margin", missing=np.nan)
    return margins.astype(np.float64)[distinct.index]


def log_loss(margin: NDArray[np.float64], label: NDArray[np.float32]) -> float:
    """Mean of log(1 + exp(-s z)), s = +-1 the label."""
    return float(np.logaddexp(0.0, np.where(label > 0, -margin, margin)).mean())
