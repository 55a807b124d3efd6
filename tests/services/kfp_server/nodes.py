"""The tasks of a run up to Kubeflow 2.17: nodes of Argo, of which each names those that come after it."""

from pipelines.submit.graph_tasks import ModelLoop


def details(run) -> list[dict]:
    """With Kubeflow's pods among the steps. After the last step of each iteration comes what comes after the loop."""
    known = [task for task in run.tasks if task.around or task.name not in ModelLoop.of(run.specification).steps]
    iterations = {around: [task for task in known if task.around == around] for around in _arounds(known)}
    after = [task for task in known if not task.around]
    before = [task for task in after if iterations and task.start_time < min(task.start_time for task in known)]
    after = [task for task in after if task not in before]
    nodes = [_node(run, "root", run.state), _node(run, "root-driver", "SUCCEEDED")]
    nodes += [_node(run, f"{name}-driver", "SUCCEEDED") for name in {task.name: None for task in run.tasks}]
    nodes += [task.answer(run.id) for task in run.tasks if task not in known]
    nodes += _chain(run, before, None)
    for around, tasks in iterations.items():
        number = around[-1].rpartition("-")[2]
        node = _node(run, f"iteration-iterations({number}:{number})", "SUCCEEDED")
        nodes += [node | _children(run, tasks[:1]), *_chain(run, tasks, after[0] if after else None)]
    return nodes + _chain(run, after, None)


def _arounds(tasks):
    return sorted({task.around for task in tasks if task.around and "-iteration-" in task.around[-1]})


def _chain(run, tasks, last):
    following = [*tasks[1:], last]
    return [
        task.answer(run.id) | _children(run, [child] if child else [])
        for task, child in zip(tasks, following, strict=bool(tasks))
    ]


def _children(run, tasks):
    return {"child_tasks": [{"pod_name": task.node(run.id)} for task in tasks]} if tasks else {}


def _node(run, name, state):
    return {"run_id": run.id, "task_id": f"{run.id}/{name}", "display_name": name, "state": state} | {
        "pod_name": f"{run.id}-{name}",
        "create_time": run.created_at,
        "start_time": run.created_at,
    }
