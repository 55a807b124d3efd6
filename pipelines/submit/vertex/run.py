"""A run as Vertex AI tells it, and what its steps wrote."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf import json_format

from pipelines.submit.graph_tasks import ModelLoop, task_names
from pipelines.submit.json_text import json_text
from pipelines.submit.service import Artifact, Run, RunOutputs, State, Task
from pipelines.submit.vertex.settings import VertexSettings

STATES: Mapping[str, State] = {
    "PIPELINE_STATE_QUEUED": "pending",
    "PIPELINE_STATE_PENDING": "pending",
    "PIPELINE_STATE_RUNNING": "running",
    "PIPELINE_STATE_SUCCEEDED": "succeeded",
    "PIPELINE_STATE_FAILED": "failed",
    "PIPELINE_STATE_CANCELLING": "cancelling",
    "PIPELINE_STATE_CANCELLED": "cancelled",
    "PIPELINE_STATE_PAUSED": "paused",
}
TASK_STATES: Mapping[str, State] = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "CANCEL_PENDING": "cancelling",
    "CANCELLING": "cancelling",
    "CANCELLED": "cancelled",
    "FAILED": "failed",
    "SKIPPED": "skipped",  # served from the cache
    "NOT_TRIGGERED": "skipped",
}
MODEL = "input:model"  # the parameter of this name, in an execution's metadata
OUTPUT = "output:"  # how the names of output parameters begin in an execution's metadata


def run_of(job: Any, settings: VertexSettings, pipeline: str, run_id: str, retries: int) -> Run:
    """`job` is a PipelineJob, the newest of the run; one of a list has no tasks."""
    message, names = type(job).pb(job), _names(job)
    loop = ModelLoop.of(json_format.MessageToDict(message.pipeline_spec))
    details = message.job_detail.task_details
    tasks = [_task(detail, loop) for detail in details if detail.task_id in names]
    return Run(
        run_id,
        job.display_name,
        pipeline,
        STATES.get(_state(message), "pending"),
        settings.link("runs", job_id(job)),
        _utc(message, "create_time"),
        _utc(message, "end_time"),
        message.error.message,
        tuple(sorted(tasks, key=lambda task: (task.started is None, task.started or datetime.max, task.name))),
        retries,
        loop.models,
    )


def job_id(job: Any) -> str:
    return str(job.name.rsplit("/", 1)[-1])


def outputs_of(job: Any) -> RunOutputs:
    """Of the steps that have ended so far."""
    parameters, artifacts = dict[str, dict[str, str]](), list[Artifact]()
    names = _names(job)
    for detail in type(job).pb(job).job_detail.task_details:
        if detail.task_id not in names or TASK_STATES.get(_state(detail), "pending") not in ("succeeded", "skipped"):
            continue
        name = names[detail.task_id]
        metadata = json_format.MessageToDict(detail.execution.metadata)
        written = {key.removeprefix(OUTPUT): value for key, value in metadata.items() if key.startswith(OUTPUT)}
        parameters[name] = {key: json_text(value) for key, value in written.items()}
        for key, listing in sorted(detail.outputs.items()):
            artifacts += [Artifact(name, key, item.uri, _metadata(item)) for item in listing.artifacts]
    return RunOutputs(parameters, tuple(artifacts))


def _names(job: Any) -> dict[int, str]:
    """Of the graph's tasks by their id: those they are in, and their own. Tasks of a loop share it: they are numbered.
    What the service adds, as a task for the whole graph, is left out."""
    details = sorted(type(job).pb(job).job_detail.task_details, key=lambda detail: detail.task_id)
    known = task_names(json_format.MessageToDict(type(job).pb(job).pipeline_spec)) if details else frozenset[str]()
    count = Counter((detail.parent_task_id, detail.task_name) for detail in details)
    seen, own = defaultdict[tuple[int, str], int](int), dict[int, str]()
    for detail in details:
        key = (detail.parent_task_id, detail.task_name)
        if detail.task_name in known:
            own[detail.task_id] = f"{detail.task_name}-{seen[key]}" if count[key] > 1 else detail.task_name
            seen[key] += 1
    parents = {detail.task_id: detail.parent_task_id for detail in details}

    def path(number: int) -> tuple[str, ...]:
        return (*path(parents[number]), own[number]) if number in own else ()

    return {number: "/".join(path(number)) for number in own}


def _task(detail: Any, loop: ModelLoop) -> Task:
    state, model = TASK_STATES.get(_state(detail), "pending"), ""
    if detail.task_name in loop.steps:  # of a loop's steps the service tells the parameters, and not the iteration
        model = str(json_format.MessageToDict(detail.execution.metadata).get(MODEL, ""))
    started, ended = _utc(detail, "start_time"), _utc(detail, "end_time")
    return Task(detail.task_name, state, started, ended, detail.error.message, model)


def _state(message: Any) -> str:
    """Of a job or a task; empty for one that this version of the client does not know."""
    kind = message.DESCRIPTOR.fields_by_name["state"].enum_type
    value = kind.values_by_number.get(message.state)
    return value.name if value is not None else ""


def _metadata(artifact: Any) -> dict[str, str]:
    return {key: json_text(value) for key, value in json_format.MessageToDict(artifact.metadata).items()}


def _utc(message: Any, field: str) -> datetime | None:
    if not message.HasField(field):
        return None
    moment: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return moment
