"""The search for a setting: Optuna over native XGBoost, judged on rows cut off as the test will be.

Boosting starts either from the base rate (`trees`) or from a logistic regression (`linear`), and early stopping says
how much the trees add: where deep trees lose, a linear start with a few shallow trees wins by itself.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import optuna
from numpy.typing import NDArray

from components.train import linear
from components.train.splits import Part
from model.bundle.booster import xgboost
from model.bundle.features import CategoryFeature, Feature
from model.bundle.linear import Linear

Start = Literal["trees", "linear"]
Report = Callable[[int, int, str], None]
Margins = NDArray[np.float64]

ROUNDS = 800
PATIENCE = 40  # rounds without improvement
REPORT_EVERY = 10
VALID_SHARE = 5  # one in five
STRENGTHS = (0.003, 0.03, 0.3, 3.0)

SANE: dict[str, Any] = {
    "start": "trees", "eta": 0.1, "max_depth": 5, "min_child_weight": 1.0, "subsample": 0.9, "colsample_bytree": 0.8,
    "lambda": 1.0, "alpha": 0.001, "gamma": 1e-4, "max_cat_to_onehot": 8,
}  # fmt: skip
SHALLOW = SANE | {"start": "linear", "eta": 0.05, "max_depth": 2, "min_child_weight": 20.0, "lambda": 20.0}
STEADY = SANE | {"start": "linear", "eta": 0.05, "max_depth": 4, "min_child_weight": 5.0, "lambda": 5.0}


@dataclass(frozen=True)
class Found:
    """The best setting: XGBoost's parameters, rounds, where boosting starts, and how the search went."""

    start: Start
    parameters: dict[str, Any]
    rounds: int
    strength: float
    log_loss: float
    trials: list[dict[str, Any]]
    stopped_by: Literal["trials", "minutes"]


def search(
    part: Part, features: Sequence[Feature], *, by_time: bool, trials: int, minutes: float, seed: int, threads: int,
    progress: Report,
) -> Found:  # fmt: skip
    """The best of `trials` settings, or of those that `minutes` allowed. The same arguments, the same answer."""
    chosen = validation_rows(part, by_time=by_time)
    bench = _Bench(part, chosen, features, threads)
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=8)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=30)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    for setting in (SANE, SHALLOW, STEADY)[:trials]:
        study.enqueue_trial(setting)
    deadline = time.monotonic() + 60 * minutes

    def after(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        done = trial.number + 1
        best = f"best log loss {study.best_value:.5f}" if _finished(study) else "none finished yet"
        progress(done, trials, f"{done} of {trials} trials, {best}")
        if time.monotonic() > deadline and _finished(study):
            study.stop()

    study.optimize(lambda trial: bench.judge(trial, seed, deadline), n_trials=trials, callbacks=[after])
    best = study.best_trial
    parameters = {name: value for name, value in best.params.items() if name != "start"}
    late = len(study.trials) < trials or any("cut" in trial.user_attrs for trial in study.trials)
    return Found(
        best.params["start"], parameters, best.user_attrs["rounds"], bench.strength, float(study.best_value),
        [_told(trial) for trial in study.trials], "minutes" if late else "trials",
    )  # fmt: skip


def _finished(study: optuna.Study) -> bool:
    return any(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.trials)


def _told(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    ended = trial.state == optuna.trial.TrialState.COMPLETE
    return {
        "number": trial.number,
        "state": "complete" if ended else "pruned",
        "log_loss": trial.value if ended else None,
        "rounds": trial.user_attrs.get("rounds"),
        "parameters": trial.params,
    }


def validation_rows(part: Part, *, by_time: bool) -> NDArray[np.bool_]:
    """A fifth of the rows, divided from the others as the test is: the last by time, else by group."""
    if by_time and part.time is not None:
        last: NDArray[np.bool_] = part.time >= np.sort(part.time)[-(len(part.time) // VALID_SHARE)]
        return last
    chosen: NDArray[np.bool_] = part.group % VALID_SHARE == 0
    return chosen


class _Bench:
    """The rows to fit on and those to judge by, with the margins of either start."""

    def __init__(self, part: Part, chosen: NDArray[np.bool_], features: Sequence[Feature], threads: int) -> None:
        fitted = ~chosen & ~np.isin(part.group, np.unique(part.group[chosen]))
        if not (0 < part.label[fitted].sum() < fitted.sum() and 0 < part.label[chosen].sum() < chosen.sum()):
            chosen = np.arange(part.rows) % VALID_SHARE == 0  # too few conversions for a cut in time
            fitted = ~chosen
        fit_x, fit_y, new_x, new_y = part.matrix[fitted], part.label[fitted], part.matrix[chosen], part.label[chosen]
        names = [feature.name for feature in features]
        candidates = [linear.fit(fit_x, fit_y, features, strength=strength) for strength in STRENGTHS]
        losses = [log_loss(one.margin(new_x, names), new_y) for one in candidates]
        self.strength = STRENGTHS[int(np.argmin(losses))]
        starts: dict[Start, Linear] = {"trees": linear.prior(fit_y), "linear": candidates[int(np.argmin(losses))]}
        self.margins = {name: (one.margin(fit_x, names), one.margin(new_x, names)) for name, one in starts.items()}
        self.fit = matrix_of(fit_x, fit_y, features, threads)
        self.new = matrix_of(new_x, new_y, features, threads, like=self.fit)
        self.fixed = fixed_parameters(features, threads)

    def judge(self, trial: optuna.Trial, seed: int, deadline: float) -> float:
        """Log loss on the rows to judge by."""
        start: Start = "linear" if trial.suggest_categorical("start", ["trees", "linear"]) == "linear" else "trees"
        parameters = self.fixed | suggest(trial) | {"seed": seed}
        fit_margin, new_margin = self.margins[start]
        self.fit.set_base_margin(fit_margin)
        self.new.set_base_margin(new_margin)
        booster = xgboost.train(
            parameters, self.fit, ROUNDS, evals=[(self.new, "new")], early_stopping_rounds=PATIENCE, verbose_eval=False,
            callbacks=[_Pruning(trial, deadline)],
        )  # fmt: skip
        trial.set_user_attr("rounds", booster.best_iteration + 1)
        return float(booster.best_score)


class _Pruning(xgboost.callback.TrainingCallback):
    """Tells Optuna how a trial goes, and ends it when others were better by then, or when the time is over.

    One setting must come out of every search: when none has finished yet, the time cuts its rounds short instead.
    """

    def __init__(self, trial: optuna.Trial, deadline: float) -> None:
        super().__init__()
        self._trial = trial
        self._deadline = deadline

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 (XGBoost passes it by name)
        if epoch % REPORT_EVERY == 0:
            self._trial.report(evals_log["new"]["logloss"][-1], epoch)
            late = time.monotonic() > self._deadline
            if late:
                self._trial.set_user_attr("cut", True)
            if self._trial.should_prune() or (late and _finished(self._trial.study)):
                raise optuna.TrialPruned
            return late and epoch > 0  # early stopping notes the best round behind this callback: let it see one
        return False


def suggest(trial: optuna.Trial) -> dict[str, Any]:
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


def fixed_parameters(features: Sequence[Feature], threads: int) -> dict[str, Any]:
    """What no setting may change: the objective, and the directions that the spec declares."""
    signs = {"increasing": 1, "decreasing": -1}
    directions = tuple(signs.get(getattr(feature, "direction", None) or "", 0) for feature in features)
    fixed = {
        "objective": "binary:logistic", "eval_metric": "logloss", "tree_method": "hist", "max_bin": 256,
        "base_score": 0.5, "nthread": threads,
    }  # fmt: skip
    return fixed | ({"monotone_constraints": directions} if any(directions) else {})


def matrix_of(
    matrix: NDArray[np.float32], label: NDArray[np.float32], features: Sequence[Feature], threads: int,
    like: xgboost.DMatrix | None = None,
) -> xgboost.DMatrix:  # fmt: skip
    """Rows as XGBoost trains on them; `like` gives the cuts."""
    return xgboost.QuantileDMatrix(
        matrix, label, missing=np.nan, nthread=threads, max_bin=256, ref=like,
        feature_names=[feature.name for feature in features],
        feature_types=["c" if isinstance(feature, CategoryFeature) else "float" for feature in features],
        enable_categorical=True,
    )  # fmt: skip


def log_loss(margin: Margins, label: NDArray[np.float32]) -> float:
    """Mean of log(1 + exp(-s z)), s = +-1 the label."""
    return float(np.logaddexp(0.0, np.where(label > 0, -margin, margin)).mean())
