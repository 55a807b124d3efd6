"""The ensemble: one model for each fold, trained on all other folds, and all merged into one booster.

The settings that the search could not tell apart take turns among the members.

The members' log odds are averaged, not their probabilities. The two means differ where members disagree, and
calibration comes after either.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from artifacts.training import StartName
from components.train import linear
from components.train.engine import BoostingRows
from components.train.inputs import TrainingInputs
from components.train.position_tree import position_tree
from components.train.recipe import Recipe
from components.train.row_arrays import Mask
from components.train.split_rows import SplitRows
from components.train.stages import Stages
from model.bundle.examination import ExaminationTable
from model.bundle.features import Feature
from model.bundle.linear import Linear
from model.bundle.merged_booster import joined
from model.spec.types import Spec


def fit_members(
    inputs: TrainingInputs, starts: Mapping[StartName, Linear], recipe: Recipe, stages: Stages
) -> list[bytes]:
    """One booster per fold, trained on all other folds from the margins of its start. Folds keep groups whole."""
    rows, training = inputs.train, inputs.spec.training
    margins = {name: start_margin(rows, start, inputs.names) for name, start in starts.items()}
    # The remainder by folds would divide groups as the search's validation does; other bits make it independent.
    folds = np.uint64(training.folds)
    fold_of_row = rows.group.over(lambda group: ((group >> np.uint64(20)) % folds).astype(np.uint8))
    members: list[bytes] = []
    first: BoostingRows | None = None
    for fold in range(training.folds):
        setting = recipe.member(fold)
        stages.begin(f"training the best settings without fold {fold + 1} of {training.folds}")
        fitted = fold_of_row != fold
        if not fitted.any():  # few groups may all be in one fold; nothing is judged by what a member leaves out
            fitted = ~fitted
        prepared = inputs.engine.prepare(rows, inputs.features, fitted, like=first)
        first = prepared if first is None else first  # its cuts are those of all: finding them takes half of the time
        prepared.begin_at(margins[setting.start][fitted])
        seeded = setting.parameters | {"seed": training.seed + fold}
        booster = inputs.engine.fit(prepared, inputs.features, seeded, setting.rounds)
        members.append(with_position(booster, inputs.examination, inputs.spec, inputs.features))
    return members


def with_position(
    booster: bytes, examination: ExaminationTable | None, spec: Spec, features: Sequence[Feature]
) -> bytes:
    """A member with what the position adds, as one more tree; as it is where it has learned the position."""
    if examination is None or spec.columns.position is None:
        return booster
    return joined(booster, position_tree(examination, spec.columns.position, features))


def base_rate(rows: SplitRows, chosen: Mask | None = None) -> Linear:
    """The start without a regression, of the chosen rows."""
    label = rows.label if chosen is None else rows.label[chosen]
    return linear.prior(label, None if rows.offset is None else rows.offset_of(chosen))


def start_margin(
    rows: SplitRows, start: Linear, names: Sequence[str], chosen: Mask | None = None
) -> NDArray[np.float32]:
    """Log odds of the chosen rows by the linear part, in the precision in which boosting begins."""
    return rows.margins(lambda matrix: start.margin(matrix, names).astype(np.float32), chosen)
