"""The arguments of a submission, all looked at before anything is compiled or sent."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from model.errors import Problem, UsageError
from model.spec.end_day import EXAMPLE, NO_DAY, end_day
from pipelines.cluster.compiled import check_compiled
from pipelines.cluster.request import PipelineArguments, read_pipeline_settings
from pipelines.cluster.settings import ClusterSettings
from pipelines.cluster.write import compiled, compiled_for_vertex
from pipelines.fleet import fleet
from pipelines.graph_settings import FLEET, FleetSettings, GraphSettings
from pipelines.submit.package import CompiledPipeline, dirty_problem
from pipelines.submit.service import PipelineService, Run, RunRequest, SubmitError
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
    if args.target == "vertex":
        _refuse_lost_settings(settings, args.pipeline.cluster)
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


@dataclass(frozen=True)
class Backfill:
    """The runs of the days of a schedule that have passed: those that were started, and the newest of each other day,
    which was there `before`."""

    started: tuple[Run, ...] = ()
    before: tuple[Run, ...] = ()

    @property
    def failed(self) -> tuple[Run, ...]:
        return tuple(run for run in self.before if run.state == "failed")


def submit_missing(service: PipelineService, requests: Sequence[RunRequest]) -> Backfill:
    """Start the runs of which the pipeline has none of the same name yet. Raises SubmitError that names what was left
    out, where the service refuses one or does not answer any more."""
    if not requests:
        return Backfill()
    runs = {run.name: run for run in reversed(service.runs(requests[0].package.pipeline, MOST_BEFORE))}
    before = tuple(runs[request.name] for request in requests if request.name in runs)
    missing, started = [request for request in requests if request.name not in runs], list[Run]()
    for index, request in enumerate(missing):
        try:
            started.append(service.submit(request))
        except SubmitError as refusal:
            later = ", ".join(other.name for other in missing[index + 1 :])
            end = f"ended at {request.name}, before {later}" if later else f"ended at {request.name}"
            hint = "Give the same command again once that is solved: days that have a run are left out"
            stopped = Problem("BACKFILL", end, hint, "backfill-stopped")
            raise SubmitError(*refusal.problems, stopped) from refusal
    return Backfill(tuple(started), before)


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


def _refuse_lost_settings(settings: GraphSettings | FleetSettings, file: str) -> None:
    """Raises UsageError for what cluster.yaml asks and no step would get: else images are unsigned, and no message is
    posted, without an error."""
    cluster = (settings if isinstance(settings, GraphSettings) else settings.shared).cluster or ClusterSettings()
    keys = [f"secrets.{name}" for name in cluster.secrets] + ["notification"] * (cluster.notification is not None)
    problem = "is of Kubernetes, and reaches no step on Vertex AI"
    hint = "Leave it out of the file that CLUSTER names for TARGET=vertex; docs/vertex.md has what to do instead"
    problems = [Problem(f"{file} {key}", problem, hint, "vertex-cluster") for key in keys]
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
    problems += _contradictions(args)
    if not args.experiment.isprintable():
        printable_name = "Write a name of letters, digits and signs on one line"
        problems.append(Problem("EXPERIMENT", f"is {args.experiment!r}", printable_name, "experiment-unreadable"))
    if (problem := dirty_problem(args.commit, allow_dirty=args.allow_dirty)) is not None:
        problems.append(problem)
    return problems


def _contradictions(args: SubmitArguments) -> Iterator[Problem]:
    """Of parameters with two values."""
    values = defaultdict[str, dict[str, None]](dict)
    for text in (*args.parameters, *([f"end={args.end}"] if args.end else [])):
        if PARAMETER.match(text):
            name, _, value = text.partition("=")
            values[name][value] = None
    for name, texts in values.items():
        if len(texts) > 1:
            problem = f"has {len(texts)} values: {', '.join(map(repr, texts))}"
            hint = "Name one; END and --set end are the same parameter" if name == "end" else "Name one"
            yield Problem(f"parameter {name}", problem, hint, "parameter-twice")
