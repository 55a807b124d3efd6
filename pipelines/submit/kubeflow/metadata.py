"""What the steps of a run wrote, from ML Metadata by gRPC-Web, as Kubeflow's UI reads it.

The REST API of versions 2.5 to 2.17 has neither output parameters nor the addresses of artifacts.
"""

import struct
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from model.errors import Problem
from pipelines.submit.json_text import json_text
from pipelines.submit.kubeflow.client import KubeflowClient, absent
from pipelines.submit.kubeflow.messages import OUTPUT_EVENT, SERVICE, message
from pipelines.submit.service import Artifact, RunOutputs, SubmitError

HEADERS = {"Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1"}
TRAILERS = 0x80  # the flag of a frame with the status instead of a message
NOT_FOUND = 5


class Metadata:
    def __init__(self, client: KubeflowClient) -> None:
        self._client = client

    def outputs(self, run_id: str) -> RunOutputs:
        """Empty for a run of which nothing was recorded yet. Raises SubmitError."""
        context = self._call("GetContextByTypeAndName", type_name="system.PipelineRun", context_name=run_id).context
        if not context.id:
            return RunOutputs()
        executions = self._call("GetExecutionsByContext", context_id=context.id).executions
        executions = sorted(executions, key=lambda execution: execution.id)  # of a retried task the last one counts
        tasks = _tasks(executions)
        parameters = {tasks[execution.id]: _outputs(execution) for execution in executions if execution.id in tasks}
        return RunOutputs(parameters, tuple(self._artifacts(tasks)))

    def _artifacts(self, tasks: dict[int, str]) -> Iterator[Artifact]:
        if not tasks:
            return
        events = self._call("GetEventsByExecutionIDs", execution_ids=list(tasks)).events
        written = [event for event in events if event.type == OUTPUT_EVENT and event.path.steps]
        if not written:
            return
        ids = sorted({event.artifact_id for event in written})
        artifacts = {artifact.id: artifact for artifact in self._call("GetArtifactsByID", artifact_ids=ids).artifacts}
        for event in written:
            if event.artifact_id in artifacts:
                artifact = artifacts[event.artifact_id]
                metadata = {entry.key: _text(entry.value) for entry in artifact.custom_properties}
                yield Artifact(tasks[event.execution_id], event.path.steps[0].key, artifact.uri, metadata)

    def _call(self, method: str, **fields: object) -> Any:
        request = message(f"{method}Request", **fields).SerializeToString()
        url = f"{self._client.settings.origin}/{SERVICE}/{method}"
        answer = absent(lambda: self._client.post(url, struct.pack(">BI", 0, len(request)) + request, HEADERS))
        if answer is None:
            raise self._unreadable("it answers 404")
        response = message(f"{method}Response")
        try:
            status = int(answer.headers.get("grpc-status", "0"))  # there when there is nothing but the status
            for flag, frame in _frames(answer.data):
                if flag & TRAILERS:
                    status = _status(frame)
                else:
                    response.ParseFromString(frame)
        except (struct.error, ValueError, DecodeError) as error:
            raise self._unreadable("its answer is not gRPC-Web") from error
        if status not in (0, NOT_FOUND):
            raise self._unreadable(f"gRPC status {status}")
        return response

    def _unreadable(self, reason: str) -> SubmitError:
        problem = f"does not give the outputs of a run ({reason})"
        hint = "Set KFP_HOST to the address of Kubeflow's UI, which passes on what it asks ML Metadata"
        return SubmitError(Problem(self._client.settings.origin, problem, hint, "kfp-no-metadata"))


def _frames(body: bytes) -> Iterator[tuple[int, bytes]]:
    while body:
        flag, length = struct.unpack(">BI", body[:5])
        if len(body) < 5 + length:
            raise ValueError("a frame is cut off")
        yield flag, body[5 : 5 + length]
        body = body[5 + length :]


def _status(trailers: bytes) -> int:
    for line in trailers.decode("ascii", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "grpc-status":
            return int(value)
    return 0


def _tasks(executions: Any) -> dict[int, str]:
    """The names of executions by their id: those of the tasks around them, and their own. The graph itself has none."""
    properties = {item.id: {entry.key: entry.value for entry in item.custom_properties} for item in executions}

    def path(number: int) -> tuple[str, ...]:
        own = properties.get(number, {})
        name = own["task_name"].string_value if "task_name" in own else ""
        if not name:
            return ()
        if "iteration_index" in own:
            name = f"{name}-{own['iteration_index'].int_value}"
        return (*(path(own["parent_dag_id"].int_value) if "parent_dag_id" in own else ()), name)

    return {number: "/".join(names) for number in properties if (names := path(number))}


def _outputs(execution: Any) -> dict[str, str]:
    for entry in execution.custom_properties:
        if entry.key == "outputs":
            fields = json_format.MessageToDict(entry.value.struct_value)
            return {name: json_text(value) for name, value in fields.items()}
    return {}


def _text(value: Any) -> str:
    if value.HasField("struct_value"):  # KFP wraps an object as {"struct": …}, and a list as {"list": …}
        fields = json_format.MessageToDict(value.struct_value)
        return json_text(fields.get("struct", fields.get("list", fields)))
    for field in ("string_value", "int_value", "double_value"):
        if value.HasField(field):
            return json_text(getattr(value, field))
    return ""
