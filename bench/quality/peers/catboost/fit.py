"""CatBoost as it comes, with its own categories: rounds by early stopping on the newest fifth, then fitted on all rows.

Of the budget 45 % are for the first fit, which the second, on a quarter more rows, takes again.
"""

import time

from catboost import CatBoostClassifier, Pool
from task import measure, newest_fifth

FIRST = 0.45
PATIENCE = 50


class UntilSpent:
    def __init__(self, seconds):
        self.end = time.process_time() + seconds

    def after_iteration(self, _info):
        return time.process_time() < self.end


class Model:
    def __init__(self, model, task, rounds):
        self.model, self.task, self.note = model, task, f"{rounds} rounds"

    def probability(self, frame):
        return self.model.predict_proba(pool(self.task, frame))[:, 1]

    def bytes(self):
        path = self.task.out / "model.cbm"
        self.model.save_model(str(path))
        return path.stat().st_size


def pool(task, frame, label=None):
    inputs = frame[task.inputs].copy()
    for name in task.categories:
        inputs[name] = inputs[name].fillna("").astype(str)
    return Pool(inputs, label, cat_features=task.categories)


def classifier(task, **settings):
    return CatBoostClassifier(
        thread_count=1,
        random_seed=task.seed,
        has_time=bool(task.time),
        allow_writing_files=False,
        verbose=False,
        **settings,
    )


def fit(task, rest):
    newest = newest_fifth(task, rest)
    label = rest[task.label].to_numpy()
    first = classifier(task, early_stopping_rounds=PATIENCE)
    older, stop = pool(task, rest[~newest], label[~newest]), pool(task, rest[newest], label[newest])
    first.fit(older, eval_set=stop, callbacks=[UntilSpent(FIRST * task.cpu_seconds)])
    rounds = first.get_best_iteration() + 1
    learned = first.get_all_params()["learning_rate"]
    model = classifier(task, iterations=rounds, learning_rate=learned).fit(pool(task, rest, label))
    return Model(model, task, rounds)


measure(fit)
