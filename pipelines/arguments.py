"""The arguments of a run, all looked at before anything starts: what is wrong is told at once, with the way out."""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import joblib

from model.command_line import CommandLine, UsageError
from model.errors import KamadoError, Problem, SpecError
from model.spec.reader import read_spec
from model.spec.types import Spec
from model.spec.values import FIRST_END
from pipelines.local.run_dir import Output

ROOT = Path(__file__).resolve().parents[1]
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
COUNT = re.compile(r"0*[1-9][0-9]{0,8}")
PLACES = ("registry:", "ecr:")
# KFP's runner puts values of its own in the place of these, also in the middle of a path.
PLACEHOLDERS = ("{{$", "/kfp-workspace")
AHEAD = timedelta(days=1)  # the gate lets a model pass that ends two days ahead, and a run may last over midnight


@dataclass(frozen=True)
class DataRequest:
    """A spec and the rows to read for it.

    `source` is None where the example simulates its own tables, in the folder `sample`.
    """

    folder: Path
    spec: Spec
    source: str | None
    sample: Path
    end: date
    output: Output


@dataclass(frozen=True)
class TrainingRequest:
    """What one training run does; places are written so that they mean the same in every folder."""

    data: DataRequest
    trials: int
    minutes: float
    base: str
    champion: str
    threads: int


def command_line(program: str, description: str | None) -> CommandLine:
    """The options that every command over a spec has."""
    parser = CommandLine(prog=f"python -m {program}", description=description)
    add = parser.add_argument
    add("--spec", default="examples/rental_portal", metavar="FOLDER", help="folder with spec.yaml and its SQL")
    add("--data", default="", metavar="FOLDER", help="folder of tables; an example that simulates its data needs none")
    add("--bigquery", default="", metavar="PROJECT[.DATASET]@LOCATION", help="read from BigQuery in place of --data")
    add("--out", default="out", metavar="FOLDER", help="folder of results; default: out")
    add("--end", default="", metavar="DAY", help="end of the window, exclusive, as 2026-07-01; default: the spec's")
    add("--json", action="store_true", help="print the outcome, also a refusal, as one JSON object")
    return parser


def add_training(parser: CommandLine) -> None:
    add = parser.add_argument
    add("--trials", default="", metavar="NUMBER", help="budget of the search, in place of the spec's")
    add("--minutes", default="", metavar="NUMBER", help="safety stop of the search, in place of the spec's")
    add("--base", default="", metavar="IMAGE", help="server base image; default: built from Debian packages")
    add("--champion", default="", metavar="BUNDLE|PLACE", help="model in service, to be beaten")


def read_data_request(args: argparse.Namespace, unknown: Sequence[Problem], *, results: str = ".") -> DataRequest:
    """`results` is the folder in OUT for what the command writes.

    Raises UsageError with every problem of the arguments, and SpecError where the spec alone is wrong.
    """
    reader = _Reader(args, unknown)
    spec = reader.spec()
    request = reader.data(spec, results)
    return reader.whole(request)


def read_training_request(
    args: argparse.Namespace, unknown: Sequence[Problem], environ: Mapping[str, str]
) -> TrainingRequest:
    """As `read_data_request`. Images, models and keys that are named are looked at where they are."""
    reader = _Reader(args, unknown)
    spec = reader.spec()
    data, trials, minutes = reader.data(spec, "."), reader.trials(), reader.minutes()
    base, champion = reader.base(environ), reader.champion(spec, environ)
    reader.look_at_keys(environ)
    data = reader.whole(data)
    return TrainingRequest(
        data,
        trials or data.spec.training.trials,
        float(minutes or data.spec.training.minutes),  # KFP tells 10 from 10.0
        base,
        champion,
        joblib.cpu_count(),  # those that this process may use, limits of a container included
    )


class _Reader:
    """Reads one argument after the other and keeps the problems of all."""

    def __init__(self, args: argparse.Namespace, unknown: Sequence[Problem]) -> None:
        self.args = args
        self.problems, self.spec_problems = list(unknown), list[Problem]()

    def whole(self, request: DataRequest | None) -> DataRequest:
        """The request, once nothing is wrong."""
        if self.problems:
            raise UsageError(*self.problems, *self.spec_problems)
        if self.spec_problems:
            raise SpecError(*self.spec_problems)
        assert request is not None  # without a spec there is a problem
        return request

    def data(self, spec: Spec | None, results: str) -> DataRequest | None:
        end, source, output = self._end(spec), self._source(spec), self._output(results)
        if spec is None:
            return None
        sample = Path(self.args.out).absolute() / "sample"
        return DataRequest(self.folder, spec, source, sample, end, output)

    @property
    def folder(self) -> Path:
        return Path(self.args.spec)

    def _add(self, where: str, found: str, hint: str, code: str) -> None:
        self.problems.append(Problem(where, found, hint, code))

    def spec(self) -> Spec | None:
        folder = self.folder
        if not self.args.spec or not (folder.is_dir() or folder.is_file()):
            found = "is not there" if self.args.spec else "is empty"
            self._add(f"SPEC={folder}", found, "Name a folder with spec.yaml and its SQL", "spec-missing")
            return None
        try:
            return read_spec(folder)
        except SpecError as refusal:
            self.spec_problems.extend(refusal.problems)
            return None

    def _end(self, spec: Spec | None) -> date:
        """END, else the spec's, else today. The gate would refuse a model of the future, once it is trained."""
        today = _today()
        named, where = self._named_end(), "END"
        if named is None and spec is not None and spec.source.end is not None:
            named, where = spec.source.end, "source.end"
        if named is not None and named > today + AHEAD:
            hint = f"Name a day that has come, for example {today}: the window ends before it begins"
            self._add(where, f"is {named}, which lies in the future", hint, "end-future")
        return named or today

    def _named_end(self) -> date | None:
        text = self.args.end
        try:
            day = date.fromisoformat(text) if DAY.fullmatch(text) else date.min
        except ValueError:
            day = date.min
        if text and day < FIRST_END:
            problem = f"{text!r} is not a day since {FIRST_END.year}"
            self._add("END", problem, "Write it like 2026-07-01", "end-unreadable")
        return day if text else None

    def _source(self, spec: Spec | None) -> str | None:
        """Where extract reads; None for an example that has a simulator of its own and was given no data."""
        args, folder = self.args, self.folder
        if args.bigquery and args.data:
            hint = "Name one of them: rows come from one place"
            self._add("--bigquery and DATA", "are both given", hint, "data-twice")
            return None
        if not args.bigquery and not args.data:
            if folder.is_dir() and not simulator(folder):
                hint = f"Try: make run SPEC={folder} DATA=<folder of its tables>"
                self._add("DATA", "is not given", hint, "data-missing")
            return None
        if args.bigquery:
            return self._bigquery(f"bigquery:{args.bigquery}", spec)
        data = Path(args.data)
        if self._is_plain("DATA", args.data) and not data.is_dir():
            found = "is not a folder" if data.exists() else "is not there"
            self._add(f"DATA={data}", found, "Name the folder that holds the SQL's tables as files", "data-missing")
        return f"duckdb:{data.absolute()}"

    def _bigquery(self, source: str, spec: Spec | None) -> str:
        from components.extract.sources.open import open_source  # takes a second to import, as the next two do

        limit = spec.source.max_bytes_billed if spec else 1
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
        strange = [sign for sign in (*"*?[]", *PLACEHOLDERS) if sign in path]
        if strange:
            found = f"has {' '.join(strange)} in its path, which is read as a pattern"
            hint = "Name a folder without * ? [ ] {{$ and /kfp-workspace in its whole path"
            self._add(f"{name}={folder}", found, hint, "path-pattern")
        return not strange

    def trials(self) -> int | None:
        text = self.args.trials
        if text and not COUNT.fullmatch(text):
            found = f"{text!r} is not a whole number above 0"
            self._add("TRIALS", found, "Write it like 60", "trials-unreadable")
            return None
        return int(text) if text else None

    def minutes(self) -> float | None:
        text = self.args.minutes
        try:
            value = float(text or 1)
        except ValueError:
            value = 0.0
        if not 0 < value < float("inf"):
            found = f"{text!r} is not a number of minutes above 0"
            self._add("MINUTES", found, "Write it like 10", "minutes-unreadable")
        return value if text else None

    def base(self, environ: Mapping[str, str]) -> str:
        base = absolute(self.args.base)
        if base and self._is_literal("BASE_IMAGE", base):
            from components.build_image.check import refuse_missing_base

            self._look(lambda: refuse_missing_base(base, environ))
        return base

    def champion(self, spec: Spec | None, environ: Mapping[str, str]) -> str:
        champion = self.args.champion
        champion = absolute(champion) if champion.startswith(("oci:", *PLACES)) or not champion else _path(champion)
        if champion and self._is_literal("CHAMPION", champion):
            from components.champion.check import refuse_missing_champion

            self._look(lambda: refuse_missing_champion(champion, spec.model if spec else "any", environ))
        return champion

    def look_at_keys(self, environ: Mapping[str, str]) -> None:
        if any(environ.get(name) for name in ("KAMADO_SIGNING_KEY", "KAMADO_REQUIRE_KEY")):
            from components.build_image.check import refuse_wrong_keys

            self._look(lambda: refuse_wrong_keys(environ))

    def _is_literal(self, name: str, text: str) -> bool:
        strange = [sign for sign in PLACEHOLDERS if sign in text]
        if strange:
            found = f"holds {' '.join(strange)}, which the runner replaces"
            self._add(f"{name}={text}", found, "Name it without", "path-pattern")
        return not strange

    def _look(self, check: Callable[[], object]) -> None:
        try:
            check()
        except KamadoError as refusal:
            self.problems.extend(refusal.problems)


def simulator(folder: Path) -> str | None:
    """The module of this checkout that makes an example's tables: `examples.rental_portal`."""
    if not (folder / "__main__.py").is_file() or not folder.resolve().is_relative_to(ROOT):
        return None
    return ".".join(folder.resolve().relative_to(ROOT).parts)


def absolute(place: str) -> str:
    """Steps run in folders of their own: what is named on this machine's disk is named in full."""
    scheme, colon, rest = place.partition(":")
    return f"oci:{Path(rest).absolute()}" if colon and scheme == "oci" else place


def _path(folder: str) -> str:
    return str(Path(folder).absolute())


def _today() -> date:
    """The clock is read here and nowhere below."""
    return datetime.now(UTC).date()
