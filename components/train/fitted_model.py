"""The trained and calibrated model: trees, or a logistic regression alone where that is better."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifacts.training import StartName
from components.train import calibrate, linear
from components.train.baselines import logistic
from components.train.boosting import log_loss, tree_margin
from components.train.ensemble import base_rate, fit_members, with_position
from components.train.inputs import TrainingInputs
from components.train.recipe import Recipe
from components.train.stages import Stages
from model.bundle.calibration import Calibration
from model.bundle.linear import Linear
from model.bundle.manifest import Trees
from model.bundle.merged_booster import merge

if TYPE_CHECKING:
    from components.train.search import SearchResult  # imports Optuna, which the refit has no use for

ALONE = "logistic regression"  # the kind of a model without trees


@dataclass(frozen=True)
class FittedModel:
    """A model before it is a bundle. `kind` describes its parts; `log_loss` is on the calibration split."""

    kind: str
    linear: Linear
    booster: bytes
    trees: Trees
    calibration: Calibration
    log_loss: float


def fit_model(inputs: TrainingInputs, result: "SearchResult", stages: Stages) -> FittedModel:
    """The ensemble of the best settings, or a logistic regression alone where that is better."""
    recipe = result.recipe
    starts: dict[StartName, Linear] = {"trees": base_rate(inputs.train)}
    if any(setting.start == "linear" for setting in recipe.settings):
        starts["linear"] = inputs.design.fit(strength=recipe.strength)
    members = fit_members(inputs, starts, recipe, stages)
    stages.begin("calibrating on the calibration split")
    of_members = [starts[recipe.member(number).start] for number in range(len(members))]
    trees = _with_trees(inputs, recipe, linear.mean(of_members), members)
    stages.begin("fitting a logistic regression alone")
    alone = _without_trees(inputs, members[0])
    return trees if gain_of_trees(inputs, result, trees, alone) >= 0 else alone


def gain_of_trees(inputs: TrainingInputs, result: "SearchResult", trees: FittedModel, alone: FittedModel) -> float:
    """Log loss that the trees save, summed over the rows that compare the two.

    In time those are the calibration split's alone: under strong drift a setting found on older rows may be worthless
    on newer ones. Otherwise the search's validation rows count as well, because the calibration split may be small.
    """
    gain = inputs.calibration.count * (alone.log_loss - trees.log_loss)
    if inputs.spec.split.by != "time":
        gain += result.validation_rows * (result.alone - result.log_loss)
    return gain


def _with_trees(inputs: TrainingInputs, recipe: Recipe, start: Linear, members: Sequence[bytes]) -> FittedModel:
    """`start` is the mean of the members' own."""
    booster = merge(members)
    rows = inputs.calibration
    trees = tree_margin(booster)
    margin = inputs.sampling.correct(rows.margins(lambda matrix: start.margin(matrix, inputs.names) + trees(matrix)))
    calibration = calibrate.fit(margin, rows.label, drifts=inputs.spec.split.by == "time")
    return FittedModel(
        kind="trees on a logistic regression" if start.terms else "trees",
        linear=start,
        booster=booster,
        trees=recipe.trees(len(members), position=inputs.examination is not None),
        calibration=calibration,
        log_loss=log_loss(calibration.apply(margin), rows.label),
    )


def _without_trees(inputs: TrainingInputs, member: bytes) -> FittedModel:
    """The booster is a single tree of zeros, the first of `member`, so that the bundle keeps its one format, and what
    the position adds."""
    alone = logistic(inputs, directions=True)
    zeros = merge([member], weight=0.0, trees=slice(1))
    return FittedModel(
        kind=ALONE,
        linear=alone.linear,
        booster=with_position(zeros, inputs.examination, inputs.spec, inputs.features),
        trees=Trees.of((1 if inputs.examination is None else 2,)),
        calibration=alone.calibration,
        log_loss=alone.log_loss,
    )
