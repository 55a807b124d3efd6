"""The arguments of a run, all looked at before anything starts: every problem is reported at once, with a hint."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from model.digest import digest_problem
from model.errors import KamadoError, Problem, SpecError, UsageError
from model.spec.end_day import AHEAD, EXAMPLE, NO_DAY, end_day
from model.spec.reader import read_spec
from model.spec.types import Spec
from model.spec.values import BIGQUERY
from pipelines.local.run_dir import Output
from pipelines.request import DataRequest, Overrides, TrainingRequest

if TYPE_CHECKING:
    from pipelines.local.steps_image import StepsImage

SIMULATED = Path(__file__).resolve().parents[1] / "examples" / "rental_portal"
RUNNERS = ("subprocess", "docker")
COUNT = re.compile(r"0*[1-9][0-9]{0,8}")
# KFP's runner puts values of its own in the place of these, also in the middle of a path.
PLACEHOLDERS = ("{{$", "/kfp-workspace")
MOST_BUDGET = 10**6  # trials or minutes, as in a spec


@dataclass(frozen=True)
class DataArguments:
    """As they stand on the command line; empty is without a value."""

    spec: str = "examples/rental_portal"
    data: str = ""
    bigquery: str = ""
    out: str = "out"
    end: str = ""


@dataclass(frozen=True)
class TrainingArguments(DataArguments):
    trials: str = ""
    minutes: str = ""
    base: str = ""
    champion: str = ""
    runner: str = RUNNERS[0]
    steps_image: str = ""


def read_data_request(args: DataArguments, mistakes: Sequence[Problem] = (), *, results: str = ".") -> DataRequest:
    """`results` is the folder in OUT for what the command writes; `mistakes` are those of the command line.

    Raises UsageError with every problem of the arguments, and SpecError where the spec alone is wrong.
    """
    reader = _Reader(args, mistakes)
    spec = reader.spec()
    return reader.checked(reader.data(spec, results), Overrides())


def read_training_request(
    args: TrainingArguments, mistakes: Sequence[Problem], environ: Mapping[str, str]
) -> TrainingRequest:
    """As `read_data_request`. Images, models and keys that are named are looked at where they are."""
    reader = _Reader(args, mistakes)
    spec = reader.spec()
    data = reader.data(spec, ".")
    overrides = Overrides(trials=reader.trials(args.trials), minutes=reader.minutes(args.minutes))
    base, champion = reader.base(args.base, environ), reader.champion(args.champion, spec, environ)
    reader.look_at_keys(environ)
    image = reader.image(args.runner, args.steps_image)
    from joblib import cpu_count  # imports numpy, which nothing else here needs

    threads = cpu_count()  # those that this process may use, limits of a container included
    return TrainingRequest(reader.checked(data, overrides), base, champion, threads, image)


class _Reader:
    """Reads one argument after the other and keeps the problems of all."""

    def __init__(self, args: DataArguments, mistakes: Sequence[Problem]) -> None:
        self.args = args
        self.problems, self.spec_problems = list(mistakes), list[Problem]()

    def checked(self, request: DataRequest | None, overrides: Overrides) -> DataRequest:
        """The request with the overrides in its spec, once nothing is wrong."""
        if self.problems:
            raise UsageError(*self.problems, *self.spec_problems)
        if self.spec_problems:
            raise SpecError(*self.spec_problems)
        assert request is not None  # without a spec there is a problem
        end = request.end if self.args.end else None  # the default of today is no part of the spec
        return replace(request, spec=replace(overrides, end=end).applied(request.spec))

    def data(self, spec: Spec | None, results: str) -> DataRequest | None:
        end, source, output = self._end(spec), self._source(spec), self._output(results)
        if spec is None:
            return None
        sample = Path(self.args.out).absolute() / "sample"
        return DataRequest(self.folder, spec, source, sample, end, output)

    @property
    def folder(self) -> Path:
        return Path(self.args.spec)

    def _add(self, where: str, problem: str, hint: str, code: str) -> None:
        self.problems.append(Problem(where, problem, hint, code))

    def spec(self) -> Spec | None:
        folder = self.folder
        if not self.args.spec or not (folder.is_dir() or folder.is_file()):
            problem = "is not there" if self.args.spec else "is empty"
            self._add(f"SPEC={folder}", problem, "Name a folder with spec.yaml and its SQL", "spec-missing")
            return None
        try:
            return read_spec(folder)
        except SpecError as refusal:
            self.spec_problems.extend(refusal.problems)
            return None

    def _end(self, spec: Spec | None) -> date:
        """END, else the spec's, else today. The gate would refuse a model of the future, once it is trained."""
        today = _today()
        end, where = self._named_end(), "END"
        if end is None and spec is not None and spec.source.end is not None:
            end, where = spec.source.end, "source.end"
        if end is not None and end > today + AHEAD:
            hint = f"Name a day in the past, for example {today}"
            self._add(where, f"is {end}, which lies in the future", hint, "end-future")
        return end or today

    def _named_end(self) -> date | None:
        text = self.args.end
        day = end_day(text)
        if text and day is None:
            self._add("END", f"{text!r} {NO_DAY}", f"Write it like {EXAMPLE}", "end-unreadable")
        return day

    def _source(self, spec: Spec | None) -> str | None:
        """Where extract reads; None for an example with a simulator of its own, without data."""
        args, folder = self.args, self.folder
        if args.bigquery and args.data:
            hint = "Name one of them"
            self._add("BIGQUERY and DATA", "cannot be used together", hint, "data-twice")
            return None
        bigquery = args.bigquery or ("" if args.data or spec is None else spec.source.bigquery)
        if not bigquery and not args.data:
            if folder.is_dir() and not has_simulator(folder):
                hint = f"Try: make run SPEC={folder} DATA=<folder of its tables>, or BIGQUERY=PROJECT.DATASET@LOCATION"
                self._add("DATA", "is missing", hint, "data-missing")
            return None
        if bigquery:
            return self._bigquery(bigquery, spec)
        data = Path(args.data)
        if self._is_plain("DATA", args.data) and not data.is_dir():
            problem = "is not a folder" if data.exists() else "is not there"
            self._add(f"DATA={data}", problem, "Name the folder that holds the SQL's tables as files", "data-missing")
        return f"duckdb:{data.absolute()}"

    def _bigquery(self, address: str, spec: Spec | None) -> str | None:
        if not re.fullmatch(BIGQUERY, address):
            hint = "Write it as PROJECT[.DATASET]@LOCATION, for example my-project@EU"
            self._add("BIGQUERY", f"is {address!r}", hint, "source-unknown")
            return None
        from components.extract.sources.open import open_source  # takes a second to import, as the next two do

        limit = spec.source.max_bytes_billed if spec else 1
        source = f"bigquery:{address}"
        self._look(lambda: open_source(source, max_bytes_billed=limit))
        return source

    def _output(self, results: str) -> Output:
        if not self.args.out:
            self._add("OUT", "is empty", "Name a folder, for example out", "out-unwritable")
        output = Output(Path(self.args.out or "out") / results)
        if self._is_plain("OUT", self.args.out):
            self.problems.extend(output.problems())
        return output

    def _is_plain(self, name: str, folder: str) -> bool:
        """Readers of Parquet see a pattern of names where a path holds * ? [ or ]."""
        path = str(Path(folder).absolute())
        patterns = [pattern for pattern in (*"*?[]", *PLACEHOLDERS) if pattern in path]
        if patterns:
            problem = f"has {' '.join(patterns)} in its path, which is read as a pattern"
            hint = "Name a folder without * ? [ ] {{$ and /kfp-workspace in its whole path"
            self._add(f"{name}={folder}", problem, hint, "path-pattern")
        return not patterns

    def trials(self, text: str) -> int | None:
        if text and not (COUNT.fullmatch(text) and int(text) <= MOST_BUDGET):
            problem = f"{text!r} is not a whole number from 1 to {MOST_BUDGET:,}"
            self._add("TRIALS", problem, "Write it like 60", "trials-unreadable")
            return None
        return int(text) if text else None

    def minutes(self, text: str) -> float | None:
        try:
            value = float(text or 1)
        except ValueError:
            value = 0.0
        if not 0 < value <= MOST_BUDGET:
            problem = f"{text!r} is not a number of minutes above 0, and at most {MOST_BUDGET:,}"
            self._add("MINUTES", problem, "Write it like 10", "minutes-unreadable")
        return value if text else None

    def base(self, reference: str, environ: Mapping[str, str]) -> str:
        base = absolute(reference)
        if base and self._is_literal("BASE_IMAGE", base):
            from components.resolve.checks import refuse_missing_base

            self._look(lambda: refuse_missing_base(base, environ))
        return base

    def champion(self, name: str, spec: Spec | None, environ: Mapping[str, str]) -> str:
        from components.resolve.forms import names_store

        champion = absolute(name) if names_store(name) or not name else str(Path(name).absolute())
        if champion and self._is_literal("CHAMPION", champion):
            from components.resolve.champion import refuse_missing_champion

            self._look(lambda: refuse_missing_champion(champion, spec.model if spec else "any", environ))
        return champion

    def image(self, runner: str, name: str) -> "StepsImage | None":
        """That of the steps, in the container engine; None where they are processes."""
        if runner not in RUNNERS:
            self._add("RUNNER", f"is {runner!r}", f"Use {' or '.join(RUNNERS)}", "runner-unknown")
        if runner != "docker":
            return None  # also with a name, which may be in the environment for a cluster
        if name and (problem := digest_problem("STEPS_IMAGE", name)):
            self.problems.extend([problem])
            return None
        from pipelines.local.steps_image import StepsImage

        try:
            return StepsImage.look_up(name)
        except KamadoError as refusal:
            self.problems.extend(refusal.problems)
            return None

    def look_at_keys(self, environ: Mapping[str, str]) -> None:
        if any(environ.get(name) for name in ("KAMADO_SIGNING_KEY", "KAMADO_REQUIRE_KEY")):
            from components.resolve.checks import refuse_wrong_keys

            self._look(lambda: refuse_wrong_keys(environ))

    def _is_literal(self, name: str, text: str) -> bool:
        placeholders = [placeholder for placeholder in PLACEHOLDERS if placeholder in text]
        if placeholders:
            problem = f"holds {' '.join(placeholders)}, which the runner replaces"
            self._add(f"{name}={text}", problem, "Name it without", "path-pattern")
        return not placeholders

    def _look(self, check: Callable[[], object]) -> None:
        try:
            check()
        except KamadoError as refusal:
            self.problems.extend(refusal.problems)


def has_simulator(folder: Path) -> bool:
    """Whether the folder is that of the example whose tables `kamado simulate` makes."""
    return folder.resolve() == SIMULATED


def absolute(store: str) -> str:
    """Steps run in folders of their own: a folder on this machine is named by its absolute path."""
    scheme, colon, path = store.partition(":")
    return f"oci:{Path(path).absolute()}" if colon and scheme == "oci" else store


def _today() -> date:
    """The clock is read here and nowhere below."""
    return datetime.now(UTC).date()
