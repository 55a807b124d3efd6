"""XGBoost as it comes, with its own categories, stopped early on the newest fifth."""

import time

import xgboost
from task import measure, newest_fifth


class Model:
    def __init__(self, task, booster, levels):
        self.task, self.booster, self.levels = task, booster, levels
        self.note = f"{booster.num_boosted_rounds()} rounds"

    def probability(self, frame):
        return self.booster.predict(matrix(self.task, frame, self.levels))

    def bytes(self):
        return len(self.booster.save_raw("ubj"))


def matrix(task, frame, levels, label=None):
    import pandas as pd

    inputs = frame[task.inputs].copy()
    for name in task.categories:
        inputs[name] = pd.Categorical(inputs[name], categories=levels[name])
    return xgboost.DMatrix(inputs, label, enable_categorical=True, nthread=1)


def fit(task, rest):
    levels = {name: sorted(rest[name].dropna().unique()) for name in task.categories}
    newest = newest_fifth(task, rest)
    label = rest[task.label].to_numpy()
    older = matrix(task, rest[~newest], levels, label[~newest])
    stop = matrix(task, rest[newest], levels, label[newest])
    parameters = {"objective": "binary:logistic", "eval_metric": "logloss", "nthread": 1, "seed": task.seed}
    end = time.process_time() + task.cpu_seconds
    booster = xgboost.train(
        parameters, older, 2000, evals=[(stop, "stop")], early_stopping_rounds=50, verbose_eval=False,
        callbacks=[UntilSpent(end)],
    )  # fmt: skip
    return Model(task, booster[: booster.best_iteration + 1], levels)


class UntilSpent(xgboost.callback.TrainingCallback):
    def __init__(self, end):
        self.end = end

    def after_iteration(self, _model, _epoch, _evals):
        return time.process_time() > self.end


measure(fit)
