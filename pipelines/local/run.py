"""Train one model on this machine: `python -m pipelines.local.run --spec FOLDER --data FOLDER --out FOLDER`.

The pipeline is compiled and the compiled file is what runs. Exit code 0: promoted, the image is built; 3: held, or too
little data to tell; 1: rejected, invalid, refused or failed; 2: an argument is wrong; 130: interrupted.
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from model.errors import BundleError
from pipelines.arguments import TrainingRequest, add_training, command_line, read_training_request
from pipelines.command import carry_out
from pipelines.local.events import StepEnded
from pipelines.local.progress import Progress
from pipelines.local.run_dir import Output
from pipelines.local.run_log import RunLog
from pipelines.local.subprocess_runner import Parameter, PipelineProcess
from pipelines.local.summary import Outcome
from pipelines.sample import source_of
from pipelines.training import training


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    parser = command_line("pipelines.local.run", __doc__)
    add_training(parser)
    args, unknown = parser.read(arguments)

    def work(console: Console) -> Outcome:
        return train(read_training_request(args, unknown, environ), console)

    return carry_out(work, as_json=args.json)


def train(request: TrainingRequest, console: Console) -> Outcome:
    """One run from spec to verdict. Raises what its steps refuse, as StepEnded."""
    spec, output = request.data.spec, request.data.output
    with output.locked():
        run = output.new_run()
        log = RunLog(run / "run.log")
        parameters = pipeline_parameters(request, source_of(request.data, console))
        ended = None
        try:
            with (
                PipelineProcess(run, training, spec, parameters) as pipeline,
                Progress(console) as progress,
            ):
                pipeline.watch(progress, log)
        except StepEnded as error:
            ended = error
        if not collect(run):
            assert ended is not None  # a pipeline that ends well has a verdict, and an image where it promotes
            raise _rescued(ended, run, output)
        outcome = Outcome(run, output.root, request.champion)
        log.write("run", f"{outcome.verdict}; image {outcome.image}" if outcome.image else outcome.verdict)
        output.publish(run)
    return outcome


def _rescued(ended: StepEnded, run: Path, output: Output) -> StepEnded:
    """The same, with the command that makes the image of a model that was promoted before a later step refused; without
    one where it would refuse again."""
    if not (run / "verdict.json").exists():
        return ended
    output.keep(run)
    if ended.says.startswith(BundleError.heading):  # by the gate, which would refuse it again
        says = (
            f"{ended.says}\nthe model was promoted before that, so that this is a defect of Kamado; it is kept: {run}"
        )
        return StepEnded(ended.step, says, ended.problems, log=ended.log)
    words = [".venv/bin/python", "-m", "build", "image", str(run / "bundle"), "--verdict", str(run / "verdict.json")]
    command = shlex.join([*words, "--to", f"oci:{output.images}"])
    says = "the model was promoted before that and is kept; this makes its image without training again:"
    return StepEnded(ended.step, f"{ended.says}\n{says}\n  {command}", ended.problems, log=ended.log)


def pipeline_parameters(request: TrainingRequest, source: str) -> dict[str, Parameter]:
    """The compiled pipeline's parameters, but for the spec, which is compiled in."""
    return {
        "source": source,
        "end": request.data.end.isoformat(),
        "trials": request.trials,
        "minutes": request.minutes,
        "threads": request.threads,
        "destination": f"oci:{request.data.output.images}",
        "base": request.base,
        "champion": request.champion,
    }


def collect(run: Path) -> bool:
    """Lay the run's results side by side under their short names; False when it did not come to its end."""
    results = {file: next(run.glob(f"artifacts/*/{place}"), None) for file, place in PLACES.items()}
    verdict = results["verdict.json"]
    if verdict is None:
        return False
    lacks_image = json.loads(verdict.read_text("utf-8"))["verdict"] == "promote" and results["image.json"] is None
    for name, path in results.items():
        if path is not None:
            path.rename(run / name)
    for scratch in ("artifacts", "tmp"):
        shutil.rmtree(run / scratch)
    return not lacks_image


PLACES = {
    "extract.json": "extract/rows/extract.json",
    "ledger.json": "preprocess/parts/ledger.json",
    "split.json": "preprocess/parts/split.json",
    "rejected.parquet": "preprocess/parts/rejected.parquet",
    "test.parquet": "preprocess/parts/test.parquet",
    "bundle": "train/trained/bundle",
    "training.json": "train/trained/training.json",
    "baselines.json": "train/trained/baselines.json",
    "verdict.json": "evaluate/evaluation/verdict.json",
    "metrics.json": "evaluate/evaluation/metrics.json",
    "report.html": "evaluate/evaluation/report.html",
    "image.json": "build-image/image",
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
