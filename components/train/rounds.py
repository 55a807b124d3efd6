"""Boosting one setting on all folds side by side: one early stop for all, by the mean of their log losses."""

from collections.abc import Sequence

from components.train.boosting import FixedParameters
from components.train.engine import Boosted, ReportLoss
from model.bundle.booster import xgboost

ROUNDS = 800
PATIENCE = 40  # rounds without improvement
REPORT_EVERY = 10  # rounds


def boost(
    folds: Sequence[tuple[xgboost.DMatrix, xgboost.DMatrix]],
    rows: Sequence[int],
    parameters: FixedParameters,
    report: ReportLoss,
) -> Boosted:
    """Until PATIENCE rounds brought nothing. `folds` are rows to fit on and validation rows; `rows` counts the latter.

    `report` gets round and loss at times, and ends it by answering True.
    """
    boosters = [xgboost.Booster(parameters, [*fold]) for fold in folds]
    shares = [count / sum(rows) for count in rows]
    best, best_loss = 0, float("inf")
    for number in range(ROUNDS):
        loss = 0.0
        for booster, (fit, validation), share in zip(boosters, folds, shares, strict=True):
            booster.update(fit, number)
            loss += _loss(booster.eval(validation, "validation", number)) * share
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
