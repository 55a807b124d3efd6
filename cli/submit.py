"""Verbs over runs of a cluster: submit, schedule, runs, retry, stop."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.options import pipeline_options
from cli.outcome import Done, VerbResult
from cli.types import RunId, WholeNumber
from cli.verb import Call, Verb
from model.errors import Problem, UsageError
from model.exit_codes import DONE
from model.text import printable
from pipelines.submit.open_service import TARGETS

if TYPE_CHECKING:
    from pipelines.submit.outcome import FinishedRun
    from pipelines.submit.service import PipelineService, Run, RunRequest

T = TypeVar("T")
GOES_ON = "a run that was started goes on"
TARGET = click.option(
    "--target", default=TARGETS[0], metavar="|".join(TARGETS), help="Service that runs it; default: kfp."
)
WAIT = click.option("--wait", is_flag=True, help="Follow the run; the exit code is then the run's own.")
RETRY_ONCE = 1
RETRIES = click.option(
    "--retries",
    type=WholeNumber(0, 3, example=1),
    default=None,
    metavar="NUMBER",
    help="With --wait, run the failed steps of a run that no refusal ended again, so often; default: 1.",
)
RUN = click.argument("run_id", metavar="RUN", type=RunId())


def submit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every verb that submits."""
    for option in reversed(
        (
            click.option("--experiment", default="", metavar="NAME", help="Default: the pipeline's name."),
            click.option(
                "--set", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the pipeline."
            ),
            click.option(
                "--allow-dirty", is_flag=True, help="Submit changes that are in no commit; the version is marked."
            ),
            TARGET,
        )
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class RunListing:
    """Runs of a pipeline, newest first; `newest` is the end of the first one where it trained several models."""

    pipeline: str
    runs: Sequence["Run"]
    newest: "FinishedRun | None" = None
    exit_code: int = DONE

    def for_programs(self) -> object:
        from pipelines.submit.outcome import run_document

        return [run_document(run) for run in self.runs]

    def show(self, console: Any) -> None:
        if not self.runs:
            console.print(printable(f"{self.pipeline} has no runs; make pipeline-submit starts one"), markup=False)
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(
            "run", "name", "state", "created (UTC)", "ended (UTC)", title=printable(self.pipeline), title_justify="left"
        )
        for run in self.runs:
            times = [moment.strftime("%Y-%m-%d %H:%M") if moment else "" for moment in (run.created, run.ended)]
            table.add_row(run.id, printable(run.name), run.state, *times)
        # Ids are there to be copied: a table that is wider than the terminal, or than none, is not cut.
        Console(markup=False, emoji=False, highlight=False, width=200).print(table)
        if self.newest is not None:
            self.newest.show(console)


@click.command("submit", cls=Verb, collects_mistakes=True, unchanged=GOES_ON)
@pipeline_options
@click.option("--end", default="", metavar="DAY", help="End of the window, exclusive; default: the spec's, else today.")
@submit_options
@WAIT
@RETRIES
def submit(call: Call, target: str, wait: bool, retries: int | None = None, **arguments: Any) -> VerbResult:
    """Compile the pipeline of one model, or of several, and run it on a cluster.

    With --wait the exit code is the run's own: 0 promoted, 3 held or too little data, 1 refused, rejected or failed.
    Ctrl-C stops watching; the run goes on.
    """
    service, request = _read(call, target, [*call.mistakes, *_unwatched(wait, retries)], **arguments)
    run = service.submit(request)
    if wait:
        return _followed(call, service, run, retries)
    return _started(run, f"submitted {run.name}: version {request.package.version} of {request.package.pipeline}")


@click.command("schedule", cls=Verb, collects_mistakes=True, unchanged=GOES_ON)
@pipeline_options
@submit_options
@click.option("--cron", default="", metavar="EXPRESSION", help="5 fields, in UTC: '0 18 * * 1-5'.")
@click.option("--name", default="", metavar="NAME", help="Of the schedule, which it replaces; default: the pipeline's.")
@click.option("--catch-up", is_flag=True, help="Make up for times at which the service was down.")
@click.option(
    "--backfill", default="", metavar="FROM..TO", help="Also run now for the schedule's days between two days."
)
def schedule(call: Call, target: str, cron: str, name: str, catch_up: bool, backfill: str, **arguments: Any) -> Done:
    """Run the pipeline at the times of a cron expression.

    The same command again changes nothing; another one under the same name replaces the schedule.
    """
    from dataclasses import asdict
    from datetime import UTC, datetime

    from pipelines.submit.cron import Times
    from pipelines.submit.outcome import run_document
    from pipelines.submit.request import fixed_end_problems, on_day, submit_missing
    from pipelines.submit.service import ScheduleRequest

    now = datetime.now(UTC)
    mistakes = [*call.mistakes, *fixed_end_problems(arguments["parameters"])]
    times = _or_mistakes(mistakes, lambda: Times.read(cron, backfill, now.date()))
    service, request = _read(call, target, mistakes, recurring=True, **arguments)
    assert times is not None  # else there is a mistake
    answer = service.schedule(
        ScheduleRequest(name or request.package.pipeline, times.cron.text, request, catch_up=catch_up)
    )
    following = times.cron.after(now).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"{answer.change} the schedule {answer.name}: {answer.cron}, next at {following}",
        f"schedule {answer.link}",
    ]
    past = submit_missing(service, [on_day(request, day) for day in times.days])
    lines += [f"submitted {run.name}: {run.link}" for run in past.started]
    if past.before:
        counted = f"{len(past.before)} of {len(times.days)} days have a run already"
        lines.append(f"{counted}; make pipeline-submit END=… runs one again")
    lines += [f"{run.name} has failed: make pipeline-retry RUN={run.id}" for run in past.failed]
    document = {"outcome": "scheduled", "exit_code": DONE, **asdict(answer), "next": following}
    document |= {"runs": [run_document(run) for run in past.started]}
    document |= {"failed": [run_document(run) for run in past.failed]}
    return Done(document, tuple(lines))


@click.command("runs", cls=Verb)
@click.argument("model")
@click.option(
    "--newest", type=WholeNumber(1, 1000, example=20), default=20, metavar="NUMBER", help="List this many; default: 20."
)
@TARGET
def runs(call: Call, model: str, newest: int, target: str) -> RunListing:
    """List the runs of a model on a cluster, newest first.

    Those of several models are under `fleet`, with the outcome of every model of the newest one.
    """
    from pipelines.graph_settings import FLEET
    from pipelines.submit.open_service import open_service
    from pipelines.submit.outcome import finish
    from pipelines.submit.service import SubmitError

    pipeline, service = f"kamado-{model}", open_service(target, call.environ)
    listing = service.runs(pipeline, newest)
    if model != FLEET or not listing or not listing[0].has_ended:
        return RunListing(pipeline, listing)
    with suppress(SubmitError):  # the listing is there without it
        return RunListing(pipeline, listing, finish(service, service.run(listing[0].id)))
    return RunListing(pipeline, listing)


@click.command("retry", cls=Verb, unchanged=GOES_ON)
@RUN
@TARGET
@WAIT
@RETRIES
def retry(call: Call, run_id: str, target: str, wait: bool, retries: int | None) -> VerbResult:
    """Run the failed steps of a run again.

    A run that ended with a refusal or a rejected model is not run again: it would come to the same end.
    """
    from pipelines.submit.open_service import open_service
    from pipelines.submit.outcome import finish, refuse_retry

    if problems := _unwatched(wait, retries):
        raise UsageError(*problems)
    service = open_service(target, call.environ)
    run = service.run(run_id)
    if run.has_ended:
        refuse_retry(finish(service, run))
    service.retry(run_id)
    run = service.run(run_id)
    return _followed(call, service, run, retries) if wait else _started(run, f"retried {run.name}")


@click.command("stop", cls=Verb)
@RUN
@TARGET
def stop(call: Call, run_id: str, target: str) -> Done:
    """Stop a run on a cluster."""
    from pipelines.submit.open_service import open_service

    service = open_service(target, call.environ)
    service.stop(run_id)
    return _started(service.run(run_id), "asked the run to stop")


def _read(call: Call, target: str, mistakes: list[Problem], **arguments: Any) -> "tuple[PipelineService, RunRequest]":
    """The service and what it is to run, with the problems of both at once."""
    from build.settings import git_commit
    from pipelines.cluster.request import PipelineArguments, spec_files
    from pipelines.submit.open_service import open_service
    from pipelines.submit.request import SubmitArguments, read_run_request

    service = _or_mistakes(mistakes, lambda: open_service(target, call.environ))
    names = ("experiment", "allow_dirty", "parameters", "end", "recurring")
    own = {name: arguments.pop(name) for name in names if name in arguments}
    pipeline = PipelineArguments(**arguments)
    commit = git_commit(call.environ, spec_files(pipeline))
    request = read_run_request(SubmitArguments(pipeline, commit, target=target, **own), mistakes)
    assert service is not None  # else there is a mistake
    return service, request


def _or_mistakes(mistakes: list[Problem], read: Callable[[], T]) -> T | None:
    """What `read` gives; its problems are added to the mistakes."""
    try:
        return read()
    except UsageError as refusal:
        mistakes += refusal.problems
        return None


def _started(run: "Run", line: str) -> Done:
    from pipelines.submit.outcome import run_document

    document = {"outcome": "submitted", "exit_code": DONE, "run": run_document(run)}
    return Done(document, (line, f"run {run.link}"))


def _unwatched(wait: bool, retries: int | None) -> list[Problem]:
    if wait or retries is None:
        return []
    hint = "Add --wait, or leave it out: make pipeline-retry runs a failed run again"
    return [Problem("--retries", "needs somebody who follows the run", hint, "retries-unwatched")]


def _followed(call: Call, service: "PipelineService", run: "Run", retries: int | None) -> VerbResult:
    from pipelines.submit.outcome import follow

    call.report(f"run {run.link}")
    most = RETRY_ONCE if retries is None else retries
    return follow(service, run, call.console, retries=most, report=call.report)
