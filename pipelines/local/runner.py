"""Run a compiled pipeline here: `python -m pipelines.local.runner PIPELINE.yaml ARGUMENTS.json ROOT [CONTAINERS.json]`.

A process of its own, because the runner prints, patches `print` and leaves children behind when it is interrupted:
`pipelines.local.subprocess_runner` owns this process' group, log and exit. Steps are processes of the group, or
containers.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from model.errors import KamadoError, Problem
from pipelines.kfp_sdk import ComponentSpec, YamlComponent, local
from pipelines.local.containers import Containers


def end_with(parent: int, termination: threading.Event, containers: Containers | None) -> None:
    """Kill this process group, and its containers, when `parent` is gone or asks for it: no step outlives its run."""
    while os.getppid() == parent and not termination.wait(0.2):
        pass
    try:
        if containers is not None:
            from pipelines.local.docker_runner import end_containers

            end_containers(containers)
    finally:
        os.killpg(0, signal.SIGKILL)


def main(pipeline: str, arguments: str, root: str, container_settings: str = "") -> None:
    containers = Containers.read(Path(container_settings)) if container_settings else None
    termination = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: termination.set())
    threading.Thread(target=end_with, args=[os.getppid(), termination, containers], daemon=True).start()
    local.init(_runner(containers), pipeline_root=root, workspace_root=f"{root}/workspace")
    # KFP puts sys.executable in place of every "python3" that it meets, in paths and queries too. Under this name it
    # changes nothing, and PATH finds the same interpreter.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    sys.executable = "python3"
    text = Path(pipeline).read_text("utf-8")
    graph = YamlComponent(ComponentSpec.from_yaml_documents(text), text)  # as kfp.components, which imports requests
    try:
        graph(**json.loads(Path(arguments).read_text("utf-8")))
    except RuntimeError as error:  # a step failed, and has reported why
        raise SystemExit(f"pipeline: {error}") from None
    except KamadoError as refusal:
        _report("refused", str(refusal), refusal.problems)
        raise SystemExit(f"pipeline: {refusal}") from None
    except Exception as error:  # there was no step to report it
        from components.step import (
            DEFECT,  # steps read documents, by Pydantic, which a run that goes well has no use for here
        )

        message = f"{type(error).__name__}: {error}"
        problem = Problem("pipeline", f"failed with {message}", DEFECT, "pipeline-failed")
        _report("failed", message, [problem])
        raise


def _runner(containers: Containers | None) -> local.SubprocessRunner | local.DockerRunner:
    if containers is None:
        return local.SubprocessRunner(use_venv=False)
    from pipelines.local.docker_runner import docker_runner

    return docker_runner(containers, os.environ["KAMADO_EVENTS"])


def _report(kind: str, message: str, problems: Sequence[Problem]) -> None:
    """As a step does: an event with all problems."""
    parts = [asdict(problem) for problem in problems]
    line = json.dumps({"step": "pipeline", "event": kind, "message": message, "problems": parts})
    with Path(os.environ["KAMADO_EVENTS"]).open("a", encoding="utf-8") as events:
        events.write(f"{line}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
