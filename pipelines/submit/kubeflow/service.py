"""Pipelines, runs and schedules of Kubeflow Pipelines."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pipelines.submit.kubeflow.client import ConflictError, KubeflowClient
from pipelines.submit.kubeflow.metadata import Metadata
from pipelines.submit.kubeflow.run import details_of, run_of
from pipelines.submit.kubeflow.run_tasks import RunTasks
from pipelines.submit.kubeflow.versions import MOST_PAGES, Versions, named, tags_text
from pipelines.submit.service import (
    Change,
    Run,
    RunOutputs,
    RunRequest,
    Schedule,
    ScheduleRequest,
    starting,
)
from pipelines.submit.state import refuse_unless_failed, refuse_unless_going_on

ATTEMPTS = 3
RUNS, RECURRING = "RunServiceApi", "RecurringRunServiceApi"


@dataclass(frozen=True)
class _Parts:
    """What runs and schedules have in common. The version and the configuration are objects of the generated client."""

    description: str
    experiment_id: str
    version: Any
    runtime_config: Any
    service_account: str | None


class KubeflowService:
    """A `PipelineService`."""

    def __init__(self, client: KubeflowClient) -> None:
        self._client, self._host = client, client.settings.host
        self._namespace = client.settings.namespace or None
        self._tasks, self._metadata = RunTasks(client), Metadata(client)
        self._versions = Versions(client)

    def submit(self, request: RunRequest) -> Run:
        parts = self._parts(request)
        body = self._client.api.V2beta1Run(
            display_name=request.name,
            description=parts.description,
            experiment_id=parts.experiment_id,
            pipeline_version_reference=parts.version,
            runtime_config=parts.runtime_config,
            service_account=parts.service_account,
        )
        with starting(request):
            run = self._client.call(RUNS, "run_service_create_run", body)
        return self._run(run)

    def run(self, run_id: str) -> Run:
        return self._run(self._client.call(RUNS, "run_service_get_run", run_id))

    def runs(self, pipeline: str, newest: int) -> Sequence[Run]:
        match = self._versions.pipeline(pipeline)
        if match is None:
            return ()
        runs = list[Run]()
        listing = self._client.pages(
            RUNS, "run_service_list_runs", "runs", MOST_PAGES, namespace=self._namespace, sort_by="created_at desc"
        )
        for run in listing:
            reference = run.pipeline_version_reference
            if reference is not None and reference.pipeline_id == match.pipeline_id:
                runs.append(run_of(run, pipeline, self._host))  # its tasks are not asked for
            if len(runs) == newest:
                break
        return runs

    def outputs(self, run_id: str) -> RunOutputs:
        """From the first backend that the server has: its own tasks, or ML Metadata."""
        outputs = self._tasks.outputs(run_id)
        return self._metadata.outputs(run_id) if outputs is None else outputs

    def schedule(self, request: ScheduleRequest) -> Schedule:
        parts = self._parts(request.request)
        matches = list(self._schedules(request.name, parts.version.pipeline_id))
        cron = self._client.api.V2beta1CronSchedule(cron=f"0 {request.cron}", start_time=None)
        body = self._client.api.V2beta1RecurringRun(
            display_name=request.name,
            trigger=self._client.api.V2beta1Trigger(cron_schedule=cron),
            mode="ENABLE",
            max_concurrency="1",
            no_catchup=not request.catch_up,
            description=parts.description,
            experiment_id=parts.experiment_id,
            pipeline_version_reference=parts.version,
            runtime_config=parts.runtime_config,
            service_account=parts.service_account,
        )
        if len(matches) == 1 and _same(matches[0], body):
            return self._schedule(matches[0], request.cron, "unchanged")
        # The new one first: when it is refused, the old one goes on.
        created = self._client.call(RECURRING, "recurring_run_service_create_recurring_run", body)
        for match in matches:
            self._client.call(RECURRING, "recurring_run_service_delete_recurring_run", match.recurring_run_id)
        return self._schedule(created, request.cron, "replaced" if matches else "created")

    def retry(self, run_id: str) -> None:
        refuse_unless_failed(self.run(run_id))
        self._client.call(RUNS, "run_service_retry_run", run_id)

    def stop(self, run_id: str) -> None:
        refuse_unless_going_on(self.run(run_id))
        self._client.call(RUNS, "run_service_terminate_run", run_id)

    def _parts(self, request: RunRequest) -> "_Parts":
        """They are looked for again when somebody else makes one meanwhile."""
        for _ in range(ATTEMPTS - 1):
            with suppress(ConflictError):
                return self._ensured(request)
        return self._ensured(request)

    def _ensured(self, request: RunRequest) -> "_Parts":
        """Everything is looked up before anything is created."""
        package, api = request.package, self._client.api
        pipeline = self._versions.pipeline(package.pipeline)
        version = self._versions.find(pipeline, package) if pipeline is not None else None
        experiment = self._experiment(request.experiment)
        if version is None:
            version = self._versions.upload(pipeline, package)
        if experiment is None:
            body = api.V2beta1Experiment(display_name=request.experiment, namespace=self._namespace)
            experiment = self._client.call("ExperimentServiceApi", "experiment_service_create_experiment", body)
        reference = api.V2beta1PipelineVersionReference(
            pipeline_id=version.pipeline_id, pipeline_version_id=version.pipeline_version_id
        )
        return _Parts(
            tags_text(package),
            experiment.experiment_id,
            reference,
            api.V2beta1RuntimeConfig(parameters=dict(request.parameters)),
            request.service_account or None,
        )

    def _experiment(self, name: str) -> Any:
        listing = self._client.pages(
            "ExperimentServiceApi",
            "experiment_service_list_experiments",
            "experiments",
            MOST_PAGES,
            namespace=self._namespace,
            filter=named(name),
        )
        return next((experiment for experiment in listing if experiment.display_name == name), None)

    def _schedules(self, name: str, pipeline_id: str) -> Iterator[Any]:
        """Those of this name that start this pipeline: names may repeat, and another one's schedule is not ours."""
        listing = self._client.pages(
            RECURRING,
            "recurring_run_service_list_recurring_runs",
            "recurring_runs",
            MOST_PAGES,
            namespace=self._namespace,
        )
        for schedule in listing:
            reference = schedule.pipeline_version_reference
            if schedule.display_name == name and reference is not None and reference.pipeline_id == pipeline_id:
                yield schedule

    def _schedule(self, recurring: Any, cron: str, change: Change) -> Schedule:
        link = f"{self._host}/#/recurringrun/details/{recurring.recurring_run_id}"
        enabled = recurring.status != "DISABLED"
        return Schedule(recurring.recurring_run_id, recurring.display_name, cron, enabled, link, change)

    def _run(self, run: Any) -> Run:
        """With its graph, which the API leaves out of a run that names its version."""
        reference, name = run.pipeline_version_reference, ""
        if reference is not None and not run.pipeline_spec:
            run.pipeline_spec = self._versions.graph(reference.pipeline_id, reference.pipeline_version_id)
        if run.pipeline_spec:
            specification = run.pipeline_spec.get("pipeline_spec", run.pipeline_spec)
            name = specification.get("pipelineInfo", {}).get("name", "")
        details = details_of(run) if run.run_details else self._tasks.tasks(run.run_id) or ()
        return run_of(run, name, self._host, details)


def _same(schedule: Any, body: Any) -> bool:
    """Whether an enabled schedule does already what `body` asks for. The API names a default service account."""

    def content(item: Any) -> tuple[object, ...]:
        reference = item.pipeline_version_reference
        return (
            item.trigger.cron_schedule.cron if item.trigger and item.trigger.cron_schedule else None,
            (reference.pipeline_id, reference.pipeline_version_id) if reference else None,
            (item.runtime_config.parameters or {}) if item.runtime_config else {},
            bool(item.no_catchup),
            item.experiment_id,
        )

    account = body.service_account in (None, schedule.service_account)
    return content(schedule) == content(body) and account and schedule.status != "DISABLED"
