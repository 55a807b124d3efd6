"""The arguments of a pipeline for a cluster, all looked at before anything is compiled."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from components.load_spec.spec_uri import packed
from components.resolve.forms import address_problem, names_store
from model.digest import digest_problem
from model.errors import KamadoError, Problem, SpecError, UsageError
from model.spec.reader import read_spec
from model.spec.types import Spec
from model.spec.values import BIGQUERY
from pipelines.arguments import PLACEHOLDERS
from pipelines.cluster.read import ClusterError, read_cluster_settings
from pipelines.cluster.settings import ClusterSettings
from pipelines.graph_settings import FLEET, FleetSettings, GraphSettings

STORES = "registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
EXAMPLE = "examples/rental_portal"
NAME_ONE = (
    "Name one: BIGQUERY=PROJECT@LOCATION, or DATA=<folder of tables that the pods mount>; "
    "or source.bigquery in the spec"
)


@dataclass(frozen=True)
class PipelineArguments:
    """As they stand on the command line; empty is without a value. `specs` is None where one model is meant: a list
    that turns out empty is a mistake, and no wish for the example."""

    spec: str = ""
    specs: str | None = None
    image: str = ""
    bigquery: str = ""
    data: str = ""
    base: str = ""
    destination: str = ""
    champion: str = ""
    cluster: str = ""


def read_pipeline_settings(args: PipelineArguments, mistakes: Sequence[Problem] = ()) -> GraphSettings | FleetSettings:
    """What is compiled in: of one model for SPEC, of several for SPECS. Nothing but files of this machine is read.

    Raises UsageError with every problem of the arguments, cluster.yaml and the specs; SpecError or ClusterError where
    these alone are wrong.
    """
    problems = [*mistakes, *_argument_problems(args)]
    cluster, cluster_problems = _cluster(args.cluster)
    folders, folder_problems = _folders(args)
    specs, spec_problems = _specs(folders, several=args.specs is not None)
    problems += _without_source(args, specs, spec_problems)
    if problems or folder_problems:
        raise UsageError(*problems, *folder_problems, *cluster_problems, *spec_problems)
    if cluster_problems:
        raise ClusterError(*cluster_problems, *spec_problems)
    if spec_problems:
        raise SpecError(*spec_problems)
    models = tuple(_settings(args, spec, cluster) for spec in specs)
    if args.specs is None:
        return models[0]
    threads = max(model.threads for model in models)
    return FleetSettings(tuple(replace(model, threads=threads) for model in models))


def spec_files(args: PipelineArguments) -> list[Path]:
    """Every spec.yaml that is named, and the SQL beside it; those alone that are there."""
    folders, _ = _folders(args)
    files = (file for folder in folders for file in (folder / "spec.yaml", *sorted(folder.glob("*.sql"))))
    return [file for file in files if file.is_file()]


def _settings(args: PipelineArguments, spec: Spec, cluster: ClusterSettings) -> GraphSettings:
    return GraphSettings(
        args.image,
        spec,
        packed(spec),
        source=f"duckdb:{args.data}" if args.data else f"bigquery:{args.bigquery or spec.source.bigquery}",
        base=args.base,
        threads=spec.pod("train").threads,
        champion=args.champion,
        destination=args.destination,
        cluster=cluster,
        notify=cluster.notification is not None,
    )


def _argument_problems(args: PipelineArguments) -> Iterator[Problem]:
    if args.spec and args.specs is not None:
        yield Problem("SPEC and SPECS", "cannot be used together", "Name one model, or several", "specs-twice")
    if problem_of_image := digest_problem("STEPS_IMAGE", args.image):
        yield problem_of_image
    if problem_of_base := digest_problem("BASE_IMAGE", args.base, "base-without-digest"):
        yield problem_of_base
    if args.bigquery and args.data:
        yield Problem("BIGQUERY and DATA", "cannot be used together", NAME_ONE, "data-twice")
    if args.bigquery and not re.fullmatch(BIGQUERY, args.bigquery):
        hint = "Write it as PROJECT[.DATASET]@LOCATION, for example my-project@EU"
        yield Problem("BIGQUERY", f"is {args.bigquery!r}", hint, "source-unknown")
    if args.data and not Path(args.data).is_absolute():
        yield Problem("DATA", f"is {args.data!r}", "Write the whole path, as the pods see it", "data-missing")
    elif signs := [sign for sign in (*"*?[]", *PLACEHOLDERS) if sign in args.data]:
        problem = f"has {' '.join(signs)} in it, which is read as a pattern"
        yield Problem(f"DATA={args.data}", problem, "Name a folder without these signs", "path-pattern")
    if not args.destination:
        yield Problem("TO", "is missing", f"Name an image store: {STORES}", "destination-missing")
    elif not args.destination.startswith(("registry://", "ecr://")):
        problem = f"is {args.destination!r}, which a pod loses when it ends or cannot reach"
        yield Problem("TO", problem, f"Name an image store: {STORES}", "destination-pod")
    elif problem_of_form := address_problem(args.destination):
        yield replace(problem_of_form, where=f"TO={problem_of_form.where}")
    yield from _champion_problems(args.champion)


def _without_source(args: PipelineArguments, specs: Sequence[Spec], spec_problems: Sequence[Problem]) -> list[Problem]:
    """A spec may name the project itself; of one that cannot be read nobody knows."""
    models = ", ".join(spec.model for spec in specs if not spec.source.bigquery)
    if args.bigquery or args.data or not (models or spec_problems):
        return []
    of_models = f" for {models}" if args.specs is not None and models else ""
    return [Problem("BIGQUERY and DATA", f"are both missing{of_models}", NAME_ONE, "data-missing")]


def _champion_problems(champion: str) -> Iterator[Problem]:
    """Whether there is such a champion is asked by the run."""
    if names_store(champion):
        if problem := address_problem(champion):
            yield replace(problem, where=f"CHAMPION={problem.where}")
    elif champion and not Path(champion).is_absolute():
        hint = f"Name an image store: {STORES}; or a bundle's folder by its whole path, as the pods see it"
        yield Problem("CHAMPION", f"is {champion!r}", hint, "champion-missing")


def _cluster(path: str) -> tuple[ClusterSettings, tuple[Problem, ...]]:
    try:
        return (read_cluster_settings(Path(path)) if path else ClusterSettings()), ()
    except ClusterError as refusal:
        return ClusterSettings(), refusal.problems


def _folders(args: PipelineArguments) -> tuple[list[Path], list[Problem]]:
    """Of the specs. A folder of specs stands for all in it."""
    if args.specs is None:
        return [Path(args.spec or EXAMPLE)], []
    folders, problems = list[Path](), list[Problem]()
    for word in re.split(r"[,\s]+", args.specs.strip(", \t\n")):
        folder = Path(word)
        inner = sorted(path.parent for path in folder.glob("*/spec.yaml"))
        if word and ((folder / "spec.yaml").exists() or not inner):
            folders.append(folder)
        elif word:
            folders += inner
    if not folders:
        hint = "Name the folders of specs, or one that holds them: SPECS='specs/a specs/b'"
        problems.append(Problem("SPECS", "names no model", hint, "specs-empty"))
    return folders, problems


def _specs(folders: Sequence[Path], *, several: bool) -> tuple[list[Spec], list[Problem]]:
    """Every one is read, however many are wrong."""
    specs, problems, first = list[Spec](), list[Problem](), dict[str, Path]()
    for folder in folders:
        try:
            spec = read_spec(folder)
            packed(spec)
        except KamadoError as refusal:
            problems += [_in(folder, problem) for problem in refusal.problems] if several else refusal.problems
            continue
        specs.append(spec)
        if spec.model == FLEET:
            hint = "Name the model otherwise: runs of several models are listed under this name"
            problems.append(Problem(str(folder), f"is named {FLEET}", hint, "model-reserved"))
        if spec.model in first:
            problem = f"is named {spec.model}, as that in {first[spec.model]}"
            problems.append(Problem(str(folder), problem, "Name each model once", "specs-same-model"))
        first.setdefault(spec.model, folder)
    return specs, problems


def _in(folder: Path, problem: Problem) -> Problem:
    """The message names the folder that the spec is in."""
    if problem.code == "spec-missing":
        hint = "SPECS names folders with spec.yaml and its SQL, or one that holds them, with spaces or commas between"
        return replace(problem, hint=hint)
    where = problem.where if problem.where.startswith(str(folder)) else f"{folder}: {problem.where}"
    return Problem(where, problem.problem, problem.hint, problem.code)
