"""Runs of Vertex AI Pipelines."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from model.errors import Problem
from pipelines.submit.service import (
    Package,
    Run,
    RunOutputs,
    RunRequest,
    Schedule,
    ScheduleRequest,
    SubmitError,
    starting,
)
from pipelines.submit.state import refuse_unless_failed, refuse_unless_going_on
from pipelines.submit.vertex.client import AbsentError, VertexClient
from pipelines.submit.vertex.job import job_of, new_id, same_again
from pipelines.submit.vertex.labels import CONTENT, RETRY_OF, filter_of, label_value
from pipelines.submit.vertex.run import job_id, outputs_of, run_of
from pipelines.submit.vertex.schedules import Schedules

PIPELINES = "PipelineServiceClient"
ID = re.compile(r"[a-z0-9-]{1,127}")
ATTEMPT = re.compile(r"-retry-([0-9]+)$")
# Of the entries of a list: not the specifications, which are long.
SEEN = {"paths": ["name", "display_name", "state", "error", "labels", "create_time", "end_time"]}


class VertexService:
    """A `PipelineService`. The service has no pipelines, and no retry: a version is a label of its jobs, and a run is
    retried by another job that asks for the same, in which finished steps come from the cache."""

    def __init__(self, client: VertexClient) -> None:
        self._client, self._settings = client, client.settings
        self._schedules = Schedules(client)
        self._attempts = dict[str, int]()  # of runs: the number of the latest job that was seen

    def submit(self, request: RunRequest) -> Run:
        job = self._job(request)
        with starting(request):
            return self._create(job, new_id(request.package.pipeline))

    def run(self, run_id: str) -> Run:
        return self._run(self._newest(run_id))

    def runs(self, pipeline: str, newest: int) -> Sequence[Run]:
        runs, latest = list[Run](), dict[str, object]()
        for job in self._list(filter_of(pipeline=label_value(pipeline))):
            run_id, _ = _attempt(job)
            latest.setdefault(run_id, job)
            if run_id == job_id(job):
                runs.append(self._run(latest[run_id], pipeline))
            if len(runs) == newest:
                break
        return runs

    def outputs(self, run_id: str) -> RunOutputs:
        return outputs_of(self._newest(run_id))

    def schedule(self, request: ScheduleRequest) -> Schedule:
        return self._schedules.make(request, self._job(request.request))

    def retry(self, run_id: str) -> None:
        job = self._newest(run_id)
        run = self._run(job)
        refuse_unless_failed(run)
        again = same_again(self._client.api, job)
        again.labels[RETRY_OF] = label_value(run.id)
        self._create(again, attempt_id(run.id, run.retries + 1))

    def stop(self, run_id: str) -> None:
        job = self._newest(run_id)
        refuse_unless_going_on(self._run(job))
        self._client.call(PIPELINES, "cancel_pipeline_job", name=job.name)

    def _job(self, request: RunRequest) -> Any:
        job = job_of(self._client.api, request, self._settings)
        self._refuse_other_content(request.package, job.labels[CONTENT])
        return job

    def _create(self, job: Any, identifier: str) -> Run:
        fields = {"parent": self._settings.parent, "pipeline_job": job, "pipeline_job_id": identifier}
        return self._run(self._client.call(PIPELINES, "create_pipeline_job", **fields))

    def _refuse_other_content(self, package: Package, content: str) -> None:
        query = filter_of(pipeline=label_value(package.pipeline), version=label_value(package.version))
        job = next(iter(self._list(query, page_size=1)), None)
        if job is not None and job.labels.get(CONTENT) != content:
            problem = f"exists in the pipeline {package.pipeline} with other content"
            hint = "Commit what changed: the spec, the image of the steps and the settings are part of a version"
            raise SubmitError(Problem(f"version {package.version}", problem, hint, "version-exists"))

    def _newest(self, run_id: str) -> Any:
        """The job of the latest attempt, with its tasks."""
        run_id = ATTEMPT.sub("", run_id)
        if not ID.fullmatch(run_id):
            problem = "is not the id of a run"
            raise SubmitError(Problem(f"run {run_id}", problem, "Look at kamado runs MODEL", "vertex-not-found"))
        number = self._attempts.get(run_id, 0)
        job = self._get(run_id, number)
        with suppress(AbsentError):
            while True:  # by id: a list may lag behind
                job = self._get(run_id, number + 1)
                number += 1
        self._attempts[run_id] = number
        return job

    def _get(self, run_id: str, number: int) -> Any:
        name = f"{self._settings.parent}/pipelineJobs/{attempt_id(run_id, number)}"
        return self._client.call(PIPELINES, "get_pipeline_job", name=name)

    def _list(self, query: str, page_size: int = 100) -> Any:
        """Newest first."""
        order = "create_time desc"
        fields = {"filter": query, "order_by": order, "page_size": page_size, "read_mask": SEEN}
        return self._client.entries(PIPELINES, "list_pipeline_jobs", **fields)

    def _run(self, job: Any, pipeline: str = "") -> Run:
        run_id, retries = _attempt(job)
        specification = type(job).pb(job).pipeline_spec
        if "pipelineInfo" in specification:
            pipeline = str(specification["pipelineInfo"]["name"])
        return run_of(job, self._settings, pipeline, run_id, retries)


def attempt_id(run_id: str, number: int) -> str:
    """Of a run's job: 0 is the first one."""
    return f"{run_id}-retry-{number}" if number else run_id


def _attempt(job: Any) -> tuple[str, int]:
    """The run that a job is of, and how often that was retried before."""
    identifier = job_id(job)
    match = ATTEMPT.search(identifier) if RETRY_OF in job.labels else None
    return (identifier[: match.start()], int(match[1])) if match else (identifier, 0)
