"""The ensemble: one model for each fold, trained on all other folds, and all merged into one booster.

The settings that the search could not tell apart take turns among the members.

The members' log odds are averaged, not their probabilities, because a booster adds: the trees of all members in one
file, every leaf divided by the number of members, give exactly that mean, and any XGBoost can read it. The two means
differ where members disagree, and calibration comes after either.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np

from artifacts.training import StartName
from components.train.boosting import Parameters, dmatrix, fixed_parameters
from components.train.inputs import TrainingInputs
from components.train.recipe import Recipe
from components.train.stages import Stages
from model.bundle.booster import xgboost
from model.bundle.features import Feature
from model.bundle.linear import Linear

LEAF = -1


def fit_members(
    inputs: TrainingInputs, starts: Mapping[StartName, Linear], recipe: Recipe, stages: Stages
) -> list[xgboost.Booster]:
    """One booster per fold, trained on all other folds from the margins of its start. Folds keep groups whole."""
    rows, training = inputs.train, inputs.spec.training
    margins = {name: start.margin(rows.matrix, inputs.names) for name, start in starts.items()}
    # The remainder by folds would divide groups as the search's validation does; other bits make it independent.
    fold_of_row = (rows.group >> np.uint64(20)) % np.uint64(training.folds)
    members: list[xgboost.Booster] = []
    first: xgboost.DMatrix | None = None
    for fold in range(training.folds):
        setting = recipe.member(fold)
        stages.begin(f"training the best settings without fold {fold + 1} of {training.folds}")
        fitted = fold_of_row != fold
        matrix = dmatrix(rows.matrix[fitted], rows.label[fitted], inputs.features, inputs.threads, like=first)
        first = matrix if first is None else first  # its cuts are those of all: finding them takes half of the time
        matrix.set_base_margin(margins[setting.start][fitted])
        seeded = setting.parameters | {"seed": training.seed + fold}
        members.append(fit_member(matrix, inputs.features, seeded, setting.rounds, threads=inputs.threads))
    return members


def fit_member(
    rows: xgboost.DMatrix, features: Sequence[Feature], parameters: Parameters, rounds: int, *, threads: int
) -> xgboost.Booster:
    """A booster on `rows`, which have their margins to start from; named as a bundle's booster is."""
    member = xgboost.train(fixed_parameters(features, threads) | parameters, rows, rounds, verbose_eval=False)
    member.feature_names = [feature.name for feature in features]
    return member


def merge(members: Sequence[xgboost.Booster], *, weight: float = 1.0) -> bytes:
    """UBJSON of one booster whose margin is `weight` (>= 0) times the mean of the members' margins.

    The members must have the same inputs, and base_score 0.5 (log odds 0). The bytes are what XGBoost itself writes
    when it saves this model again.
    """
    models = [json.loads(bytes(member.save_raw("json"))) for member in members]
    trees = [tree for model in models for tree in model["learner"]["gradient_booster"]["model"]["trees"]]
    for number, tree in enumerate(trees):
        tree["id"] = number
        _scale_leaves(tree, np.float32(weight / len(models)))
    merged = models[0]
    merged["learner"]["attributes"] = {}
    gbtree = merged["learner"]["gradient_booster"]["model"]
    gbtree["trees"] = trees
    gbtree["tree_info"] = [0] * len(trees)
    gbtree["iteration_indptr"] = list(range(len(trees) + 1))
    gbtree["gbtree_model_param"]["num_trees"] = str(len(trees))
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(json.dumps(merged).encode()))
    return bytes(booster.save_raw("ubj"))


def _scale_leaves(tree: dict[str, list[float]], factor: np.float32) -> None:
    """A leaf's value is one of the split conditions; XGBoost keeps it a second time among the base weights."""
    leaf = np.asarray(tree["left_children"]) == LEAF
    for name in ("split_conditions", "base_weights"):
        values = np.asarray(tree[name], dtype=np.float32)
        tree[name] = np.where(leaf, values * factor, values).tolist()
