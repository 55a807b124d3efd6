"""Several models in one booster, and a member of them alone again.

The members' log odds are averaged, not their probabilities, because a booster adds: the trees of all members in one
file, every leaf divided by the number of members, give exactly that mean, and any XGBoost can read it.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from model.bundle.booster import xgboost
from model.bundle.bundle import Bundle
from model.bundle.manifest import Trees

LEAF = -1
ALL = slice(None)


def merge(members: Sequence[bytes], *, weight: float = 1.0, trees: slice = ALL) -> bytes:
    """UBJSON of one booster whose margin is `weight` (>= 0) times the mean of the members' margins.

    Of each member its `trees`. The members must have the same inputs, and base_score 0.5 (log odds 0). The bytes are
    what XGBoost itself writes when it saves this model again.
    """
    models = [_as_json(member) for member in members]
    merged_trees = [tree for model in models for tree in _trees(model)[trees]]
    for tree in merged_trees:
        _scale_leaves(tree, np.float32(weight / len(models)))
    return _with_trees(models[0], merged_trees)


def joined(booster: bytes, other: bytes) -> bytes:
    """UBJSON of one booster whose margin is the sum of both: the trees of `other` come last. Their inputs are alike."""
    model = _as_json(booster)
    return _with_trees(model, [*_trees(model), *_trees(_as_json(other))])


def _trees(model: dict[str, Any]) -> list[dict[str, Any]]:
    trees: list[dict[str, Any]] = model["learner"]["gradient_booster"]["model"]["trees"]
    return trees


def _with_trees(merged: dict[str, Any], merged_trees: list[dict[str, Any]]) -> bytes:
    """The model with other trees, as XGBoost writes it."""
    for number, tree in enumerate(merged_trees):
        tree["id"] = number
    merged["learner"]["attributes"] = {}
    gbtree = merged["learner"]["gradient_booster"]["model"]
    gbtree["trees"] = merged_trees
    gbtree["tree_info"] = [0] * len(merged_trees)
    gbtree["iteration_indptr"] = list(range(len(merged_trees) + 1))
    gbtree["gbtree_model_param"]["num_trees"] = str(len(merged_trees))
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(json.dumps(merged).encode()))
    return bytes(booster.save_raw("ubj"))


def _as_json(member: bytes) -> dict[str, Any]:
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(member))
    model: dict[str, Any] = json.loads(bytes(booster.save_raw("json")))
    return model


def _scale_leaves(tree: dict[str, list[float]], factor: np.float32) -> None:
    """A leaf's value is one of the split conditions; XGBoost keeps it a second time among the base weights."""
    leaf = np.asarray(tree["left_children"]) == LEAF
    for name in ("split_conditions", "base_weights"):
        values = np.asarray(tree[name], dtype=np.float32)
        tree[name] = np.where(leaf, values * factor, values).tolist()


def member(bundle: Bundle, number: int) -> Bundle:
    """The bundle with the trees of one of its members, from 0, which weigh what all together did."""
    sizes = bundle.manifest.trees.members
    trees = slice(sum(sizes[:number]), sum(sizes[: number + 1]))
    manifest = bundle.manifest.model_copy(update={"trees": Trees.of((sizes[number],))})
    return replace(bundle, manifest=manifest, booster=merge([bundle.booster], weight=len(sizes), trees=trees))
