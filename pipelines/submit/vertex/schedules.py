"""Schedules of Vertex AI."""

from typing import Any

from pipelines.submit.service import Change, Schedule, ScheduleRequest
from pipelines.submit.vertex.client import VertexClient
from pipelines.submit.vertex.labels import PIPELINE

SCHEDULES = "ScheduleServiceClient"
ZONE = "TZ=UTC "
CHANGED = ("cron", "create_pipeline_job_request", "allow_queueing")


class Schedules:
    def __init__(self, client: VertexClient) -> None:
        self._client = client

    def make(self, request: ScheduleRequest, job: Any) -> Schedule:
        """One that starts `job`, a PipelineJob, at the times of the request. Raises SubmitError."""
        wanted = self._client.api.Schedule(
            display_name=request.name,
            cron=f"{ZONE}{request.cron}",
            create_pipeline_job_request={"parent": self._client.settings.parent, "pipeline_job": job},
            max_concurrent_run_count=1,
            max_concurrent_active_run_count=1,
            # The service is never down for its users: what it can make up for is a time at which a run still goes on.
            allow_queueing=request.catch_up,
        )
        current = self._find(request.name, job.labels[PIPELINE])
        if current is None:
            parent = self._client.settings.parent
            created = self._client.call(SCHEDULES, "create_schedule", parent=parent, schedule=wanted)
            return self._schedule(created, "created")
        if _same(current, wanted):
            return self._schedule(current, "unchanged")
        wanted.name = current.name
        mask = {"paths": list(CHANGED)}
        updated = self._client.call(SCHEDULES, "update_schedule", schedule=wanted, update_mask=mask)
        if updated.state == self._client.api.Schedule.State.PAUSED:
            self._client.call(SCHEDULES, "resume_schedule", name=updated.name, catch_up=request.catch_up)
        return self._schedule(updated, "replaced")

    def _find(self, name: str, pipeline: str) -> Any:
        """That of this name which starts this pipeline; names may repeat. None where there is none."""
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        listing = self._client.entries(SCHEDULES, "list_schedules", filter=f'display_name="{quoted}"')
        completed = self._client.api.Schedule.State.COMPLETED
        for schedule in listing:
            labels = schedule.create_pipeline_job_request.pipeline_job.labels
            if labels.get(PIPELINE) == pipeline and schedule.state != completed:
                return schedule
        return None

    def _schedule(self, schedule: Any, change: Change) -> Schedule:
        identifier = str(schedule.name.rsplit("/", 1)[-1])
        link = self._client.settings.link("schedules", identifier)
        return Schedule(identifier, schedule.display_name, schedule.cron.removeprefix(ZONE), True, link, change)


def _same(current: Any, wanted: Any) -> bool:
    """Whether an active schedule does already what is wanted. Labels name the pipeline's content."""
    job, wanted_job = (item.create_pipeline_job_request.pipeline_job for item in (current, wanted))
    ours = {name: job.labels.get(name) for name in wanted_job.labels}
    return (
        current.state == type(current).State.ACTIVE
        and (current.cron, current.allow_queueing) == (wanted.cron, wanted.allow_queueing)
        and ours == dict(wanted_job.labels)
        and job.display_name == wanted_job.display_name
        and job.runtime_config.gcs_output_directory == wanted_job.runtime_config.gcs_output_directory
        and dict(job.runtime_config.parameter_values) == dict(wanted_job.runtime_config.parameter_values)
        # The service may write the default one down.
        and wanted_job.service_account in ("", job.service_account)
    )
