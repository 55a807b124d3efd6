"""Train one model on this machine: the pipeline is compiled, and the compiled file is what runs."""

import json
import os
import shlex
import shutil
from pathlib import Path

from rich.console import Console

from model.errors import BundleError
from model.files import sync_files
from pipelines.local.containers import Containers
from pipelines.local.events import StepError
from pipelines.local.local_settings import local_settings
from pipelines.local.progress import ProgressDisplay
from pipelines.local.run_dir import Output
from pipelines.local.run_log import RunLog
from pipelines.local.subprocess_runner import Parameter, PipelineProcess
from pipelines.local.summary import RunSummary
from pipelines.request import TrainingRequest
from pipelines.sample import source_of
from pipelines.training import training


def train(request: TrainingRequest, console: Console, *, cache: Path) -> RunSummary:
    """One run from spec to verdict; `cache` has the bases of images.

    Raises StepError when a step refuses or fails, and Interrupted.
    """
    output, image = request.data.output, request.image
    if image is not None:
        console.print(f"steps run in {image}", markup=False)
    with output.locked():
        run = output.new_run()
        log = RunLog(run / "run.log")
        source = source_of(request.data, console)
        settings = local_settings(
            run,
            request.data.spec,
            source=source,
            base=request.base,
            threads=request.threads,
            image=image.reference if image else None,
        )
        containers = _containers(request, run, source, cache)
        error = None
        try:
            with (
                PipelineProcess(run, training, settings, pipeline_parameters(request), containers) as pipeline,
                ProgressDisplay(console) as progress,
            ):
                pipeline.watch(progress, log)
        except StepError as step_error:
            error = step_error
        if not collect(run):
            assert error is not None  # a pipeline that ends well has a verdict, and an image where it promotes
            raise _keeping_promoted(error, run, output)
        summary = RunSummary(run, output.root, request.champion)
        log.write("run", f"{summary.verdict}; image {summary.image}" if summary.image else summary.verdict)
        output.publish(run)
    return summary


def _containers(request: TrainingRequest, run: Path, source: str, cache: Path) -> Containers | None:
    """Those of the steps; None where they are processes."""
    if request.image is None:
        return None
    inputs = (source, request.champion, request.base)
    out = request.data.output.root
    return Containers.of_run(request.image, run, out=out, cache=cache, inputs=inputs, environ=os.environ)


def _keeping_promoted(error: StepError, run: Path, output: Output) -> StepError:
    """The error with the command that makes the image of a model that was promoted before a later step refused.

    There is no command where the gate refused the bundle, because it would refuse it again.
    """
    if not (run / "verdict.json").exists():
        return error
    output.keep(run)
    if error.message.startswith(BundleError.heading):
        more = f"the model was promoted before that, so that this is a defect of Kamado; it is kept: {run}"
    else:
        words = ["kamado", "image", str(run / "bundle"), "--verdict", str(run / "verdict.json")]
        command = f".venv/bin/{shlex.join([*words, '--to', f'oci:{output.images}'])}"
        more = (
            f"the model was promoted before that and is kept; this makes its image without training again:\n  {command}"
        )
    message = f"{error.message}\n{more}"
    return StepError(error.step, message, error.problems, outcome=error.outcome, log=error.log)


def pipeline_parameters(request: TrainingRequest) -> dict[str, Parameter]:
    """The compiled pipeline's parameters."""
    return {
        "end": request.data.end.isoformat(),
        "destination": f"oci:{request.data.output.images}",
        "champion": request.champion,
    }


def collect(run: Path) -> bool:
    """Lay the run's results side by side under their short names; False when it did not come to its end."""
    results = {file: next(run.glob(f"artifacts/*/{path}"), None) for file, path in RESULTS.items()}
    verdict = results["verdict.json"]
    if verdict is None:
        return False
    lacks_image = json.loads(verdict.read_text("utf-8"))["verdict"] == "promote" and results["image.json"] is None
    for name, path in results.items():
        if path is not None:
            path.rename(run / name)
    sync_files(run)
    for scratch in ("artifacts", "tmp"):
        shutil.rmtree(run / scratch)
    return not lacks_image


RESULTS = {
    "extract.json": "extract/rows/extract.json",
    "rejections.json": "preprocess/splits/rejections.json",
    "split.json": "preprocess/splits/split.json",
    "rejected.parquet": "preprocess/splits/rejected.parquet",
    "test.parquet": "preprocess/splits/test.parquet",
    "bundle": "refit/shipped/bundle",
    "judged": "train/trained/bundle",
    "training.json": "train/trained/training.json",
    "baselines.json": "train/trained/baselines.json",
    "verdict.json": "refit/decision/verdict.json",
    "metrics.json": "refit/decision/metrics.json",
    "report.html": "refit/decision/report.html",
    "image.json": "build-image/image/image.json",
}
