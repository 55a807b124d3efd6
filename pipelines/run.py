"""Train one model on this machine: `python -m pipelines.run --spec FOLDER --data FOLDER --out FOLDER`.

The pipeline is compiled and the compiled file is what runs. Exit code 0: promoted, the image is built; 3: held, or too
little data to tell; 1: rejected, invalid, refused or failed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from model.errors import Fault, OutputRefused, Refused, SpecRefused
from model.spec import Spec, read_spec
from pipelines.compile import ROOT
from pipelines.outcome import Outcome, show
from pipelines.output import Output
from pipelines.process import Interrupted, PipelineProcess
from pipelines.progress import Progress

EXIT = {"promote": 0, "hold": 3, "insufficient-data": 3, "reject": 1, "invalid": 1}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pipelines.run", description=__doc__)
    add = parser.add_argument
    add("--spec", type=Path, default=Path("examples/rental_portal"), help="folder with spec.yaml and its SQL")
    add("--data", type=Path, help="folder of tables; an example that simulates its data needs none")
    add("--bigquery", metavar="PROJECT[.DATASET]@LOCATION", help="read from BigQuery in place of --data")
    add("--out", type=_folder, default=Path("out"), help="folder of results")
    add("--trials", type=_count, help="budget of the search, in place of the spec's")
    add("--minutes", type=_minutes, help="safety stop of the search, in place of the spec's")
    add("--end", type=_day, help="end of the window, exclusive, as 2026-07-01; default: the spec's")
    add("--base", default="", help="server base image; default: built from Debian packages")
    add("--champion", default="", help="model in service, to be beaten: a bundle, or a place with its releases")
    add("--json", action="store_true", help="print the outcome as one JSON object")
    return parser.parse_args()


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("is empty; name a folder, for example out")
    return Path(text)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year < 1970:
        raise argparse.ArgumentTypeError(f"{text!r} is no day since 1970, for example 2026-07-01")
    return day


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0, for example 60")
    return int(text)


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes above 0, for example 10")
    return value


def main() -> int:
    asked = parse()
    console = Console(stderr=asked.json, soft_wrap=True, highlight=False)
    try:
        outcome = train(asked, console)
    except Refused as refusal:
        console.print(str(refusal), style="red", markup=False)
        return 1
    except Interrupted as interruption:
        console.print(str(interruption), style="red", markup=False)
        return 128 + interruption.number
    except KeyboardInterrupt:
        console.print("interrupted; what was in OUT before is untouched", style="red", markup=False)
        return 130
    except OSError as error:
        fault = f"OUT={asked.out}: cannot be written ({error.strerror or error})"
        console.print(f"{fault}. Free some space, or name another folder", style="red", markup=False)
        return 1
    if outcome is None:
        return 1
    if asked.json:
        print(json.dumps(outcome.for_programs()))
    else:
        show(outcome, console)
    return EXIT[outcome.verdict]


def train(asked: argparse.Namespace, console: Console) -> Outcome | None:
    """One run from spec to verdict; None when a step failed, which has then been told."""
    spec = read_spec(asked.spec)
    output = Output(plain("OUT", asked.out))
    with output.locked():
        run = output.new_run()
        parameters = pipeline_parameters(asked, spec, source_of(asked, output, console), output)
        with PipelineProcess(run, parameters) as pipeline, Progress(console) as progress:
            for event in pipeline.events():
                progress.take(event)
        if not collect(run):
            progress.tell_failure(pipeline.log)
            if (run / "verdict.json").exists():
                output.keep(run)
                command = f'.venv/bin/python -m build image "{run / "bundle"}" --verdict "{run / "verdict.json"}"'
                says = "the model was promoted before that and is kept; this makes its image without training again:"
                console.print(f'{says}\n  {command} --to "oci:{output.images}"', markup=False)
            return None
        output.publish(run)
    return Outcome(run, output.root, asked.champion)


def plain(name: str, folder: Path) -> Path:
    """Raises OutputRefused for a name in which readers of Parquet would see a pattern of names."""
    found = sorted(set("*?[]") & set(str(folder.absolute())))
    if found:
        way_out = "Name a folder without * ? [ ] in its whole path"
        raise OutputRefused(
            Fault(f"{name}={folder}", f"has {' '.join(found)} in its path, a pattern of names", way_out)
        )
    return folder


def source_of(asked: argparse.Namespace, output: Output, console: Console) -> str:
    """Where extract reads. An example with a simulator of its own needs no data from the user."""
    if asked.bigquery and asked.data:
        raise SpecRefused(Fault("--bigquery and DATA", "are both given", "Name one of them: rows come from one place"))
    if asked.bigquery:
        return f"bigquery:{asked.bigquery}"
    if asked.data:
        return f"duckdb:{plain('DATA', asked.data).absolute()}"
    if not (asked.spec / "__main__.py").is_file() or not asked.spec.resolve().is_relative_to(ROOT):
        raise SpecRefused(Fault("DATA", "is not given", f"Try: make run SPEC={asked.spec} DATA=<folder of its tables>"))
    simulator = ".".join(asked.spec.resolve().relative_to(ROOT).parts)
    sample = output.root / "sample"
    console.print(f"no DATA given: {simulator} simulates it in {sample}", markup=False)
    done = subprocess.run([sys.executable, "-m", simulator, str(sample)], cwd=ROOT, check=False)
    if done.returncode:
        raise SpecRefused(Fault("DATA", f"could not be simulated by {simulator}", "See its message above"))
    return f"duckdb:{sample / 'data'}"


def pipeline_parameters(asked: argparse.Namespace, spec: Spec, source: str, output: Output) -> dict[str, object]:
    """The compiled pipeline's parameters. The clock is read here and nowhere below."""
    end = asked.end or spec.source.end or datetime.now(UTC).date()
    return {
        "spec": spec.to_json(),
        "source": source,
        "end": end.isoformat(),
        "trials": asked.trials or spec.training.trials,
        "minutes": float(asked.minutes or spec.training.minutes),  # KFP tells 10 from 10.0
        "threads": processors(),
        "destination": f"oci:{output.images}",
        "base": asked.base,
        "champion": absolute(asked.champion),
    }


def processors() -> int:
    """Those that this process may use, where the system says so."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def absolute(champion: str) -> str:
    """Steps run in folders of their own: what is named on this machine's disk is named in full."""
    scheme, colon, rest = champion.partition(":")
    if colon and scheme in ("registry", "ecr"):
        return champion
    if colon and scheme == "oci":
        return f"oci:{Path(rest).absolute()}"
    return str(Path(champion).absolute()) if champion else ""


def collect(run: Path) -> bool:
    """Lay the run's results side by side under their short names; False when it did not come to its end."""
    found = {file: next(run.glob(f"artifacts/*/{place}"), None) for file, place in PLACES.items()}
    verdict = found["verdict.json"]
    if verdict is None:
        return False
    lacks_image = json.loads(verdict.read_text())["verdict"] == "promote" and found["image.json"] is None
    for name, path in found.items():
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
    sys.exit(main())
