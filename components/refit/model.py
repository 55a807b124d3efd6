"""The fit: a member for each fold of the newest rows, which learns from all other rows, and all merged into one.

Every row is in at least one member, and all but the newest are in each. What a member gives for the fold that it has
not seen is as honest as a cross validation, at the price of the members alone: the calibration is fitted to it, and the
refit is compared by it.
"""

import functools
from dataclasses import dataclass

import numpy as np

from components.refit.recipe import Recipe
from components.refit.rows import FOLDS, RefitRows
from components.train import calibrate, linear
from components.train.baselines import STRENGTH
from components.train.boosting import Parameters, log_loss, tree_margin
from components.train.ensemble import merge, start_margin
from components.train.fitted_model import FittedModel
from model.arithmetic import sigmoid
from model.arrays import Floats
from model.bundle.linear import Linear
from model.bundle.manifest import BundleManifest, Trees
from model.progress import ReportProgress
from model.spec.types import Spec


@dataclass(frozen=True)
class RefittedModel:
    """`unseen` are the probabilities of the newest rows, each by the member that has not seen it, calibrated."""

    model: FittedModel
    unseen: Floats


def fit_model(spec: Spec, rows: RefitRows, judged: BundleManifest, *, progress: ReportProgress) -> RefittedModel:
    """The recipe of the judged model on all rows. The same rows give the same model on any number of threads."""
    recipe, sampled = Recipe.of(judged), rows.sampled
    starts = _starts(rows, recipe)
    rounds = 1 if recipe.alone else recipe.refit_rounds
    parameters: Parameters = {"max_depth": 1} if recipe.alone else recipe.parameters  # then the trees weigh nothing
    members = []
    z = np.zeros(rows.newest.count)
    for fold, start in enumerate(starts):
        progress(fold + 1, FOLDS + 2, f"training on {sampled.count:,} rows, member {fold + 1} of {FOLDS}")
        fitted, unseen = rows.fold != fold, rows.newest_fold == fold
        prepared = rows.engine.prepare(sampled, rows.features, fitted)
        prepared.begin_at(start_margin(sampled, start, rows.names, fitted))
        seeded = parameters | {"seed": spec.training.seed + fold}
        members.append(rows.engine.fit(prepared, rows.features, seeded, rounds))
        margin = functools.partial(start.margin, names=rows.names)
        z[unseen] = rows.newest.encoded.over(margin, unseen)
        if not recipe.alone:
            z[unseen] += rows.newest.encoded.over(tree_margin(members[-1]), unseen)
    z = rows.sampling.correct(z)
    calibration = calibrate.fit(z, rows.newest.label)
    calibrated = calibration.apply(z)
    merged = members[:1] if recipe.alone else members
    model = FittedModel(
        kind=str(judged.search["kind"]),
        linear=linear.mean(starts),
        booster=merge(merged, weight=0.0 if recipe.alone else 1.0),
        trees=Trees(trees=len(merged) * rounds, members=len(merged)),
        calibration=calibration,
        log_loss=log_loss(calibrated, rows.newest.label),
    )
    return RefittedModel(model, sigmoid(calibrated))


def _starts(rows: RefitRows, recipe: Recipe) -> list[Linear]:
    """Where boosting starts, for each member: it too has not seen the fold."""
    sampled = rows.sampled
    if not recipe.alone and recipe.start == "trees":
        return [linear.prior(sampled.label)] * FOLDS
    design = linear.Design.of(sampled, rows.features)
    strength = STRENGTH if recipe.alone else recipe.strength
    return [design.fit(strength=strength, rows=rows.fold != fold) for fold in range(FOLDS)]
