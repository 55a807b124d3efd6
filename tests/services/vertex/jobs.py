"""Jobs, whose state goes on with each look at them: queued, running its steps, ended."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from google.cloud import aiplatform_v1 as v1
from google.protobuf import json_format

from tests.services.kfp_server.validate import check_parameters, parse, refuse
from tests.services.vertex.lists import listed

ID = re.compile(r"[a-z][a-z0-9-]{0,126}")
PIPELINE = re.compile(r"[a-z][a-z0-9-]{0,127}")
ROOT = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/.*)?")
LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
MOST_LABELS = 64
States, TaskStates = v1.PipelineState, v1.PipelineTaskDetail.State


@dataclass(frozen=True)
class Step:
    """What a step comes to. RUNNING is one that goes on until it is stopped. `parent` is the index of the step that it
    is in, from 1."""

    name: str
    state: str = "SUCCEEDED"
    outputs: dict = field(default_factory=dict)
    artifacts: dict[str, dict] = field(default_factory=dict)  # by the output's name: its metadata
    error: str = ""
    parent: int = 0


@dataclass
class Job:
    message: object
    steps: list[Step]

    def advance(self) -> None:
        message, steps = self.message, self.steps
        if message.state == States.PIPELINE_STATE_QUEUED:
            message.state = States.PIPELINE_STATE_RUNNING
            message.start_time.GetCurrentTime()
            del message.job_detail.task_details[:]
            message.job_detail.task_details.add(task_id=1, task_name=self.id, state=TaskStates.RUNNING)
            self._start(2, steps[0])
        elif message.state == States.PIPELINE_STATE_RUNNING and all(step.state != "RUNNING" for step in steps):
            for index, step in enumerate(steps):
                self._end(self._start(index + 2, step), step)
            failed = next((step for step in steps if step.state == "FAILED"), None)
            self._finish("FAILED" if failed else "SUCCEEDED", failed.error if failed else "")
        elif message.state == States.PIPELINE_STATE_CANCELLING:
            self._finish("CANCELLED", "The job was cancelled.")

    @property
    def id(self) -> str:
        return self.message.name.rsplit("/", 1)[-1]

    def _start(self, task_id, step):
        details = self.message.job_detail.task_details
        for detail in details:
            if detail.task_id == task_id:
                return detail
        parent = step.parent + 1 if step.parent else 1
        detail = details.add(task_id=task_id, parent_task_id=parent, task_name=step.name, state=TaskStates.RUNNING)
        for moment in (detail.create_time, detail.start_time):
            moment.GetCurrentTime()
        return detail

    def _end(self, detail, step) -> None:
        detail.state = TaskStates[step.state]
        detail.end_time.GetCurrentTime()
        detail.error.message = step.error
        detail.execution.metadata.update(
            {"input:wait": 0, **{f"output:{key}": step.outputs[key] for key in step.outputs}}
        )
        root = self.message.runtime_config.gcs_output_directory
        for name, metadata in step.artifacts.items():
            artifact = detail.outputs[name].artifacts.add(uri=f"{root}/{self.id}/{detail.task_id}/{name}")
            artifact.metadata.update(metadata)

    def _finish(self, state, error) -> None:
        self.message.state = States[f"PIPELINE_STATE_{state}"]
        self.message.end_time.GetCurrentTime()
        self.message.error.message = error
        self.message.job_detail.task_details[0].state = TaskStates[state]


class Jobs:
    def __init__(self, parent: str, steps: Callable[[dict], list[Step]], accounts: tuple[str, ...]) -> None:
        self._parent, self._steps, self._accounts = parent, steps, accounts
        self.items = dict[str, Job]()

    def answer(self, method, identifier, verb, query, document):
        match method, bool(identifier), verb:
            case "POST", False, None:
                return self.create(query, document)
            case "GET", False, None:
                return listed([job.message for job in self.items.values()], query, "pipelineJobs", {"labels"})
            case "GET", True, None:
                self.find(identifier).advance()
                return self.find(identifier).message
            case "POST", True, "cancel":
                return self._cancel(self.find(identifier).message)
        return refuse("Requested entity was not found.", 404)

    def find(self, identifier) -> Job:
        job = self.items.get(identifier)
        return job or refuse(f"The PipelineJob does not exist: {self._parent}/pipelineJobs/{identifier}", 404)

    def create(self, query, document):
        identifier = query.get("pipelineJobId") or refuse("this stand-in makes no ids")
        if query.keys() != {"pipelineJobId"} or not ID.fullmatch(identifier):
            refuse(f"Invalid pipeline_job_id: {identifier}")
        message = self.checked(document)
        if identifier in self.items:
            refuse(f"PipelineJob already exists: {identifier}", 409)
        message.name, message.state = f"{self._parent}/pipelineJobs/{identifier}", States.PIPELINE_STATE_QUEUED
        message.create_time.GetCurrentTime()
        parameters = dict(json_format.MessageToDict(message.runtime_config).get("parameterValues", {}))
        self.items[identifier] = Job(message, self._steps(parameters))
        return message

    def checked(self, document):
        """A job that may be started, without what is the service's to say."""
        try:
            message = json_format.ParseDict(document, v1.PipelineJob.pb(v1.PipelineJob()))
        except json_format.ParseError as error:
            refuse(f"Invalid JSON payload received. {error}")
        for name in ("name", "state", "create_time", "start_time", "end_time", "job_detail", "error"):
            message.ClearField(name)
        specification = parse(json_format.MessageToDict(message.pipeline_spec))
        if not PIPELINE.fullmatch(specification.pipeline_info.name):
            refuse(f"Invalid pipeline name: {specification.pipeline_info.name}")
        if not ROOT.fullmatch(message.runtime_config.gcs_output_directory):
            refuse(f"Invalid GCS output directory: {message.runtime_config.gcs_output_directory!r}")
        if len(message.display_name) > 128:
            refuse("The display name has more than 128 characters")
        check_parameters(specification, json_format.MessageToDict(message.runtime_config).get("parameterValues", {}))
        self._check_labels(message.labels)
        account = message.service_account
        if account and account not in self._accounts:
            refuse(f"You do not have permission to act as service account: {account}", 403)
        return message

    def _check_labels(self, labels) -> None:
        wrong = [key for key in labels if not LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(labels[key])]
        if wrong or len(labels) > MOST_LABELS:
            refuse(f"Invalid labels: {wrong}")

    def _cancel(self, message):
        if message.state not in (States.PIPELINE_STATE_QUEUED, States.PIPELINE_STATE_RUNNING):
            refuse("The PipelineJob has ended and cannot be cancelled.")
        if message.state == States.PIPELINE_STATE_QUEUED:
            self.find(message.name.rsplit("/", 1)[-1]).advance()
        message.state = States.PIPELINE_STATE_CANCELLING
        return {}
