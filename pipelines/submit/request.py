"""The arguments of a submission, all looked at before anything is compiled or sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from model.errors import Problem
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


@dataclass(frozen=True)
class SubmitArguments:
    """As they stand on the command line; empty is without a value. `parameters` are NAME=VALUE; `commit` is None where
    there is no git; `target` is the service that runs it."""

    pipeline: PipelineArguments
    commit: str | None
    target: str = "kfp"
    allow_dirty: bool = False
    experiment: str = ""
    end: str = ""
    parameters: tuple[str, ...] = ()


def read_run_request(args: SubmitArguments, mistakes: Sequence[Problem] = ()) -> RunRequest:
    """The compiled pipeline with the parameters of a run. Raises UsageError with every problem of the arguments,
    SpecError and ClusterError as `read_pipeline_settings`, and CompiledPipelineError."""
    problems = [*mistakes, *_problems(args)]
    settings = read_pipeline_settings(args.pipeline, problems)
    pipeline = CompiledPipeline(_compile(settings, args.target))
    texts = dict(text.split("=", 1) for text in args.parameters)
    values = pipeline.values({**texts, **({"end": args.end} if args.end else {})})
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
        if not re.match(r"[A-Za-z_]\w*=", text)
    ]
    named = {"END": args.end} | {f"--set {text}": text[4:] for text in args.parameters if text.startswith("end=")}
    problems += [
        Problem(where, f"{text!r} {NO_DAY}", f"Write it like {EXAMPLE}", "end-unreadable")
        for where, text in named.items()
        if text and end_day(text) is None
    ]
    if (problem := dirty_problem(args.commit, allow_dirty=args.allow_dirty)) is not None:
        problems.append(problem)
    return problems
