"""The fold bag: one model per fold, shipped as one booster.

The members' log odds are averaged, not their probabilities, because a booster adds: the trees of all members in one
file, every leaf divided by the number of members, give exactly that mean, and any XGBoost can read it. The two means
differ where members disagree, and calibration comes after either.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from model.bundle.booster import xgboost

LEAF = -1


def merge(members: Sequence[xgboost.Booster], *, weight: float = 1.0) -> bytes:
    """UBJSON of one booster whose margin is `weight` (>= 0) times the mean of the members' margins.

    The members must have been trained alike, with base_score 0.5 (log odds 0). The bytes are what XGBoost itself writes
    when it saves this model again.
    """
    models = [json.loads(bytes(member.save_raw("json"))) for member in members]
    trees = [tree for model in models for tree in model["learner"]["gradient_booster"]["model"]["trees"]]
    for number, tree in enumerate(trees):
        tree["id"] = number
        _scale_leaves(tree, np.float32(weight / len(models)))
    whole = models[0]
    whole["learner"]["attributes"] = {}
    part = whole["learner"]["gradient_booster"]["model"]
    part["trees"] = trees
    part["tree_info"] = [0] * len(trees)
    part["iteration_indptr"] = list(range(len(trees) + 1))
    part["gbtree_model_param"]["num_trees"] = str(len(trees))
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(json.dumps(whole).encode()))
    return bytes(booster.save_raw("ubj"))


def _scale_leaves(tree: dict[str, Any], factor: np.float32) -> None:
    """A leaf's value stands among the split conditions; XGBoost keeps it a second time among the base weights."""
    leaf = np.asarray(tree["left_children"]) == LEAF
    for name in ("split_conditions", "base_weights"):
        values = np.asarray(tree[name], dtype=np.float32)
        tree[name] = np.where(leaf, values * factor, values).tolist()
