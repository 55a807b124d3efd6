"""The rows that judge a setting: the newest where the split is by time, else one fold or several by the data's size.

Rounds found on random folds under drift are worse than those of one cut in time, so that time always has one. Where
conversions are few, one fold of them is mostly chance: the search would find the setting that fits that fold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artifacts.training import StartName
from components.train import linear
from components.train.boosting import log_loss
from components.train.choice import margin
from components.train.engine import FoldRows
from components.train.ensemble import base_rate, start_margin
from components.train.inputs import TrainingInputs
from components.train.row_arrays import Mask
from components.train.split_rows import SplitRows, among
from model.arrays import Floats
from model.bundle.linear import Linear

SHARE = 5  # a fold is one in five
ENOUGH = 2000  # rows of the rarer class with which one fold is enough
STRENGTHS = (0.003, 0.03, 0.3, 3.0)
STRENGTH_ROWS = 60_000  # more would not choose another strength


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and validation rows, quantised once.

    `prior` are the log odds of the base rate, `line` those of a logistic regression, for the rows of both.
    """

    rows: FoldRows
    prior: tuple[NDArray[np.float32], NDArray[np.float32]]
    line: tuple[NDArray[np.float32], NDArray[np.float32]]

    def begin(self, start: StartName) -> None:
        """Boosting on this fold begins from the margins of `start`."""
        fit, validation = self.prior if start == "trees" else self.line
        self.rows.fit.begin_at(fit)
        self.rows.validation.begin_at(validation)


@dataclass(frozen=True)
class Validation:
    """`strength` is the best C of a logistic regression over all folds, and `alone` its log loss there. `chance` is the
    relative difference between two log losses there that says nothing."""

    folds: tuple[Fold, ...]
    strength: float
    alone: float
    chance: float


def validation(inputs: TrainingInputs) -> Validation:
    """The folds of the train split."""
    rows = inputs.train
    pairs = [(_others(rows, unseen), unseen) for unseen in held_out(rows, by_time=inputs.spec.split.by == "time")]
    pairs = [pair for pair in pairs if all(_both_classes(rows.label[part]) for part in pair)]
    if not pairs:  # too few conversions for a cut in time
        unseen = np.arange(rows.count) % SHARE == 0
        pairs = [(unseen if unseen.all() else ~unseen, unseen)]  # a row alone is judged by itself
    paths = [_path(inputs, fitted, unseen) for fitted, unseen in pairs]
    sizes = [int(unseen.sum()) for _, unseen in pairs]
    losses = np.average([path.losses for path in paths], axis=0, weights=sizes)
    best = int(np.argmin(losses))
    folds = tuple(_fold(inputs, *pair, path.fits[best]) for pair, path in zip(pairs, paths, strict=True))
    positives = [int(rows.label[unseen].sum()) for _, unseen in pairs]
    rarer = min(sum(positives), sum(sizes) - sum(positives))
    return Validation(folds, STRENGTHS[best], float(losses[best]), margin(rarer))


def held_out(rows: SplitRows, *, by_time: bool) -> list[Mask]:
    """The validation rows of every fold, divided from the others as the test split is: by time, else by group."""
    if by_time and rows.time is not None:
        newest = rows.count - max(1, rows.count // SHARE)
        first = np.partition(rows.time.values(), newest)[newest]
        return [rows.time.over(lambda time: time >= first)]
    folds = 1 if min(rows.positives, rows.count - rows.positives) >= ENOUGH else SHARE
    fold_of_row = rows.group.over(lambda group: (group % SHARE).astype(np.uint8))
    return [fold_of_row == fold for fold in range(folds)]


def _others(rows: SplitRows, unseen: Mask) -> Mask:
    """Rows that share no group with those that judge."""
    groups = np.unique(rows.group.every(1, unseen))
    return ~unseen & ~rows.group.over(lambda group: among(group, groups))


def _both_classes(label: NDArray[np.float32]) -> bool:
    return bool(0 < label.sum() < len(label))


@dataclass(frozen=True)
class _Path:
    """A logistic regression for each of STRENGTHS, and its log loss on the validation rows."""

    fits: list[Linear]
    losses: list[float]


def _path(inputs: TrainingInputs, fitted: Mask, unseen: Mask) -> _Path:
    rows = inputs.train
    fits = linear.Design.of(rows, inputs.features, chosen=fitted, most=STRENGTH_ROWS).path(STRENGTHS)
    label = rows.label[unseen]
    return _Path(fits, [log_loss(_margin(inputs, fit, unseen), label) for fit in fits])


def _margin(inputs: TrainingInputs, line: Linear, chosen: Mask) -> Floats:
    return inputs.train.margins(lambda matrix: line.margin(matrix, inputs.names), chosen)


def _fold(inputs: TrainingInputs, fitted: Mask, unseen: Mask, line: Linear) -> Fold:
    rows, features, engine = inputs.train, inputs.features, inputs.engine
    fit = engine.prepare(rows, features, fitted)
    margin = start_margin(rows, line, inputs.names)
    prior = np.float32(base_rate(rows, fitted).intercept)
    return Fold(
        rows=FoldRows(fit, engine.prepare(rows, features, unseen, like=fit), rows=int(unseen.sum())),
        prior=(prior + rows.offset_of(fitted), prior + rows.offset_of(unseen)),
        line=(margin[fitted], margin[unseen]),
    )
