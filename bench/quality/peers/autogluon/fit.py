"""AutoGluon without neural networks, bagged, told of time or groups by its `validation_structure`."""

from task import folder_bytes, measure, use_processor_clock

use_processor_clock()

from autogluon.tabular import TabularPredictor

PRESET = "best_quality"


class Model:
    def __init__(self, predictor, task):
        self.task, self.predictor, self.note = task, predictor, f"{PRESET}: {predictor.model_best}"

    def probability(self, frame):
        return self.predictor.predict_proba(frame)[1].to_numpy()

    def bytes(self):
        folder = self.task.out / "deployment"
        self.predictor.clone_for_deployment(str(folder))
        return folder_bytes(folder)


def structure(task):
    if task.time:
        return {"time_on": task.time}  # rows of one list have one time, which is never divided
    return {"group_on": task.group} if task.group else None


def fit(task, rest):
    extra = [name for name in (task.time, task.group) if name and name not in task.inputs]
    predictor = TabularPredictor(
        task.label,
        problem_type="binary",
        eval_metric="log_loss",
        path=str(task.out / "model"),
        verbosity=1,
        learner_kwargs={"ignored_columns": extra, "random_state": task.seed},
    )
    predictor.fit(
        rest[[*task.inputs, *extra, task.label]],
        presets=PRESET,
        time_limit=task.cpu_seconds,
        num_stack_levels=0,
        dynamic_stacking=False,
        num_cpus=1,
        num_gpus=0,
        validation_structure=structure(task),
        ag_args_ensemble={"fold_fitting_strategy": "sequential_local", "model_random_seed": task.seed},
    )
    return Model(predictor, task)


measure(fit)
