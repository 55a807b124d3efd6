"""The search for a setting: Optuna over native XGBoost, evaluated on rows that are divided as the test split is.

Boosting starts either from the base rate (`trees`) or from a logistic regression (`linear`), and early stopping says
how much the trees add: where deep trees lose, a linear start with a few shallow trees wins.
"""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import optuna
from numpy.typing import NDArray

from artifacts.training import BestTrial, SearchBudget, StartName, TrainingReport, Trial
from components.train import linear
from components.train.boosting import Parameters, dmatrix, fixed_parameters, log_loss
from components.train.inputs import TrainingInputs
from components.train.pruning import Pruning, any_complete
from components.train.split_rows import SplitRows
from model.bundle.booster import xgboost
from model.bundle.linear import Linear
from model.progress import ReportProgress

ROUNDS = 800
PATIENCE = 40  # rounds without improvement
VALIDATION_SHARE = 5  # one in five
STRENGTHS = (0.003, 0.03, 0.3, 3.0)

SEED_TRIAL: dict[str, int | float | str] = {
    "start": "trees", "eta": 0.1, "max_depth": 5, "min_child_weight": 1.0, "subsample": 0.9, "colsample_bytree": 0.8,
    "lambda": 1.0, "alpha": 0.001, "gamma": 1e-4, "max_cat_to_onehot": 8,
}  # fmt: skip
SEED_TRIALS = (  # usual settings: deep trees, then shallow and medium trees on a logistic regression
    SEED_TRIAL,
    SEED_TRIAL | {"start": "linear", "eta": 0.05, "max_depth": 2, "min_child_weight": 20.0, "lambda": 20.0},
    SEED_TRIAL | {"start": "linear", "eta": 0.05, "max_depth": 4, "min_child_weight": 5.0, "lambda": 5.0},
)


@dataclass(frozen=True)
class SearchResult:
    """The best setting: XGBoost's parameters, rounds, where boosting starts, and how the search went.

    `strength` is C of the logistic regression of a linear start; `log_loss` is on the search's validation rows.
    """

    start: StartName
    parameters: Parameters
    rounds: int
    strength: float
    log_loss: float
    trials: tuple[Trial, ...]
    stopped_by: Literal["trials", "minutes"]

    def report(self, budget: SearchBudget) -> TrainingReport:
        best = BestTrial(start=self.start, rounds=self.rounds, log_loss=self.log_loss, parameters=self.parameters)
        return TrainingReport(stopped_by=self.stopped_by, budget=budget, best=best, trials=self.trials)


def search(inputs: TrainingInputs, budget: SearchBudget, *, progress: ReportProgress) -> SearchResult:
    """The best of `budget.trials` settings, or of those that `budget.minutes` allowed.

    The same inputs give the same answer, as long as the trials end the search.
    """
    objective = Objective(inputs)
    seed, trials = inputs.spec.training.seed, budget.trials
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=8)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=30)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    for setting in SEED_TRIALS[:trials]:
        study.enqueue_trial(setting)
    deadline = time.monotonic() + 60 * budget.minutes

    def after(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        done = trial.number + 1
        best = f"best log loss {study.best_value:.5f}" if any_complete(study) else "none finished yet"
        progress(done, trials, f"{done} of {trials} trials, {best}")
        if time.monotonic() > deadline and any_complete(study):
            study.stop()

    study.optimize(lambda trial: objective.evaluate(trial, deadline), n_trials=trials, callbacks=[after])
    best = study.best_trial
    late = len(study.trials) < trials or any("cut" in trial.user_attrs for trial in study.trials)
    return SearchResult(
        start=best.params["start"],
        parameters={name: value for name, value in best.params.items() if name != "start"},
        rounds=best.user_attrs["rounds"],
        strength=objective.strength,
        log_loss=float(study.best_value),
        trials=tuple(_trial(trial) for trial in study.trials),
        stopped_by="minutes" if late else "trials",
    )


def _trial(trial: optuna.trial.FrozenTrial) -> Trial:
    complete = trial.state == optuna.trial.TrialState.COMPLETE
    return Trial(
        number=trial.number,
        state="complete" if complete else "pruned",
        log_loss=trial.value if complete else None,
        rounds=trial.user_attrs.get("rounds"),
        parameters=trial.params,
    )


def validation_rows(rows: SplitRows, *, by_time: bool) -> NDArray[np.bool_]:
    """A fifth of the rows, divided from the others as the test split is: the last by time, else by group."""
    if by_time and rows.time is not None:
        newest: NDArray[np.bool_] = rows.time >= np.sort(rows.time)[-(len(rows.time) // VALIDATION_SHARE)]
        return newest
    by_group: NDArray[np.bool_] = rows.group % VALIDATION_SHARE == 0
    return by_group


class Objective:
    """The rows to fit on and the validation rows, with the margins of either start."""

    def __init__(self, inputs: TrainingInputs) -> None:
        rows, features, threads = inputs.train, inputs.features, inputs.threads
        validation = validation_rows(rows, by_time=inputs.spec.split.by == "time")
        fitted = ~validation & ~np.isin(rows.group, np.unique(rows.group[validation]))
        if not (_has_both_classes(rows.label[fitted]) and _has_both_classes(rows.label[validation])):
            validation = np.arange(rows.count) % VALIDATION_SHARE == 0  # too few conversions for a cut in time
            fitted = ~validation
        fit_x, fit_y, new_x, new_y = (
            rows.matrix[fitted], rows.label[fitted], rows.matrix[validation], rows.label[validation],
        )  # fmt: skip
        design = linear.Design(fit_x, fit_y, features)
        candidates = [design.fit(strength=strength) for strength in STRENGTHS]
        losses = [log_loss(candidate.margin(new_x, inputs.names), new_y) for candidate in candidates]
        best = int(np.argmin(losses))
        self.strength = STRENGTHS[best]
        starts: dict[StartName, Linear] = {"trees": linear.prior(fit_y), "linear": candidates[best]}
        self.margins = {
            name: (start.margin(fit_x, inputs.names), start.margin(new_x, inputs.names))
            for name, start in starts.items()
        }
        self.fit = dmatrix(fit_x, fit_y, features, threads)
        self.validation = dmatrix(new_x, new_y, features, threads, like=self.fit)
        self.fixed = fixed_parameters(features, threads) | {"seed": inputs.spec.training.seed}

    def evaluate(self, trial: optuna.Trial, deadline: float) -> float:
        """Log loss on the validation rows. Raises optuna.TrialPruned when others were better by then."""
        start: StartName = "linear" if trial.suggest_categorical("start", ["trees", "linear"]) == "linear" else "trees"
        parameters = self.fixed | suggest(trial)
        fit_margin, validation_margin = self.margins[start]
        self.fit.set_base_margin(fit_margin)
        self.validation.set_base_margin(validation_margin)
        booster = xgboost.train(
            parameters, self.fit, ROUNDS, evals=[(self.validation, "validation")], early_stopping_rounds=PATIENCE,
            verbose_eval=False, callbacks=[Pruning(trial, deadline)],
        )  # fmt: skip
        trial.set_user_attr("rounds", booster.best_iteration + 1)
        return float(booster.best_score)


def _has_both_classes(label: NDArray[np.float32]) -> bool:
    return bool(0 < label.sum() < len(label))


def suggest(trial: optuna.Trial) -> Parameters:
    """The parameters that are searched, in their ranges."""
    return {
        "eta": trial.suggest_float("eta", 0.03, 0.3, log=True),
        "max_depth": trial.suggest_int("max_depth", 1, 8),
        "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 100, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
        "lambda": trial.suggest_float("lambda", 0.01, 50, log=True),
        "alpha": trial.suggest_float("alpha", 0.001, 10, log=True),
        "gamma": trial.suggest_float("gamma", 1e-4, 5, log=True),
        "max_cat_to_onehot": trial.suggest_int("max_cat_to_onehot", 1, 20),
    }
