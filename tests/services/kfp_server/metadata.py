"""ML Metadata of the runs by gRPC-Web, as the launcher records it and Envoy passes it on."""

import struct

from fastapi import Request, Response
from google.protobuf import json_format

from pipelines.submit.kubeflow.messages import message

NOT_FOUND = 5


def answer(runs, method: str, data: bytes) -> Response:
    flag, length = struct.unpack(">BI", data[:5])
    if flag != 0 or len(data) != 5 + length:
        return Response("a frame is cut off", 400)
    request = message(f"{method}Request")
    request.ParseFromString(data[5:])
    response, status = ANSWERS[method](runs, request), 0
    if response is None:
        response, status = message(f"{method}Response"), NOT_FOUND
    frames = [(0, response.SerializeToString()), (0x80, f"grpc-status:{status}\r\ngrpc-message:\r\n".encode())]
    body = b"".join(struct.pack(">BI", flag, len(frame)) + frame for flag, frame in frames)
    return Response(body, media_type="application/grpc-web+proto")


async def endpoint(request: Request, method: str, runs) -> Response:
    if request.headers.get("content-type") != "application/grpc-web+proto" or method not in ANSWERS:
        return Response("not gRPC-Web", 415)
    return answer(runs, method, await request.body())


def _context(runs, request):
    if request.type_name != "system.PipelineRun":
        return None
    index = next((index for index, run in enumerate(runs, 1) if run.id == request.context_name), None)
    return index and message("GetContextByTypeAndNameResponse", context=message("Context", id=index))


def _numbered_tasks(runs):
    """(number of the context, number of the execution, task) of all runs."""
    for index, run in enumerate(runs, 1):
        for number, task in enumerate(run.tasks, 1):
            yield index, index * 1000 + number, task


def _add(response, number, name, parent):
    """An execution of a task; `for-loop-1-iteration-0` is one of a loop."""
    name, _, iteration = name.partition("-iteration-")
    execution = response.executions.add(id=number, last_known_state=3)
    execution.custom_properties.add(key="task_name").value.string_value = name
    execution.custom_properties.add(key="parent_dag_id").value.int_value = parent
    if iteration:
        execution.custom_properties.add(key="iteration_index").value.int_value = int(iteration)
    return execution


def _executions(runs, request):
    response = message("GetExecutionsByContextResponse")
    first = request.context_id * 1000  # the graph itself, without a task's name
    response.executions.add(id=first, last_known_state=3)
    around = {(): first}
    for _, number, task in [entry for entry in _numbered_tasks(runs) if entry[0] == request.context_id]:
        for depth in range(1, len(task.around) + 1):
            if task.around[:depth] not in around:
                parent, number_around = around[task.around[: depth - 1]], first + 500 + len(around)
                around[task.around[:depth]] = _add(response, number_around, task.around[depth - 1], parent).id
        execution = _add(response, number, task.name, around[task.around])
        outputs = execution.custom_properties.add(key="outputs").value.struct_value
        json_format.ParseDict(task.parameters, outputs)
    return response


def _events(runs, request):
    response = message("GetEventsByExecutionIDsResponse")
    for _, number, task in _numbered_tasks(runs):
        for index, (name, _, _) in enumerate(task.artifacts) if number in request.execution_ids else ():
            event = response.events.add(artifact_id=number * 100 + index, execution_id=number, type=4)
            event.path.steps.add(key=name)
    return response


def _artifacts(runs, request):
    response = message("GetArtifactsByIDResponse")
    for _, number, task in _numbered_tasks(runs):
        for index, (_, uri, metadata) in enumerate(task.artifacts):
            if number * 100 + index in request.artifact_ids:
                artifact = response.artifacts.add(id=number * 100 + index, uri=uri)
                for key, value in metadata.items():
                    entry = artifact.custom_properties.add(key=key).value
                    if isinstance(value, str):
                        entry.string_value = value
                    elif isinstance(value, dict | list):  # KFP wraps both, because ML Metadata has a struct alone
                        json_format.ParseDict(
                            {"struct" if isinstance(value, dict) else "list": value}, entry.struct_value
                        )
                    else:
                        entry.double_value = float(value)
    return response


ANSWERS = {
    "GetContextByTypeAndName": _context,
    "GetExecutionsByContext": _executions,
    "GetEventsByExecutionIDs": _events,
    "GetArtifactsByID": _artifacts,
}
