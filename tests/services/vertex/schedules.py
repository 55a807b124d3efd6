"""Schedules, which are kept and never come."""

import re

from croniter import croniter
from google.cloud import aiplatform_v1 as v1
from google.protobuf import json_format

from tests.services.kfp_server.validate import refuse
from tests.services.vertex.lists import listed

ZONE = re.compile(r"(CRON_)?TZ=[A-Za-z_/]+ ")
State = v1.Schedule.State
# Of an update: what the service lets a caller change.
MUTABLE = {
    *("cron", "createPipelineJobRequest", "displayName", "maxConcurrentRunCount", "maxConcurrentActiveRunCount"),
    *("allowQueueing", "startTime", "endTime", "maxRunCount"),
}


class Schedules:
    def __init__(self, parent: str, jobs) -> None:
        self._parent, self._jobs = parent, jobs
        self.items = dict[str, object]()

    def answer(self, method, identifier, verb, query, document):
        match method, bool(identifier), verb:
            case "POST", False, None:
                return self._create(document)
            case "GET", False, None:
                return listed(self.items.values(), query, "schedules", {"display_name"})
            case "PATCH", True, None:
                return self._update(self._find(identifier), query, document)
            case "POST", True, "pause":
                return self._enter(self._find(identifier), State.ACTIVE, State.PAUSED)
            case "POST", True, "resume":
                return self._enter(self._find(identifier), State.PAUSED, State.ACTIVE)
        return refuse("Requested entity was not found.", 404)

    def _find(self, identifier):
        return self.items.get(identifier) or refuse(f"The Schedule does not exist: {identifier}", 404)

    def _enter(self, schedule, before, after):
        if schedule.state != before:
            refuse(f"The Schedule is not in the state {before.name}")
        schedule.state = after
        return {}

    def _create(self, document):
        schedule = self._checked(document)
        identifier = str(7_000_000_000 + len(self.items))
        schedule.name, schedule.state = f"{self._parent}/schedules/{identifier}", State.ACTIVE
        schedule.create_time.GetCurrentTime()
        self.items[identifier] = schedule
        return schedule

    def _update(self, schedule, query, document):
        paths = query.get("updateMask", "").split(",")
        if query.keys() != {"updateMask"} or not set(paths) <= MUTABLE:
            refuse(f"Invalid update mask: {paths}")
        latest = self._checked(document)
        for field in schedule.DESCRIPTOR.fields:
            if field.json_name in paths:
                schedule.ClearField(field.name)
                if field.type == field.TYPE_MESSAGE:
                    getattr(schedule, field.name).CopyFrom(getattr(latest, field.name))
                else:
                    setattr(schedule, field.name, getattr(latest, field.name))
        return schedule

    def _checked(self, document):
        try:
            schedule = json_format.ParseDict(document, v1.Schedule.pb(v1.Schedule()))
        except json_format.ParseError as error:
            refuse(f"Invalid JSON payload received. {error}")
        if not 1 <= len(schedule.display_name) <= 128:
            refuse("Invalid display_name")
        expression = ZONE.sub("", schedule.cron, count=1)
        if len(expression.split()) != 5 or not croniter.is_valid(expression):
            refuse(f"Invalid cron: {schedule.cron!r}")
        if schedule.max_concurrent_run_count < 1:
            refuse("max_concurrent_run_count must be at least 1")
        request = schedule.create_pipeline_job_request
        if request.parent != self._parent or request.pipeline_job_id:
            refuse(f"Invalid create_pipeline_job_request.parent: {request.parent!r}")
        job = self._jobs.checked(json_format.MessageToDict(request.pipeline_job))
        request.pipeline_job.CopyFrom(job)
        return schedule
