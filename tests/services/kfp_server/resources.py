"""Pipelines, versions, experiments and schedules, as the API answers them."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Resource:
    name: str
    description: str = ""
    namespace: str = ""
    tags: dict = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: str = field(default_factory=now)

    def _shared(self, kind):
        shared = {f"{kind}_id": self.id, "display_name": self.name, "created_at": self.created_at}
        shared |= {"description": self.description} if self.description else {}
        return shared | ({"namespace": self.namespace} if self.namespace else {})


@dataclass
class Pipeline(Resource):
    def answer(self):
        return self._shared("pipeline") | {"name": self.name}


@dataclass
class Experiment(Resource):
    def answer(self):
        return self._shared("experiment") | {"storage_state": "AVAILABLE"}


@dataclass
class Version(Resource):
    pipeline_id: str = ""
    specification: dict = field(default_factory=dict)
    platform: dict | None = None
    message: object = None

    def answer(self):
        both = {"pipeline_spec": self.specification, "platform_spec": self.platform}
        answer = self._shared("pipeline_version") | {"name": self.name, "pipeline_id": self.pipeline_id}
        answer |= {"pipeline_spec": both if self.platform else self.specification}
        return answer | ({"tags": self.tags} if self.tags else {})


@dataclass
class RecurringRun(Resource):
    body: dict = field(default_factory=dict)

    def answer(self):
        enabled = "DISABLED" if self.body.get("mode") == "DISABLE" else "ENABLED"
        return {**self.body, **self._shared("recurring_run"), "status": enabled}
