"""The compiled pipeline as a process group of its own: started, watched, and ended with everything it started."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from pipelines.compile import ROOT, compile_training, local_image

POLL_SECONDS = 0.1


class Interrupted(Exception):
    """A signal asked the run to end."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"ended by {signal.Signals(number).name}; what was in OUT before is untouched")


class PipelineProcess:
    """One run of the compiled pipeline; its files live in `run`."""

    def __init__(self, run: Path, parameters: dict[str, object]) -> None:
        self.log = run / "run.log"
        self._events = run / "events.jsonl"
        self._events.touch()
        scratch = run / "tmp"
        scratch.mkdir()
        pipeline, arguments = run / "pipeline.yaml", run / "arguments.json"
        compile_training(local_image(), pipeline)
        arguments.write_text(json.dumps(parameters))
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "KAMADO_EVENTS": str(self._events),
            "TMPDIR": str(scratch),  # what a killed step leaves goes with its run
            "OMP_WAIT_POLICY": "PASSIVE",  # waiting threads that spin take the processor from working ones
        }
        command = [sys.executable, "-m", "pipelines.local", str(pipeline), str(arguments), str(run / "artifacts")]
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def __enter__(self) -> "PipelineProcess":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing that the run started outlives it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def events(self) -> Iterator[dict[str, Any]]:
        """What the steps tell, as they tell it, until the pipeline has ended. Raises Interrupted."""
        with self._events.open() as file, _signals_raise():
            while True:
                ended = self._process.poll() is not None
                for line in file:
                    yield json.loads(line)
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
