"""A pipeline as it is compiled for a cluster, run by KFP's local runner with its cache.

`python -m tests.local_engine PIPELINE ARGUMENTS ROOT CACHE` is the process. It stands in for a backend in one thing:
the moments of a run, which the local runner cannot resolve. No test waits between two tries of a step.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pipelines.compile import ROOT, compile_graph
from pipelines.graph_settings import GraphSettings
from pipelines.kfp_sdk import ComponentSpec, YamlComponent, local
from pipelines.training import training

MOMENTS = {
    "{{$.pipeline_job_schedule_time_utc}}": "2026-07-01T06:00:00Z",
    "{{$.pipeline_job_create_time_utc}}": "2026-07-02T06:00:00Z",
}
# Object-store mounts refuse to rename folders: Python calls this before every rename, in the runner and in each step.
NO_FOLDER_RENAMES = """
import os, sys
def refuse(event, arguments):
    if event == "os.rename" and os.path.isdir(arguments[0]) and os.fspath(arguments[1]).startswith({root!r}):
        raise OSError(38, "Function not implemented", os.fspath(arguments[0]), None, os.fspath(arguments[1]))
sys.addaudithook(refuse)
"""


@dataclass(frozen=True)
class EngineRun:
    """A run that has ended: its exit code, the events of its steps, and the folder of its artifacts."""

    code: int
    events: list[dict]
    artifacts: Path
    log: str

    @property
    def started(self) -> list[str]:
        """Steps that ran, and did not come from the cache."""
        return [event["step"] for event in self.events if event["event"] == "started"]

    def ended(self, kind: str) -> list[str]:
        """Steps whose last event is of this kind."""
        return [event["step"] for event in self.events if event["event"] == kind]

    def output(self, step: str) -> dict:
        """What the executor tells the backend: metadata of artifacts, and parameters."""
        (path,) = self.artifacts.glob(f"*/{step}/executor_output.json")
        return json.loads(path.read_text())

    def parameters(self, step: str) -> dict:
        return self.output(step)["parameterValues"]

    def metadata(self, step: str, name: str) -> dict:
        return self.output(step)["artifacts"][name]["artifacts"][0]["metadata"]

    def path(self, step: str, name: str) -> Path:
        (path,) = self.artifacts.glob(f"*/{step}/{name}")
        return path


def run_on_engine(folder: Path, settings: GraphSettings, arguments: dict, *, cache: Path) -> EngineRun:
    """Compiled into `folder` and run there. No step can rename a folder below it."""
    (folder / "hook").mkdir(parents=True)
    (folder / "hook" / "sitecustomize.py").write_text(NO_FOLDER_RENAMES.format(root=str(folder / "artifacts")))
    compile_graph(training, settings, folder / "pipeline.yaml")
    (folder / "arguments.json").write_text(json.dumps(arguments))
    (folder / "events.jsonl").touch()
    environment = {
        **os.environ,
        "KAMADO_EVENTS": str(folder / "events.jsonl"),
        "PYTHONPATH": f"{folder / 'hook'}{os.pathsep}{ROOT}",
    }
    files = [folder / "pipeline.yaml", folder / "arguments.json", folder / "artifacts", cache]
    command = [sys.executable, "-m", "tests.local_engine", *files]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return EngineRun(done.returncode, events, folder / "artifacts", done.stdout + done.stderr)


def main(pipeline: str, arguments: str, root: str, cache: str) -> None:
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    sys.executable = "python3"  # as pipelines.local.runner, which says why
    runner = local.SubprocessRunner(use_venv=False)
    local.init(runner, pipeline_root=root, workspace_root=f"{root}/workspace", enable_caching=True, cache_root=cache)
    text = Path(pipeline).read_text()
    for placeholder, moment in MOMENTS.items():
        text = text.replace(placeholder, moment)
    text = re.sub(r"backoffDuration: [0-9]+s", "backoffDuration: 0s", text)  # the local runner waits as a cluster does
    try:
        YamlComponent(ComponentSpec.from_yaml_documents(text), text)(**json.loads(Path(arguments).read_text()))
    except RuntimeError as error:  # a step failed, and has reported why
        raise SystemExit(f"pipeline: {error}") from None


if __name__ == "__main__":
    main(*sys.argv[1:])
