"""Boosting one setting on all folds side by side: one early stop for all, by the mean of their log losses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.train.boosting import FixedParameters
from components.train.validation import Fold
from model.bundle.booster import xgboost

ROUNDS = 800
PATIENCE = 40  # rounds without improvement
REPORT_EVERY = 10  # rounds

ReportLoss = Callable[[int, float], bool]


@dataclass(frozen=True)
class Boosted:
    """The best number of rounds with its log loss; `cut` where the reports ended it."""

    rounds: int
    log_loss: float
    cut: bool


def boost(folds: Sequence[Fold], parameters: FixedParameters, report: ReportLoss) -> Boosted:
    """Until PATIENCE rounds brought nothing. `report` gets round and loss at times, and ends it by answering True."""
    boosters = [xgboost.Booster(parameters, [fold.fit, fold.validation]) for fold in folds]
    rows = sum(fold.rows for fold in folds)
    best, best_loss = 0, float("inf")
    for number in range(ROUNDS):
        loss = 0.0
        for booster, fold in zip(boosters, folds, strict=True):
            booster.update(fold.fit, number)
            loss += _loss(booster.eval(fold.validation, "validation", number)) * (fold.rows / rows)
        if loss < best_loss:
            best, best_loss = number, loss
        elif number - best >= PATIENCE:
            break
        if number % REPORT_EVERY == 0 and report(number, loss):
            return Boosted(best + 1, best_loss, cut=True)
    return Boosted(best + 1, best_loss, cut=False)


def _loss(evaluation: str) -> float:
    """Of `[0]\\tvalidation-logloss:0.41…`."""
    return float(evaluation.rpartition(":")[2])
