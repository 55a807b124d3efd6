"""Tasks of a run with what they wrote, from Kubeflow's own API, which has them in the line after 2.17.

As backend/api/v2beta1 of kubeflow/pipelines has it since ML Metadata was removed: `runs/{id}/tasks` lists PipelineTask,
whose outputs hold the values of parameters and whole artifacts, with address and metadata. A task in a loop has the
number of its iteration.
"""

from collections.abc import Iterator, Mapping, Sequence

import pydantic

from components.notify.answers import GROUPS, RunTask, TaskPage
from model.errors import Problem
from pipelines.submit.json_text import json_text
from pipelines.submit.kubeflow.client import KubeflowClient, absent
from pipelines.submit.service import Artifact, RunOutputs, SubmitError

PAGE, MOST_PAGES = 200, 50


class RunTasks:
    def __init__(self, client: KubeflowClient) -> None:
        self._client = client
        self._unknown = False  # once the server has answered that it has no such route

    def tasks(self, run_id: str) -> tuple[RunTask, ...] | None:
        """Of a run that is there, oldest first; None where the server has no such route. Raises SubmitError."""
        first = None if self._unknown else absent(lambda: self._page(run_id, ""))
        self._unknown = first is None
        return tuple(self._all(run_id, first)) if first is not None else None

    def outputs(self, run_id: str) -> RunOutputs | None:
        """None where the server has no such route. Raises SubmitError."""
        tasks = self.tasks(run_id)
        return _outputs(tasks) if tasks is not None else None

    def _all(self, run_id: str, page: TaskPage) -> Iterator[RunTask]:
        for _ in range(MOST_PAGES):
            yield from page.tasks
            if not page.next_page_token:
                return
            page = self._page(run_id, page.next_page_token)

    def _page(self, run_id: str, token: str) -> TaskPage:
        path = f"/apis/v2beta1/runs/{run_id}/tasks"
        query = {"page_size": str(PAGE), "order_by": "create_time asc"} | ({"page_token": token} if token else {})
        try:
            return TaskPage.model_validate_json(self._client.get(path, query))
        except pydantic.ValidationError as error:
            host = self._client.settings.host
            problem = f"does not give the tasks of a run ({error.errors()[0]['msg']})"
            hint = "Use the version of Kamado that its version of Kubeflow needs"
            raise SubmitError(Problem(host, problem, hint, "kfp-unreadable")) from error


def _outputs(tasks: Sequence[RunTask]) -> RunOutputs:
    """Of the steps that have ended; a retried one is there again, later."""
    by_id = {task.task_id: task for task in tasks}
    parameters, artifacts = dict[str, dict[str, str]](), dict[str, tuple[Artifact, ...]]()
    for task in tasks:
        if task.type in GROUPS or not task.ended_well:
            continue
        name = "/".join(_path(task, by_id))
        parameters[name] = {item.parameter_key: json_text(item.value) for item in task.outputs.parameters}
        artifacts[name] = tuple(_artifacts(task, name))
    return RunOutputs(parameters, tuple(artifact for listing in artifacts.values() for artifact in listing))


def _artifacts(task: RunTask, name: str) -> Iterator[Artifact]:
    for output in task.outputs.artifacts:
        for item in output.artifacts:
            metadata = {key: json_text(value) for key, value in item.metadata.items()}
            yield Artifact(name, output.artifact_key, item.uri, metadata)


def _path(task: RunTask, by_id: Mapping[str, RunTask]) -> tuple[str, ...]:
    """Names of the tasks that it is in, loops with the number of the iteration, and its own; the run has none."""
    parent = by_id.get(task.parent_task_id)
    if parent is None:
        return () if task.type == "ROOT" else (task.name,)
    around, number = _path(parent, by_id), task.type_attributes.iteration_index
    if around and number is not None:
        around = (*around[:-1], f"{around[-1]}-{number}")
    return (*around, task.name)
