"""Verbs over a spec: train a model, look at its data first, draft a spec, open a report."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import spec_options
from cli.outcome import Done, VerbResult
from cli.verb import Call, Verb
from model.errors import KamadoError, Problem

if TYPE_CHECKING:
    from pipelines.findings import Findings
    from pipelines.local.summary import RunSummary


class ReportError(KamadoError):
    heading = "there is no report"


UNCHANGED = "what was in OUT before is unchanged"


@click.command("run", cls=Verb, collects_mistakes=True, unchanged=UNCHANGED)
@spec_options
@click.option("--trials", default="", metavar="NUMBER", help="Budget of the search, in place of the spec's.")
@click.option("--minutes", default="", metavar="NUMBER", help="Safety stop of the search, in place of the spec's.")
@click.option("--base", default="", metavar="IMAGE", help="Server base image; default: built from Debian packages.")
@click.option("--champion", default="", metavar="BUNDLE|STORE", help="Model in service, to be beaten.")
@click.option(
    "--runner", default="subprocess", metavar="subprocess|docker", help="How steps run: as processes or containers."
)
@click.option(
    "--steps-image",
    default="",
    metavar="IMAGE@sha256:…",
    help="Image of the steps, in the engine; default: the last one built here.",
)
def run(call: Call, **arguments: str) -> "RunSummary":
    """Train one model on this machine: logs to image.

    The pipeline is compiled, and the compiled file is what runs. Exit code 0: promoted, and the image is built; 3:
    held, or too little data for a verdict; 1: rejected, invalid, refused or failed.
    """
    from build.settings import cache_folder
    from pipelines.arguments import TrainingArguments, read_training_request
    from pipelines.local.run import train

    request = read_training_request(TrainingArguments(**arguments), call.mistakes, call.environ)
    return train(request, call.console, cache=cache_folder(call.environ))


@click.command("check-spec", cls=Verb, collects_mistakes=True, unchanged=UNCHANGED)
@spec_options
def check_spec(call: Call, **arguments: str) -> "Findings":
    """Look at a spec and its data before any training.

    The first steps of the training pipeline run unchanged. Shows the type of each column, rows, conversions, what was
    rejected, the splits, warnings and problems. Exit code 0: a run would come to training; 1: it would not.
    """
    from pipelines.arguments import DataArguments, read_data_request
    from pipelines.check_spec import check

    # A folder of its own: a check may run beside a training run.
    request = read_data_request(DataArguments(**arguments), call.mistakes, results="check")
    return check(request, call.console)


@click.command("new", cls=Verb, collects_mistakes=True, unchanged="no spec was written")
@click.option("--model", default="", metavar="NAME", help="Name of the model, and of its folder.")
@click.option(
    "--table",
    default="",
    metavar="PATH",
    help="A .parquet, .csv or .csv.gz file, a folder of .parquet files, or PROJECT.DATASET.TABLE.",
)
@click.option(
    "--label", default="", metavar="COLUMN", help="Column that is the conversion; COLUMN=VALUE where it is not 0 or 1."
)
@click.option("--specs", default="specs", metavar="FOLDER", help="Folder in which the model's folder is made.")
def new(call: Call, model: str, table: str, label: str, specs: str) -> VerbResult:
    """Draft a first spec from a table.

    Exit code 0: the spec is written, and a run with it would come to training; 1: the table does not allow one. No file
    is ever overwritten.
    """
    from pipelines.new_model.new_model import new_model

    return new_model(model, table, label, Path(specs or "specs"), call.mistakes, call.console)


@click.command("report", cls=Verb)
@click.option("--out", default="out", metavar="FOLDER", help="Folder of results; default: out.")
def report(call: Call, out: str) -> Done:
    """Open the last run's report; without a screen, print its path."""
    path = (Path(out) / "report.html").absolute()
    if not path.is_file():
        hint = f"Train a model first: kamado run --out {out}"
        raise ReportError(Problem(str(path), "is not there yet", hint, "report-missing"))
    if call.environ.get("DISPLAY") or call.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        import webbrowser

        webbrowser.open(path.as_uri())
    return Done({"report": str(path)}, (str(path),))
