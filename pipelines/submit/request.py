"""The arguments of a submission, all looked at before anything is compiled or sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from model.errors import Problem, UsageError
from model.spec.end_day import EXAMPLE, NO_DAY, end_day
from pipelines.cluster.compiled import check_compiled
from pipelines.cluster.request import PipelineArguments, read_pipeline_settings
from pipelines.cluster.write import compiled, compiled_for_vertex
from pipelines.fleet import fleet
from pipelines.graph_settings import FLEET, FleetSettings, GraphSettings
from pipelines.submit.package import CompiledPipeline, dirty_problem
from pipelines.submit.service import PipelineService, Run, RunRequest
from pipelines.training import training

MOST_BEFORE = 1000  # runs that are looked at for those of a backfill
PARAMETER = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True)
class SubmitArguments:
    """As they stand on the command line; empty is without a value. `parameters` are NAME=VALUE; `commit` is None where
    there is no git; `target` is the service that runs it; `recurring` is true of a schedule, whose runs have an end of
    their own."""

    pipeline: PipelineArguments
    commit: str | None
    target: str = "kfp"
    allow_dirty: bool = False
    experiment: str = ""
    end: str = ""
    parameters: tuple[str, ...] = ()
    recurring: bool = False

    @property
    def texts(self) -> dict[str, str]:
        """The parameters of the run that can be read."""
        own = dict(text.split("=", 1) for text in self.parameters if PARAMETER.match(text))
        return {**own, **({"end": self.end} if self.end else {})}


def read_run_request(args: SubmitArguments, mistakes: Sequence[Problem] = ()) -> RunRequest:
    """The compiled pipeline with the parameters of a run. Raises UsageError with every problem of the arguments,
    SpecError and ClusterError as `read_pipeline_settings`, and CompiledPipelineError."""
    problems = [*mistakes, *_problems(args)]
    settings = read_pipeline_settings(args.pipeline, problems)
    if args.recurring:
        _refuse_fixed_end(settings)
    pipeline = CompiledPipeline(_compile(settings, args.target))
    values = pipeline.values(args.texts)
    model = settings.spec.model if isinstance(settings, GraphSettings) else FLEET
    package = pipeline.package(model, args.commit, allow_dirty=args.allow_dirty)
    return RunRequest(
        package,
        run_name(model, args.end or package.version),
        args.experiment or settings.name,
        values,
        _service_account(settings, args.target),
    )


def fixed_end_problems(parameters: Sequence[str]) -> list[Problem]:
    """Of the parameters of a schedule, as NAME=VALUE: with a day of its own each run would have the same window."""
    hint = "Leave it out: the window ends on the day of the schedule. BACKFILL is for days of the past"
    return [
        Problem(f"--set {text}", "gives every run of the schedule the same window", hint, "schedule-end")
        for text in parameters
        if text.startswith("end=") and text != "end="
    ]


def run_name(model: str, moment: str) -> str:
    return f"{model} {moment}"


def on_day(request: RunRequest, day: date) -> RunRequest:
    """The same for another end of the window."""
    name = run_name(request.package.tags["model"], day.isoformat())
    return replace(request, name=name, parameters={**request.parameters, "end": day.isoformat()})


def submit_missing(service: PipelineService, requests: Sequence[RunRequest]) -> list[Run]:
    """The runs that were started: those of which the pipeline has none of the same name yet."""
    if not requests:
        return []
    before = {run.name for run in service.runs(requests[0].package.pipeline, MOST_BEFORE)}
    return [service.submit(request) for request in requests if request.name not in before]


def _refuse_fixed_end(settings: GraphSettings | FleetSettings) -> None:
    """Raises UsageError for each model that would train on the same window for ever."""
    models = (settings,) if isinstance(settings, GraphSettings) else settings.models
    hint = "Remove source.end from the spec: each run then ends on the day for which it is scheduled"
    ends = {model.spec.model: model.spec.source.end for model in models}
    problems = [
        Problem(f"source.end of {model}", f"is {end}, for every run of the schedule", hint, "schedule-end")
        for model, end in ends.items()
        if end is not None
    ]
    if problems:
        raise UsageError(*problems)


def _service_account(settings: GraphSettings | FleetSettings, target: str) -> str:
    """Of Kubernetes; that of Google Cloud is not in cluster.yaml."""
    cluster = (settings if isinstance(settings, GraphSettings) else settings.shared).cluster
    return (cluster.service_account or "") if cluster is not None and target == "kfp" else ""


def _compile(settings: GraphSettings | FleetSettings, target: str) -> str:
    write = compiled_for_vertex if target == "vertex" else compiled
    data = write(training, settings) if isinstance(settings, GraphSettings) else write(fleet, settings)
    check_compiled(data, settings.name)
    return data.decode()


def _problems(args: SubmitArguments) -> list[Problem]:
    problems = [
        Problem(f"--set {text}", "is not NAME=VALUE", "Write it like --set end=2026-07-01", "parameter-unreadable")
        for text in args.parameters
        if not PARAMETER.match(text)
    ]
    named = {"END": args.end} | {f"--set {text}": text[4:] for text in args.parameters if text.startswith("end=")}
    problems += [
        Problem(where, f"{text!r} {NO_DAY}", f"Write it like {EXAMPLE}", "end-unreadable")
        for where, text in named.items()
        if text and end_day(text) is None
    ]
    if not args.experiment.isprintable():
        printable_name = "Write a name of letters, digits and signs on one line"
        problems.append(Problem("EXPERIMENT", f"is {args.experiment!r}", printable_name, "experiment-unreadable"))
    if (problem := dirty_problem(args.commit, allow_dirty=args.allow_dirty)) is not None:
        problems.append(problem)
    return problems
