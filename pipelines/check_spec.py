"""Look at a spec and its data before any training: the first steps of the training pipeline run unchanged."""

import shutil
from pathlib import Path

from rich.console import Console

from pipelines.checking import checking
from pipelines.findings import Findings
from pipelines.local.events import StepError
from pipelines.local.local_settings import local_settings
from pipelines.local.progress import ProgressDisplay
from pipelines.local.run_log import RunLog
from pipelines.local.subprocess_runner import PipelineProcess
from pipelines.request import DataRequest
from pipelines.sample import source_of

LOG_LINES = 30


def check(request: DataRequest, console: Console) -> Findings:
    """What the steps found, a refusal among it. Raises StepError when a step fails, and Interrupted."""
    with request.output.locked():
        run = request.output.new_run()
        try:
            findings = _look(request, run, console)
        finally:
            request.output.empty(run)
        if findings.refusal is None:
            shutil.rmtree(run)
        return findings


def _look(request: DataRequest, run: Path, console: Console) -> Findings:
    settings = local_settings(run, request.spec, source=source_of(request, console))
    parameters = {"end": request.end.isoformat()}
    refusal = None
    try:
        with PipelineProcess(run, checking, settings, parameters) as pipeline, ProgressDisplay(console) as progress:
            pipeline.watch(progress, RunLog(run / "run.log"))
    except StepError as error:
        if error.outcome == "failed":
            message = f"{error.message}\n{_tail(pipeline.kfp_log)}"
            raise StepError(error.step, message, error.problems, outcome="failed", log=None) from None
        refusal = error
    return Findings.read(run / "artifacts", request.spec, refusal)


def _tail(log: Path) -> str:
    """The end of the runner's log, which is removed with its folder."""
    return "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-LOG_LINES:])
