"""From a table to the folder of a first spec."""

import re
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from model.errors import OutputError, Problem, Problems
from model.files import new_folder
from model.spec.reader import read_spec
from model.spec.values import MODEL
from pipelines.new_model.draft import Draft, Split, sql_of, yaml_of
from pipelines.new_model.kinds import Decision, decide
from pipelines.new_model.label import Wanted, find_label, label_sql
from pipelines.new_model.names import aliases, shown
from pipelines.new_model.profile import PROFILED, Profile, Profiler
from pipelines.new_model.ranges import ranges
from pipelines.new_model.reading import Reader, Time, column_sql
from pipelines.new_model.roles import Roles, find_roles
from pipelines.new_model.table import Table
from pipelines.new_model.trial import settle

TIMES = ("TIMESTAMP", "DATETIME", "DATE", "TIME")
LONGEST_NAME = 60
IDS = "is an id: a model would know it by heart and learn nothing"


def draft_of(
    model: str, table: Table, label: str, *, today: date, progress: Callable[[str], None]
) -> tuple[Draft, int]:
    """The draft, and the conversions in its test part. Raises DataError and SpecError with what is wrong."""
    progress("looking at the columns")
    reader = Reader(table)
    wanted = find_label(label, list(reader.types))
    counts, more = reader.label_values(wanted)
    expression = label_sql(wanted, reader.types[wanted.column], column_sql(wanted.column), counts, more=more)
    time, no_time = reader.time(wanted.column)
    with tempfile.TemporaryDirectory(prefix="kamado-new-") as scratch:
        drafting = _Drafting(reader, wanted, expression, time, no_time, Path(scratch))
        return drafting.draft(model, table, today, progress)


class _Drafting:
    """The decisions about one table, each from the ones before."""

    def __init__(
        self, reader: Reader, wanted: Wanted, expression: str, time: Time | None, no_time: dict[str, str], scratch: Path
    ) -> None:
        self.reader, self.expression, self.time, self.scratch = reader, expression, time, scratch
        self.aliases = aliases(reader.types)
        self.label = self.aliases[wanted.column]
        self.time_alias = self.aliases[time.column] if time else None
        self.left_out = {self.aliases[name]: why for name, why in no_time.items()}

    def draft(self, model: str, table: Table, today: date, progress: Callable[[str], None]) -> tuple[Draft, int]:
        end = self.time.end if self.time else min(_written_on(table.path), today)
        progress("reading the rows")
        profiler, profile = self._profiled(end)
        roles = find_roles(profile)
        features = self._features(profile, roles)
        kinds = {name: str(decision.kind) for name, decision in features.items()}
        key = next((name for name in roles.of_rows(profile) if profiler.identifies(name)), None)
        self.left_out.pop(key or "", None)
        splits = list(_splits(self.time_alias, roles, profile))
        draft = Draft(
            model=model, table=table, profile=profile, names={alias: name for name, alias in self.aliases.items()},
            label=self.label, label_sql=self.expression, time=self.time, time_alias=self.time_alias,
            roles=roles.by_role, features=features, left_out=self.left_out,
            ranges=tuple(ranges(profile, kinds, profiler)), split=splits[0], end=end, key=key,
        )  # fmt: skip
        progress("looking for leaks, and for a way to divide the rows")
        return settle(draft, splits, self.scratch / "rows", self.scratch)

    def _profiled(self, end: date) -> tuple[Profiler, Profile]:
        """Every column that a model could read, under its alias, in files of the scratch folder."""
        selected = {self.label: self.expression}
        if self.time and self.time_alias:
            selected[self.time_alias] = self.time.sql
        names = []
        for name, kind in self.reader.types.items():
            alias = self.aliases[name]
            if alias in selected:
                self.left_out.pop(alias, None)
            elif kind in PROFILED:
                selected[alias] = column_sql(name)
                names.append(alias)
            else:
                self.left_out.setdefault(alias, _no_feature(kind))
        sql = f"SELECT {', '.join(f'{sql} AS `{alias}`' for alias, sql in selected.items())} FROM {self.reader.table}"
        types = self.reader.check(sql, None, datetime.now(UTC))
        self.reader.fetch(sql, end, self.scratch / "rows")
        profiler = Profiler(self.scratch / "rows", self.label, types)
        return profiler, profiler.profile(names)

    def _features(self, profile: Profile, roles: Roles) -> dict[str, Decision]:
        """In the order of the table; what is left out gets its reason."""
        features = {}
        for name, column in profile.columns.items():
            if name in roles.by_role.values():
                self.left_out.pop(name, None)
                continue
            decision = decide(column, profile)
            why = roles.reasons.get(name) or (IDS if name in roles.ids else None) or self.left_out.get(name)
            if decision.kind is None or why:
                self.left_out[name] = why or decision.why
            else:
                features[name] = decision
        return features


def _no_feature(kind: str) -> str:
    if kind in TIMES:
        return f"is a {kind}: what it stands for may be a feature, like the days between it and another one"
    return f"is of type {kind}, which no feature can be"


def _written_on(path: Path) -> date:
    """The day, UTC, on which the newest of its files was written."""
    files = list(path.glob("*.parquet")) if path.is_dir() else [path]
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC).date()


def _splits(time: str | None, roles: Roles, profile: Profile) -> Iterator[Split]:
    """In the order in which they are honest."""
    user = roles.by_role.get("user")
    if time:
        yield Split("time", f"The newest rows by {time} are the test: as the model will be used.")
        if user:
            why = f"The newest rows by {time} are the test. {user} is not named, so people may be on both sides."
            yield Split("time", why, user=False)
    for name in roles.groups(profile):
        yield Split(
            "group", f"All rows of one {name} are on the same side, so the test has none that training saw.", name
        )
    why = "Rows are divided by chance: where rows of one day or of one person are alike, the figures flatter."
    if not time and not roles.groups(profile):
        why += "\nThe table has no time and no repeating id: split by one of them once there is one."
    yield Split("random", why)


def refuse_name(model: str, folder: Path, problems: Problems) -> None:
    """Adds what is wrong with the model's name, and with the folder that would be made."""
    if not re.fullmatch(MODEL, model) or len(model) > LONGEST_NAME:
        near = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:LONGEST_NAME].strip("-") or "rent-conversion"
        found = f"is {shown(model)!r}, not the name of a model" if model else "is not given"
        hint = "Use lower-case letters, digits and single hyphens"
        problems.add("MODEL", found, f"{hint}, at most {LONGEST_NAME}, for example {near}", "model-name")
    elif folder.exists() or folder.is_symlink():
        problems.add(
            f"folder {folder}",
            "is there already, and nothing is written over",
            "Name another MODEL or SPECS",
            "folder-exists",
        )


def _read_again(folder: Path) -> None:
    """Raises SpecError when what was written is not a spec."""
    read_spec(folder)


def write(draft: Draft, folder: Path) -> None:
    """spec.yaml and training.sql in a folder that was not there. Raises OutputError."""
    try:
        with new_folder(folder, finish=_read_again) as written:
            (written / "spec.yaml").write_text(yaml_of(draft, folder), "utf-8")
            (written / "training.sql").write_text(sql_of(draft), "utf-8")
    except OSError as error:
        problem = Problem(
            f"folder {folder}",
            f"cannot be written ({error.strerror or error})",
            "Name another one by SPECS",
            "out-unwritable",
        )
        raise OutputError(problem) from None
