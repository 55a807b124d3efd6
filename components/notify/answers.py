"""Kubeflow's answers about the tasks of a run.

Two lines of Kubeflow give them. Up to 2.17 a run has `run_details`: the nodes of an Argo workflow, which name the nodes
that come after them, and no outputs. The line after it, without ML Metadata, has `runs/{id}/tasks`: each task with its
outputs and the task that it is in.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pydantic
from pydantic import BaseModel, ConfigDict

from artifacts.run_result import RunResult

# Name and title of the task that builds the image, whose output `result` has a model's outcome, and of the last task of
# a run of several models.
BUILD_STEP, BUILD_TITLE = "build-image", "Build the image"
CONCLUDE_STEP, CONCLUDE_TITLE = "fleet-conclude", "Conclude"
# What Kubeflow lists beside the steps, with the same time and errors again: drivers, pods, of which a step that may be
# tried again has a numbered one for each attempt, groups, the run itself.
INNER = re.compile(r".*(-driver|executor|root)(\([0-9]+\))?|(exit-handler-|for-loop-|iteration-|kamado-).*")
GROUPS = frozenset({"ROOT", "LOOP", "DAG", "CONDITION", "CONDITION_BRANCH"})  # types of tasks that run no step
ITERATION = re.compile(r".*iterations\(([0-9]+):.*\)")  # how Argo titles an item of a sequence
ENDED_WELL = frozenset({"SUCCEEDED", "CACHED", "SKIPPED"})


class ApiAnswer(BaseModel):
    """A part of an answer. Fields that are not used here are left out, and null is a field that is not there."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _without_null(cls, data: Any) -> Any:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class TaskError(ApiAnswer):
    message: str = ""


class TaskStatus(ApiAnswer):
    error: TaskError = TaskError()


class OutputParameter(ApiAnswer):
    parameter_key: str = ""
    value: object = None


class StoredArtifact(ApiAnswer):
    uri: str = ""
    metadata: dict[str, pydantic.JsonValue] = {}


class OutputArtifact(ApiAnswer):
    """An output; that of a loop holds several artifacts."""

    artifact_key: str = ""
    artifacts: tuple[StoredArtifact, ...] = ()


class TaskOutputs(ApiAnswer):
    parameters: tuple[OutputParameter, ...] = ()
    artifacts: tuple[OutputArtifact, ...] = ()


class NextTask(ApiAnswer):
    pod_name: str = ""


class TypeAttributes(ApiAnswer):
    iteration_index: int | None = None


class Stateful(ApiAnswer):
    """What a run and a task have in common."""

    state: str = ""
    error: TaskError = TaskError()
    state_history: tuple[TaskStatus, ...] = ()
    lifecycle_message: str = ""

    @property
    def message(self) -> str:
        """The error, or the last one of its history."""
        errors = [self.error, *(status.error for status in reversed(self.state_history))]
        return next((error.message for error in errors if error.message), self.lifecycle_message)


class RunTask(Stateful):
    """One task. Up to Kubeflow 2.17 it has no name beside the title, and `pod_name` is its node."""

    task_id: str = ""
    parent_task_id: str = ""
    name: str = ""
    display_name: str = ""
    type: str = ""
    type_attributes: TypeAttributes = TypeAttributes()
    create_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    outputs: TaskOutputs = TaskOutputs()
    pod_name: str = ""
    child_tasks: tuple[NextTask, ...] = ()

    @property
    def title(self) -> str:
        return self.display_name or self.name

    @property
    def failed(self) -> bool:
        return self.state == "FAILED"

    @property
    def ended_well(self) -> bool:
        return self.state in ENDED_WELL

    @property
    def started(self) -> datetime | None:
        """The line after 2.17 has the time of the task's creation alone."""
        return self.start_time or self.create_time

    @property
    def minutes(self) -> float:
        """From start to end; 0 where one of them is not known."""
        if self.started is None or self.end_time is None:
            return 0.0
        return max(0.0, (self.end_time - self.started).total_seconds() / 60)

    @property
    def inner(self) -> bool:
        """Whether it is none of the pipeline's steps."""
        return self.type in GROUPS or INNER.fullmatch(self.title) is not None

    @property
    def builds(self) -> bool:
        """Whether it is the task that builds the image, the last one of a model."""
        return bool({BUILD_STEP, BUILD_TITLE} & {self.name, self.display_name})

    @property
    def concludes(self) -> bool:
        """Whether it is the task that runs once every one of several models has come to its end."""
        return bool({CONCLUDE_STEP, CONCLUDE_TITLE} & {self.name, self.display_name})

    @property
    def result(self) -> RunResult | None:
        """Of the task that builds the image."""
        values = [item.value for item in self.outputs.parameters if item.parameter_key == "result"]
        if not values or not self.builds:
            return None
        try:
            return RunResult.of_line(str(values[0]))
        except pydantic.ValidationError:
            return None


class TaskPage(ApiAnswer):
    tasks: tuple[RunTask, ...] = ()
    next_page_token: str = ""


class RunDetails(ApiAnswer):
    task_details: tuple[RunTask, ...] = ()


class RunAnswer(ApiAnswer):
    run_details: RunDetails = RunDetails()


def iterations_of(tasks: Sequence[RunTask]) -> dict[str, int]:
    """Ids of the tasks that are in a loop, with the number of their iteration, from 0.

    Where nodes name the ones that come after them alone, what comes after a loop of one iteration counts to it.
    """
    by_id = {task.task_id: task for task in tasks}
    numbers = {task.task_id: number for task in tasks if (number := _of_parents(task, by_id)) is not None}
    return numbers or _of_nodes(tasks)


def _of_parents(task: RunTask, by_id: Mapping[str, RunTask]) -> int | None:
    for _ in range(len(by_id)):  # not for ever, whatever the answer says
        if task.type_attributes.iteration_index is not None or task.parent_task_id not in by_id:
            break
        task = by_id[task.parent_task_id]
    return task.type_attributes.iteration_index


def _of_nodes(tasks: Sequence[RunTask]) -> dict[str, int]:
    """By the nodes that are reached from those of one iteration, and from no other one."""
    by_node = {task.pod_name: task for task in tasks if task.pod_name}
    reached = defaultdict[str, set[int]](set)
    for task in tasks:
        if match := ITERATION.fullmatch(task.title):
            for task_id in _after(task, by_node):
                reached[task_id].add(int(match[1]))
    return {task_id: next(iter(numbers)) for task_id, numbers in reached.items() if len(numbers) == 1}


def _after(task: RunTask, by_node: Mapping[str, RunTask]) -> set[str]:
    reached, waiting = set[str](), [task]
    while waiting:
        for child in waiting.pop().child_tasks:
            following = by_node.get(child.pod_name)
            if following is not None and following.task_id not in reached:
                reached.add(following.task_id)
                waiting.append(following)
    return reached
