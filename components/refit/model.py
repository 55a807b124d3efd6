"""The fit: a member for each fold of the test rows, which learns from all other rows, and all merged into one.

Every row is in at least one member, and all but the newest are in each. What a member gives for the fold that it has
not seen is out of fold, at the price of the members alone: the calibration is fitted to it, and the refit is compared
by it, after that calibration, which has seen these labels.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.refit.rows import RefitRows
from components.train import calibrate, linear
from components.train.baselines import STRENGTH
from components.train.boosting import log_loss, tree_margin
from components.train.engine import BoostingRows
from components.train.ensemble import base_rate, start_margin, with_position
from components.train.fitted_model import ALONE, FittedModel
from components.train.recipe import MemberSetting, Recipe
from model.arithmetic import sigmoid
from model.arrays import Floats
from model.bundle.linear import Linear
from model.bundle.manifest import BundleManifest, Trees
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
    trained = Recipe((NO_TREES,), STRENGTH) if alone else recipe
    settings = _settings(spec, trained, rows.members)
    starts: list[Linear] = []
    members: list[bytes] = []
    first: BoostingRows | None = None
    z = np.zeros(rows.newest.count)
    for fold, of_settings in enumerate(_starts(spec, rows, trained, settings)):
        number = f"member {fold + 1} of {rows.members}"
        progress(fold + 1, rows.members + 2, f"training on {sampled.count:,} rows, {number}")
        fitted, unseen = rows.fold != fold, rows.newest_fold == fold
        prepared = rows.engine.prepare(sampled, rows.features, fitted, like=first)
        first = prepared if first is None else first
        boosters: list[bytes] = []
        for setting, start in zip(settings[fold], of_settings, strict=True):
            prepared.begin_at(start_margin(sampled, start, rows.names, fitted))
            seeded = setting.parameters | {"seed": spec.training.seed + fold}
            booster = rows.engine.fit(prepared, rows.features, seeded, setting.rounds)
            boosters.append(with_position(booster, rows.examination, spec, rows.features))
        members.append(merge(boosters) if len(boosters) > 1 else boosters[0])
        starts.append(linear.mean(of_settings))
        margin = functools.partial(starts[-1].margin, names=rows.names)
        z[unseen] = rows.newest.margins(margin, unseen)
        if not alone:
            z[unseen] += rows.newest.encoded.over(tree_margin(members[-1]), unseen)
    z = rows.sampling.correct(z)
    calibration = calibrate.fit(z, rows.newest.label, drifts=spec.split.by == "time")
    calibrated = calibration.apply(z)
    known = rows.examination is not None  # a tree for the position, in each member
    merged = members[:1] if alone else members
    if alone:
        zeros = merge(members[:1], weight=0.0, trees=slice(1))
        booster = with_position(zeros, rows.examination, spec, rows.features)
    else:
        booster = merge(members)
    model = FittedModel(
        kind=str(judged.search["kind"]),
        linear=linear.mean(starts),
        booster=booster,
        trees=Trees.of(tuple(sum(setting.rounds + known for setting in some) for some in settings[: len(merged)])),
        calibration=calibration,
        log_loss=log_loss(calibrated, rows.newest.label),
    )
    return RefittedModel(model, recipe, sigmoid(calibrated))


def _settings(spec: Spec, recipe: Recipe, members: int) -> list[tuple[MemberSetting, ...]]:
    """Of each member: settings take turns.

    Without a time a member is the mean of all of them. It scores the rows that it has left out when a later model is
    compared with this one, and a bundle has one linear part, the mean of all starts: it must be the member's as well.
    """
    if spec.columns.time is None:
        return [recipe.settings] * members
    return [(recipe.member(number),) for number in range(members)]


def _starts(
    spec: Spec, rows: RefitRows, recipe: Recipe, settings: Sequence[Sequence[MemberSetting]]
) -> list[list[Linear]]:
    """Where boosting starts, for each setting of each member: it too has not seen the fold, and without a time, where
    all members have the same, none of the test rows."""
    prior = base_rate(rows.sampled)
    fits: dict[int, Linear] = {}
    linear_start = [fold for fold, some in enumerate(settings) if any(setting.start == "linear" for setting in some)]
    if linear_start:
        design = linear.Design.of(rows.sampled, rows.features)
        if spec.columns.time is None:
            fits = dict.fromkeys(linear_start, design.fit(strength=recipe.strength, rows=rows.fold < 0))
        else:
            fits = {fold: design.fit(strength=recipe.strength, rows=rows.fold != fold) for fold in linear_start}
    return [
        [fits[fold] if setting.start == "linear" else prior for setting in some] for fold, some in enumerate(settings)
    ]
