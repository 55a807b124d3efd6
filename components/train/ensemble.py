"""The ensemble: one model for each fold, trained on all other folds, and all merged into one booster.

The members' log odds are averaged, not their probabilities, because a booster adds: the trees of all members in one
file, every leaf divided by the number of members, give exactly that mean, and any XGBoost can read it. The two means
differ where members disagree, and calibration comes after either.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.train.engine import BoostingRows
from components.train.inputs import TrainingInputs
from components.train.row_arrays import Mask
from components.train.split_rows import SplitRows
from components.train.stages import Stages
from model.bundle.booster import xgboost
from model.bundle.linear import Linear

if TYPE_CHECKING:
    from components.train.search import SearchResult  # imports Optuna, which the refit has no use for

LEAF = -1


def fit_members(inputs: TrainingInputs, start: Linear, result: "SearchResult", stages: Stages) -> list[bytes]:
    """One booster per fold, trained on all other folds from the margins of `start`. Folds keep groups whole."""
    rows, training = inputs.train, inputs.spec.training
    margin = start_margin(rows, start, inputs.names)
    # The remainder by folds would divide groups as the search's validation does; other bits make it independent.
    folds = np.uint64(training.folds)
    fold_of_row = rows.group.over(lambda group: ((group >> np.uint64(20)) % folds).astype(np.uint8))
    members: list[bytes] = []
    first: BoostingRows | None = None
    for fold in range(training.folds):
        stages.begin(f"training the best setting without fold {fold + 1} of {training.folds}")
        fitted = fold_of_row != fold
        prepared = inputs.engine.prepare(rows, inputs.features, fitted, like=first)
        first = prepared if first is None else first  # its cuts are those of all: finding them takes half of the time
        prepared.begin_at(margin[fitted])
        seeded = result.parameters | {"seed": training.seed + fold}
        members.append(inputs.engine.fit(prepared, inputs.features, seeded, result.rounds))
    return members


def start_margin(
    rows: SplitRows, start: Linear, names: Sequence[str], chosen: Mask | None = None
) -> NDArray[np.float32]:
    """Log odds of the chosen rows by the linear part, in the precision in which boosting begins."""
    return rows.encoded.over(lambda matrix: start.margin(matrix, names).astype(np.float32), chosen)


def merge(members: Sequence[bytes], *, weight: float = 1.0, trees: int | None = None) -> bytes:
    """UBJSON of one booster whose margin is `weight` (>= 0) times the mean of the members' margins.

    Of each member its first `trees`, all where that is None.
    The members must have been trained alike, with base_score 0.5 (log odds 0). The bytes are what XGBoost itself writes
    when it saves this model again.
    """
    models = [_as_json(member) for member in members]
    merged_trees = [tree for model in models for tree in model["learner"]["gradient_booster"]["model"]["trees"][:trees]]
    for number, tree in enumerate(merged_trees):
        tree["id"] = number
        _scale_leaves(tree, np.float32(weight / len(models)))
    merged = models[0]
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
