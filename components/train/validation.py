"""The rows that judge a setting: the newest where the split is by time, else one fold or several by the data's size.

Rounds found on random folds under drift are worse than those of one cut in time, so that time always has one. Where
conversions are few, one fold of them is mostly chance: the search would find the setting that fits that fold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artifacts.training import StartName
from components.train import linear
from components.train.boosting import dmatrix, log_loss
from components.train.choice import margin
from components.train.inputs import TrainingInputs
from components.train.split_rows import SplitRows
from model.arrays import Floats
from model.bundle.booster import xgboost
from model.bundle.linear import Linear

SHARE = 5  # a fold is one in five
ENOUGH = 2000  # rows of the rarer class with which one fold is enough
STRENGTHS = (0.003, 0.03, 0.3, 3.0)
STRENGTH_ROWS = 60_000  # more would not choose another strength


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and validation rows, quantised once, with the margins of either start for both."""

    fit: xgboost.DMatrix
    validation: xgboost.DMatrix
    margins: dict[StartName, tuple[Floats, Floats]]
    rows: int  # of validation

    def begin(self, start: StartName) -> None:
        """Boosting on this fold begins from the margins of `start`."""
        fit, validation = self.margins[start]
        self.fit.set_base_margin(fit)
        self.validation.set_base_margin(validation)


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
        pairs = [(~unseen, unseen)]
    paths = [_path(inputs, fitted, unseen) for fitted, unseen in pairs]
    sizes = [int(unseen.sum()) for _, unseen in pairs]
    losses = np.average([path.losses for path in paths], axis=0, weights=sizes)
    best = int(np.argmin(losses))
    folds = tuple(_fold(inputs, *pair, path.fits[best]) for pair, path in zip(pairs, paths, strict=True))
    positives = [int(rows.label[unseen].sum()) for _, unseen in pairs]
    rarer = min(sum(positives), sum(sizes) - sum(positives))
    return Validation(folds, STRENGTHS[best], float(losses[best]), margin(rarer))


def held_out(rows: SplitRows, *, by_time: bool) -> list[NDArray[np.bool_]]:
    """The validation rows of every fold, divided from the others as the test split is: by time, else by group."""
    if by_time and rows.time is not None:
        return [rows.time >= np.sort(rows.time)[-(len(rows.time) // SHARE)]]
    folds = 1 if min(rows.positives, rows.count - rows.positives) >= ENOUGH else SHARE
    return [rows.group % SHARE == fold for fold in range(folds)]


def _others(rows: SplitRows, unseen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows that share no group with those that judge."""
    others: NDArray[np.bool_] = ~unseen & ~np.isin(rows.group, np.unique(rows.group[unseen]))
    return others


def _both_classes(label: NDArray[np.float32]) -> bool:
    return bool(0 < label.sum() < len(label))


@dataclass(frozen=True)
class _Path:
    """A logistic regression for each of STRENGTHS, and its log loss on the validation rows."""

    fits: list[Linear]
    losses: list[float]


def _path(inputs: TrainingInputs, fitted: NDArray[np.bool_], unseen: NDArray[np.bool_]) -> _Path:
    matrix, label = inputs.train.matrix, inputs.train.label
    design = linear.Design(matrix[fitted], label[fitted], inputs.features, most=STRENGTH_ROWS)
    fits = design.path(STRENGTHS)
    return _Path(fits, [log_loss(fit.margin(matrix[unseen], inputs.names), label[unseen]) for fit in fits])


def _fold(inputs: TrainingInputs, fitted: NDArray[np.bool_], unseen: NDArray[np.bool_], line: Linear) -> Fold:
    matrix, label, features = inputs.train.matrix, inputs.train.label, inputs.features
    starts: dict[StartName, Linear] = {"trees": linear.prior(label[fitted]), "linear": line}
    fit = dmatrix(matrix[fitted], label[fitted], features, inputs.threads)
    return Fold(
        fit=fit,
        validation=dmatrix(matrix[unseen], label[unseen], features, inputs.threads, like=fit),
        margins={
            name: (start.margin(matrix[fitted], inputs.names), start.margin(matrix[unseen], inputs.names))
            for name, start in starts.items()
        },
        rows=int(unseen.sum()),
    )
