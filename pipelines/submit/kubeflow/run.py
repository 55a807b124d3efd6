"""A run as Kubeflow's API tells it."""

from datetime import UTC, datetime
from typing import Any, get_args

from pipelines.submit.graph_tasks import titles
from pipelines.submit.service import Run, State, Task

STATES: dict[str, State] = {state.upper(): state for state in get_args(State)} | {
    "CANCELING": "cancelling",
    "CANCELED": "cancelled",
}


def run_of(run: Any, pipeline: str, host: str) -> Run:
    """`run` is a V2beta1Run. Its tasks are those of the graph: the API lists Kubeflow's own pods among them."""
    details = run.run_details.task_details if run.run_details else None
    names = _names(run.pipeline_spec or {})
    tasks = [_task(detail, names[detail.display_name]) for detail in details or () if detail.display_name in names]
    history = [status.state for status in run.state_history or ()]
    state = state_of(run.state)
    return Run(
        run.run_id,
        run.display_name,
        pipeline,
        state,
        run_link(host, run.run_id),
        _utc(run.created_at),
        _utc(run.finished_at),
        _message(run),
        tuple(sorted(tasks, key=lambda task: (task.started is None, task.started or datetime.max, task.name))),
        max(0, history.count("FAILED") - (state == "failed")),
    )


def run_link(host: str, run_id: str) -> str:
    return f"{host}/#/runs/details/{run_id}"


def state_of(text: str | None) -> State:
    return STATES.get(text or "", "pending")


def _names(specification: Any) -> dict[str, str]:
    """Of the graph's tasks, by themselves and by their titles: the API has either."""
    pairs = list(titles(specification.get("pipeline_spec", specification)))
    return {name: name for _, name in pairs} | dict(pairs)


def _task(detail: Any, name: str) -> Task:
    started, ended = _utc(detail.start_time), _utc(detail.end_time)
    return Task(name, state_of(detail.state), started, ended, _message(detail))


def _message(item: Any) -> str:
    """The error, or the last one of its history."""
    errors = [item.error, *(status.error for status in reversed(item.state_history or ()))]
    return next((error.message for error in errors if error and error.message), "")


def _utc(moment: datetime | None) -> datetime | None:
    """None also for Go's zero time."""
    if moment is None or moment.year <= 1970:
        return None
    return moment.astimezone(UTC)
