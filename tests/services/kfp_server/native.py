"""`runs/{id}/tasks` of the line after 2.17, which has no ML Metadata: PipelineTask of backend/api/v2beta1.

A loop is one task, and the steps in it have the number of their iteration. Whole numbers of 64 bits are texts, as
protobuf writes them in JSON.
"""

from tests.services.kfp_server.validate import refuse

KNOWN = {"parent_id", "page_size", "page_token", "order_by", "filter", "namespace"}
MOST_PAGE = 200


def answer(run, query) -> dict:
    """A page of the tasks of a run."""
    if unknown := set(query) - KNOWN:
        refuse(f"unknown query parameter {sorted(unknown)}")
    size, start = int(query.get("page_size") or 20), int(query.get("page_token") or 0)
    if not 1 <= size <= MOST_PAGE:
        refuse(f"the page size {size} is not in 1 to {MOST_PAGE}")
    if query.get("order_by", "create_time asc") != "create_time asc":
        refuse(f"order_by {query['order_by']!r} is not in this stand-in")
    tasks = list(_tasks(run))
    following = {"next_page_token": str(start + size)} if start + size < len(tasks) else {}
    return {"tasks": tasks[start : start + size], "total_size": len(tasks), **following}


def _tasks(run):
    root = f"{run.id}-root"
    yield {"name": "root", "display_name": "root", "type": "ROOT", "task_id": root, "state": _state(run.state)}
    groups = {}
    for number, task in enumerate(run.tasks):
        parent, iteration = root, {}
        for group in task.around:
            name, _, index = group.partition("-iteration-")
            if (parent, name) not in groups:
                groups[parent, name] = f"{parent}-{name}"
                kind = {"type": "LOOP" if index else "DAG", "display_name": "Loop" if index else name}
                yield {"name": name, "task_id": f"{parent}-{name}", "parent_task_id": parent, **kind} | {
                    "state": "RUNNING",
                    "outputs": {"parameters": [{"parameter_key": f"pipelinechannel--{task.name}-result", "value": []}]},
                }
            parent = groups[parent, name]
            iteration = {"type_attributes": {"iteration_index": index}} if index else {}
        yield _task(run, task, number) | {"parent_task_id": parent} | iteration


def _task(run, task, number):
    fields = {"name": task.name, "display_name": task.title(run), "type": "RUNTIME", "run_id": run.id}
    fields |= {"task_id": f"{run.id}-{number}", "create_time": task.start_time, "state": _state(task.state)}
    fields |= {"end_time": task.end_time} if task.end_time else {}
    if task.error:
        status = {"update_time": task.end_time, "state": task.state, "error": {"code": 13, "message": task.error}}
        fields |= {"state_history": [status]}
    parameters = [{"parameter_key": key, "value": value, "type": "OUTPUT"} for key, value in task.parameters.items()]
    artifacts = [
        {"artifact_key": name, "type": "OUTPUT", "artifacts": [_artifact(name, uri, metadata)]}
        for name, uri, metadata in task.artifacts
    ]
    return fields | {"outputs": {"parameters": parameters, "artifacts": artifacts}}


def _artifact(name, uri, metadata):
    return {"artifact_id": f"{name}-{uri}", "name": name, "type": "Artifact", "uri": uri, "metadata": metadata}


def _state(state):
    return {"PENDING": "RUNNING", "CANCELING": "RUNNING", "CANCELED": "FAILED"}.get(state, state)
