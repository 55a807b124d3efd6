"""What a position adds to the log odds, as a tree: any reader of the booster applies it as it applies the others."""

from collections.abc import Sequence

import numpy as np

from components.train.boosting import feature_types
from components.train.engine import named
from model.bundle.booster import xgboost
from model.bundle.examination import ExaminationTable
from model.bundle.features import Feature

# Of each row. XGBoost divides only where that gains 1e-6: with a weight of 1 it would not tell apart neighbours whose
# log e differs by less than .0014.
WEIGHT = 2.0**40
EXACT = {
    "objective": "reg:squarederror", "base_score": 0.0, "eta": 1.0, "lambda": 0.0, "min_child_weight": 0.0,
    "tree_method": "hist", "max_bin": 256, "grow_policy": "lossguide", "max_depth": 0, "nthread": 1,
}  # fmt: skip


def position_tree(examination: ExaminationTable, position: str, features: Sequence[Feature]) -> bytes:
    """A booster of a single tree, which divides by the position alone and answers log e in float32.

    It is fitted to one row for each position, each in a bin of its own, without a penalty: its leaves are the numbers
    themselves.
    """
    count = len(examination.at)
    rows = np.zeros((count, len(features)), np.float32)
    positions = np.arange(1, count + 1)
    rows[:, [feature.name for feature in features].index(position)] = positions
    label = examination.log_odds(positions)
    data = xgboost.DMatrix(
        rows,
        label,
        weight=np.full(count, WEIGHT),
        feature_types=feature_types(features),
        enable_categorical=True,
        nthread=1,
    )
    return named(xgboost.train(EXACT, data, 1, verbose_eval=False), features)
