"""Run a compiled pipeline on this machine: `python -m pipelines.local.runner PIPELINE.yaml ARGUMENTS.json ROOT`.

A process of its own, because the runner prints, patches `print` and leaves children behind when it is interrupted:
`pipelines.local.subprocess_runner` owns this process' group, log and exit.
"""

import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from kfp import components, local

from components.step import DEFECT
from model.errors import Problem


def end_with(parent: int) -> None:
    """Kill this process group when `parent` is gone: no step outlives its run."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os.killpg(0, signal.SIGKILL)


def main(pipeline: str, arguments: str, root: str) -> None:
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=root, workspace_root=f"{root}/workspace")
    # KFP puts sys.executable in place of every "python3" that it meets, in paths and queries too. Under this name it
    # changes nothing, and PATH finds the same interpreter.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    sys.executable = "python3"
    graph = components.load_component_from_file(pipeline)
    try:
        graph(**json.loads(Path(arguments).read_text("utf-8")))
    except RuntimeError as error:  # a step failed, and has reported why
        raise SystemExit(f"pipeline: {error}") from None
    except Exception as error:  # there was no step to report it
        message = f"{type(error).__name__}: {error}"
        problem = Problem("pipeline", f"failed with {message}", DEFECT, "pipeline-failed")
        event = {"step": "pipeline", "event": "failed", "message": message, "problems": [asdict(problem)]}
        with Path(os.environ["KAMADO_EVENTS"]).open("a", encoding="utf-8") as events:
            events.write(json.dumps(event) + "\n")
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
