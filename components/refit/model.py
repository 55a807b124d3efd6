"""The fit: a member for each fold of the test rows, which learns from all other rows, and all merged into one.

Every row is in at least one member, and all but the newest are in each. What a member gives for the fold that it has
not seen is as honest as a cross validation, at the price of the members alone: the calibration is fitted to it, and the
refit is compared by it.
"""

import functools
from dataclasses import dataclass

import numpy as np

from components.refit.rows import RefitRows
from components.train import calibrate, linear
from components.train.baselines import STRENGTH
from components.train.boosting import log_loss, tree_margin
from components.train.engine import BoostingRows
from components.train.ensemble import start_margin
from components.train.fitted_model import ALONE, FittedModel
from components.train.recipe import MemberSetting, Recipe
from model.arithmetic import sigmoid
from model.arrays import Floats
from model.bundle.linear import Linear
from model.bundle.manifest import BundleManifest
from model.bundle.merged_booster import merge
from model.progress import ReportProgress
from model.spec.types import Spec

# A member of the refit gains from more rounds than one on four fifths of the train split: it has more rows.
MORE_ROUNDS = 1.15
NO_TREES = MemberSetting("linear", 1, {"max_depth": 1})  # of a logistic regression alone: they weigh nothing


@dataclass(frozen=True)
class RefittedModel:
    """`recipe` has the rounds of the refit. `unseen` are the probabilities of the newest rows, each by the member that
    has not seen it, calibrated."""

    model: FittedModel
    recipe: Recipe
    unseen: Floats


def fit_model(spec: Spec, rows: RefitRows, judged: BundleManifest, *, progress: ReportProgress) -> RefittedModel:
    """The recipe of the judged model on all rows. The same rows give the same model on any number of threads."""
    alone, sampled = judged.search["kind"] == ALONE, rows.sampled
    recipe = Recipe.of(judged.search).longer(MORE_ROUNDS)
    if spec.columns.time is None:
        recipe = recipe.of_one_start()
    trained = Recipe((NO_TREES,), STRENGTH) if alone else recipe
    starts = _starts(spec, rows, trained)
    members: list[bytes] = []
    first: BoostingRows | None = None
    z = np.zeros(rows.newest.count)
    for fold, start in enumerate(starts):
        number = f"member {fold + 1} of {rows.members}"
        progress(fold + 1, rows.members + 2, f"training on {sampled.count:,} rows, {number}")
        fitted, unseen, setting = rows.fold != fold, rows.newest_fold == fold, trained.member(fold)
        prepared = rows.engine.prepare(sampled, rows.features, fitted, like=first)
        first = prepared if first is None else first
        prepared.begin_at(start_margin(sampled, start, rows.names, fitted))
        seeded = setting.parameters | {"seed": spec.training.seed + fold}
        members.append(rows.engine.fit(prepared, rows.features, seeded, setting.rounds))
        margin = functools.partial(start.margin, names=rows.names)
        z[unseen] = rows.newest.encoded.over(margin, unseen)
        if not alone:
            z[unseen] += rows.newest.encoded.over(tree_margin(members[-1]), unseen)
    z = rows.sampling.correct(z)
    calibration = calibrate.fit(z, rows.newest.label, drifts=spec.split.by == "time")
    calibrated = calibration.apply(z)
    merged = members[:1] if alone else members
    model = FittedModel(
        kind=str(judged.search["kind"]),
        linear=linear.mean(starts),
        booster=merge(merged, weight=0.0 if alone else 1.0),
        trees=trained.trees(len(merged)),
        calibration=calibration,
        log_loss=log_loss(calibrated, rows.newest.label),
    )
    return RefittedModel(model, recipe, sigmoid(calibrated))


def _starts(spec: Spec, rows: RefitRows, recipe: Recipe) -> list[Linear]:
    """Where boosting starts, for each member: it too has not seen the fold.

    Without a time it is one for all, and has seen none of the test rows: the next evaluation asks each member for the
    rows that it has left out, and of all starts the bundle has only the mean.
    """
    sampled = rows.sampled
    starts = [linear.prior(sampled.label)] * rows.members
    linear_start = [fold for fold in range(rows.members) if recipe.member(fold).start == "linear"]
    if linear_start:
        design = linear.Design.of(sampled, rows.features)
        if spec.columns.time is None:
            fits = dict.fromkeys(linear_start, design.fit(strength=recipe.strength, rows=rows.fold < 0))
        else:
            fits = {fold: design.fit(strength=recipe.strength, rows=rows.fold != fold) for fold in linear_start}
        starts = [fits.get(fold, start) for fold, start in enumerate(starts)]
    return starts
