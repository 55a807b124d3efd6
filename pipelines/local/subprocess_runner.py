"""A compiled pipeline as a process group of its own: started, watched, and ended with everything it started."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

from model.errors import Problem
from model.interrupt import Interrupted
from pipelines.compile import ROOT, compile_graph
from pipelines.graph_settings import Graph, GraphSettings
from pipelines.local.containers import Containers
from pipelines.local.events import Event, StepError
from pipelines.local.progress import ProgressDisplay
from pipelines.local.run_dir import run_id
from pipelines.local.run_log import RunLog
from pipelines.local.threads import THREADS

POLL_SECONDS = 0.1
SECONDS_TO_END = 20.0
Parameter = str | int | float


class PipelineProcess:
    """One run of a graph that is compiled with these settings; its files live in `run`.

    Its steps are processes of the group, or `containers`.
    """

    def __init__(
        self,
        run: Path,
        graph: Graph[GraphSettings],
        settings: GraphSettings,
        parameters: Mapping[str, Parameter],
        containers: Containers | None = None,
    ) -> None:
        self.run, self.kfp_log = run, run / "kfp.log"
        self._containers = containers
        self._events = run / "events.jsonl"
        self._events.touch()
        scratch = run / "tmp"
        scratch.mkdir()
        pipeline, arguments = run / "pipeline.yaml", run / "arguments.json"
        compile_graph(graph, settings, pipeline)
        arguments.write_text(json.dumps(dict(parameters)), encoding="utf-8")
        environment = {
            **THREADS,
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "KAMADO_EVENTS": str(self._events),
            "KAMADO_RUN": run_id(run),
            "TMPDIR": str(scratch),  # what a killed step leaves goes with its run
            "KAMADO_REFUSALS": "",  # here the first refusal ends the run
        }
        command = [
            sys.executable,
            "-m",
            "pipelines.local.runner",
            str(pipeline),
            str(arguments),
            str(run / "artifacts"),
        ]
        if containers is not None:
            containers.write(run / "containers.json")
            command.append(str(run / "containers.json"))
        with self.kfp_log.open("w") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def __enter__(self) -> "PipelineProcess":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing that the run started outlives it."""
        if self._containers is not None:  # it ends them itself, and only it can know of one that is being created
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(SECONDS_TO_END)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._containers is not None:
            self._containers.remove_all()

    def watch(self, progress: ProgressDisplay, log: RunLog) -> None:
        """Until the pipeline has ended well. Raises StepError when a step refused or failed, and Interrupted."""
        last: Event | None = None
        for event in self.events():
            progress.take(event)
            log.take(event)
            if event.kind in ("refused", "failed") and (last is None or last.kind != "refused"):
                last = event
        log_path = str(self.kfp_log)
        if last is not None and last.kind == "refused":
            raise StepError(last.step, last.message, last.problems, outcome="refused", log=log_path)
        if last is not None:
            message = f"{last.step} failed, which is a defect of Kamado and not of your input: {last.message}"
            raise StepError(last.step, message, last.problems, outcome="failed", log=log_path)
        if self._process.returncode:
            message = "a step exited without reporting an error: it was killed, or memory ran out"
            problem = Problem("pipeline", message, "Read the log, or free some memory and run again", "step-killed")
            raise StepError("pipeline", message, (problem,), outcome="failed", log=log_path)

    def events(self) -> Iterator[Event]:
        """What the steps report, as they report it, until the pipeline has ended. Raises Interrupted."""
        rest = ""  # of a line that is being written
        with self._events.open(encoding="utf-8") as file, _signals_raise():
            while True:
                ended = self._process.poll() is not None
                *lines, rest = (rest + file.read()).split("\n")
                yield from map(Event.from_json, lines)
                if ended:
                    return
                time.sleep(POLL_SECONDS)


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    def stop(number: int, _: FrameType | None) -> None:
        raise Interrupted(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
