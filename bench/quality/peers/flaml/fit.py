"""FLAML with all of its learners, told of time or groups by `split_type`; it refits its best on all rows."""

import pickle

from task import measure, use_processor_clock

use_processor_clock()

from flaml import AutoML


class Model:
    def __init__(self, automl):
        self.automl, self.note = automl, f"{automl.best_estimator} of {len(automl.config_history)}"

    def probability(self, frame):
        return self.automl.predict_proba(frame)[:, 1]

    def bytes(self):
        return len(pickle.dumps(self.automl.model)) + len(pickle.dumps(self.automl._transformer))


def split(task, rest):
    if task.time:
        return {"split_type": "time"}  # the rows are in the order of time
    if task.group:
        return {"split_type": "group", "groups": rest[task.group].astype("category").cat.codes.to_numpy()}
    return {}


def fit(task, rest):
    for name in task.categories:
        rest[name] = rest[name].astype("category")
    automl = AutoML()
    automl.fit(
        rest[task.inputs],
        rest[task.label].to_numpy(),
        task="classification",
        metric="log_loss",
        time_budget=task.cpu_seconds,
        n_jobs=1,
        seed=task.seed,
        verbose=0,
        **split(task, rest),
    )
    return Model(automl)


measure(fit)
