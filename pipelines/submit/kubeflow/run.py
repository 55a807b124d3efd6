"""A run as Kubeflow's API tells it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, get_args

from components.notify.answers import RunTask, Stateful, iterations_of
from pipelines.submit.graph_tasks import ModelLoop, titles
from pipelines.submit.service import Run, State, Task

STATES: dict[str, State] = {state.upper(): state for state in get_args(State)} | {
    "CANCELING": "cancelling",
    "CANCELED": "cancelled",
    "CACHED": "skipped",
}


def run_of(run: Any, pipeline: str, host: str, details: Sequence[RunTask] = ()) -> Run:
    """`run` is a V2beta1Run. Its tasks are the steps of the graph: Kubeflow's own pods are among `details`."""
    specification = run.pipeline_spec or {}
    specification = specification.get("pipeline_spec", specification)
    names, loop, iterations = _names(specification), ModelLoop.of(specification), iterations_of(details)
    tasks = [
        _task(detail, name, loop.model_of(name, iterations.get(detail.task_id)))
        for detail in details
        if (name := names.get(detail.name) or names.get(detail.title)) is not None
    ]
    history = [state for state, _ in groupby(status.state for status in run.state_history or ())]
    return Run(
        run.run_id,
        run.display_name,
        pipeline,
        _end_of(state_of(run.state), history),
        run_link(host, run.run_id),
        _utc(run.created_at),
        _utc(run.finished_at),
        _failure(run).message,
        # Of those that started in the same second the order of the answer holds.
        tuple(sorted(tasks, key=lambda task: (task.started is None, task.started or datetime.max))),
        max(0, history.count("FAILED") - (run.state == "FAILED")),
        loop.models,
    )


def details_of(run: Any) -> list[RunTask]:
    """Of a V2beta1Run, as versions up to 2.17 give them."""
    details = [detail.to_dict() for detail in run.run_details.task_details or ()]
    # Their outputs are numbers of ML Metadata, and no outputs of the line after it.
    return [RunTask.model_validate({**detail, "outputs": None}) for detail in details]


def run_link(host: str, run_id: str) -> str:
    return f"{host}/#/runs/details/{run_id}"


def state_of(text: str | None) -> State:
    return STATES.get(text or "", "pending")


def _end_of(state: State, history: Sequence[str]) -> State:
    """A run that was stopped ends as FAILED up to 2.17, as its workflow does: what it was before tells."""
    before = history[:-1] if history[-1:] == ["FAILED"] else history
    return "cancelled" if state == "failed" and before[-1:] == ["CANCELING"] else state


def _failure(run: Any) -> Stateful:
    fields = {"error": run.error.to_dict() if run.error else None}
    return Stateful.model_validate(fields | {"state_history": [status.to_dict() for status in run.state_history or ()]})


def _names(specification: Any) -> dict[str, str]:
    """Of the graph's steps, by themselves and by their titles: the API has either."""
    pairs = list(titles(specification))
    return {name: name for _, name in pairs} | dict(pairs)


def _task(detail: RunTask, name: str, model: str) -> Task:
    started, ended = _utc(detail.started), _utc(detail.end_time)
    return Task(name, state_of(detail.state), started, ended, detail.message, model)


def _utc(moment: datetime | None) -> datetime | None:
    """None also for Go's zero time."""
    if moment is None or moment.year <= 1970:
        return None
    return moment.astimezone(UTC)
