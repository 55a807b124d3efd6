"""One execution of a run: a process group with kfp's local engine, followed by what it prints and writes."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import yaml

from pipelines.local.threads import THREADS

ROOT = Path(__file__).resolve().parents[3]
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
MOMENTS = re.compile(r"\{\{\$\.pipeline_job_(create|schedule)_time_utc\}\}")  # which the local engine does not know
STARTED = re.compile(r"INFO - Executing task '([^']+)'")
ENDED = re.compile(r" - Task '([^']+)' finished with status (SUCCESS|FAILURE)")


class Execution:
    def __init__(self, folder: Path, run, artifacts) -> None:
        """`artifacts` stores a step's output folders and files: (run, task, name, path) -> URI."""
        self._folder, self._run, self._artifacts = folder, run, artifacts
        self._read = set()
        self._store_failed = False
        folder.mkdir(parents=True)
        file = folder / "pipeline.yaml"
        documents = [run.specification, *([run.platform] if run.platform else [])]
        file.write_text(MOMENTS.sub(run.created_at, yaml.dump_all(documents, sort_keys=False)))
        environment = {name: value for name, value in os.environ.items() if not re.match("KAMADO_|KFP_", name)}
        environment |= {**THREADS, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
        command = [sys.executable, "-m", "tests.services.kfp_server.execute"]
        command += [str(file), json.dumps(run.parameters), str(folder / "outputs")]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def follow(self) -> None:
        """Until it has ended."""
        with (self._folder / "log.txt").open("w") as log, self._process.stdout as lines:
            for line in lines:
                log.write(line)
                log.flush()
                plain = COLOURS.sub("", line)
                if match := STARTED.search(plain):
                    self._run.task_started(match[1])
                elif match := ENDED.search(plain):
                    self._task_ended(match[1], succeeded=match[2] == "SUCCESS")
        code = self._process.wait()
        for file in self._outputs("*"):  # of ends that were not read: two iterations of a loop may print into one line
            self._task_ended(file.parent.name, succeeded=True)
        for task in self._run.tasks if self._run.state != "CANCELING" else ():
            if task.state == "RUNNING":  # in a loop the local engine does not print how it ended
                self._task_ended(task.name, succeeded=False)
        for name in {task.name for task in self._run.tasks if task.state == "FAILED"}:
            self._run.failed_in(name, self._unfinished(name))
        self._run.ended("SUCCEEDED" if code == 0 else "FAILED")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _outputs(self, name: str) -> list[Path]:
        """Of tasks of this name, those that were not read yet; iterations of a loop have folders of their own."""
        files = self._folder.glob(f"outputs/**/{name}/executor_output.json")
        return sorted(file for file in files if file not in self._read)

    def _unfinished(self, name: str) -> list[tuple[str, ...]]:
        """What the tasks of this name that began and wrote no end are in."""
        folders = sorted(path for path in self._folder.glob(f"outputs/**/{name}") if path.is_dir())
        return [
            path.relative_to(self._folder / "outputs").parts[1:-1]
            for path in folders
            if not (path / "executor_output.json").exists()
        ]

    def _task_ended(self, name: str, *, succeeded: bool) -> None:
        if not succeeded:
            self._run.task_ended(name, "FAILED", error="Error (exit code 1)")
            return
        if self._store_failed:  # on a cluster no later step would have begun
            return
        file = next(iter(self._outputs(name)), None)
        self._read.add(file)
        around = file.relative_to(self._folder / "outputs").parts[1:-2] if file is not None else ()
        output = json.loads(file.read_text()) if file is not None else {}
        try:
            stored = [
                (artifact_name, self._store(name, artifact), artifact.get("metadata", {}))
                for artifact_name, listing in output.get("artifacts", {}).items()
                for artifact in listing["artifacts"]
            ]
        except OSError as error:  # as the launcher fails its step
            self._store_failed = True
            self._run.task_ended(name, "FAILED", error=f"failed to upload output artifact: {error}")
            self.kill()
            return
        self._run.task_ended(name, "SUCCEEDED", output.get("parameterValues", {}), stored, around=around)

    def _store(self, task: str, artifact) -> str:
        key = f"v2/artifacts/{self._run.specification['pipelineInfo']['name']}/{self._run.id}/{task}/{uuid.uuid4()}"
        return self._artifacts(f"{key}/{artifact['name']}", Path(artifact["uri"]))
