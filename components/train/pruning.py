"""When a trial of the search ends before its rounds: other trials were better by then, or the time is over."""

import time
from typing import Any

import optuna

from model.bundle.booster import xgboost

REPORT_EVERY = 10  # rounds


class Pruning(xgboost.callback.TrainingCallback):
    """Reports a trial to Optuna, and ends it when others were better by then, or when the time is over.

    One setting must come out of every search: when none has finished yet, the time cuts its rounds short instead.
    """

    def __init__(self, trial: optuna.Trial, deadline: float) -> None:
        super().__init__()
        self._trial = trial
        self._deadline = deadline

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 (XGBoost passes it by name)
        if epoch % REPORT_EVERY == 0:
            self._trial.report(evals_log["validation"]["logloss"][-1], epoch)
            late = time.monotonic() > self._deadline
            if late:
                self._trial.set_user_attr("cut", True)
            if self._trial.should_prune() or (late and any_complete(self._trial.study)):
                raise optuna.TrialPruned
            return late and epoch > 0  # early stopping notes the best round behind this callback: let it see one
        return False


def any_complete(study: optuna.Study) -> bool:
    return bool(study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)))
