"""From a table to the folder of a first spec."""

import re
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from model.errors import OutputError, Problem, Problems
from model.files import new_folder
from model.spec.reader import read_spec
from model.spec.types import SourceSpec
from model.spec.values import MODEL
from pipelines.new_model.draft import Draft, DraftWindow, SplitDecision, sql_of, yaml_of
from pipelines.new_model.dry_run import dry_run
from pipelines.new_model.find_table import Table
from pipelines.new_model.kinds import FeatureDecision, decide
from pipelines.new_model.label import LabelColumn, find_label, label_sql
from pipelines.new_model.names import aliases, one_line
from pipelines.new_model.profile import PROFILED, Profile, Profiler
from pipelines.new_model.ranges import ranges
from pipelines.new_model.reading import TableReader, TimeColumn, column_sql
from pipelines.new_model.roles import Roles, find_roles
from pipelines.new_model.table import TableFile

TIMES = ("TIMESTAMP", "DATETIME", "DATE", "TIME")
LONGEST_NAME = 60
IDS = "is an id: a model would memorise it"


def draft_of(
    model: str, table: Table, label: str, *, today: date, progress: Callable[[str], None]
) -> tuple[Draft, int]:
    """The draft, and the conversions in its test split. Raises DataError and SpecError."""
    progress("reading the columns")
    with tempfile.TemporaryDirectory(prefix="kamado-new-") as scratch:
        reader = TableReader(table.as_file(Path(scratch), progress), table.unreadable)
        label_column = find_label(label, list(reader.types))
        return _Drafting(reader, label_column, Path(scratch)).draft(model, table, today, progress)


class _Drafting:
    """The decisions about one table, each from those before it."""

    def __init__(self, reader: TableReader, label: LabelColumn, scratch: Path) -> None:
        self.reader, self.scratch = reader, scratch
        counts, more = reader.label_values(label)
        self.label_sql = label_sql(label, reader.types[label.column], column_sql(label.column), counts, more=more)
        self.time, reasons = reader.time(label.column)
        self.aliases = aliases(reader.types)
        self.label = self.aliases[label.column]
        self.time_alias = self.aliases[self.time.column] if self.time else None
        self.left_out = {self.aliases[name]: reason for name, reason in reasons.items()}

    def draft(self, model: str, table: Table, today: date, progress: Callable[[str], None]) -> tuple[Draft, int]:
        window = _window(table, self.time, today)
        progress("reading the rows")
        profiler, profile = self._profiled(window.end)
        roles = find_roles(profile)
        features = self._features(profile, roles)
        kinds = {name: str(decision.kind) for name, decision in features.items()}
        key = next((name for name in roles.of_rows(profile) if profiler.identifies(name)), None)
        self.left_out.pop(key or "", None)
        splits = list(_splits(self.time_alias, roles, profile))
        draft = Draft(
            model=model, table=table, profile=profile, names={alias: name for name, alias in self.aliases.items()},
            label=self.label, label_sql=self.label_sql, time=self.time, time_alias=self.time_alias,
            roles=roles.by_role, features=features, left_out=self.left_out,
            ranges=tuple(ranges(profile, kinds, profiler)), split=splits[0], window=window, key=key,
        )  # fmt: skip
        progress("looking for leaks and for a split")
        return dry_run(draft, splits, self.scratch / "rows", self.scratch)

    def _profiled(self, end: date) -> tuple[Profiler, Profile]:
        """Statistics of every column that may be a feature, by alias, over files in the scratch folder."""
        selected = {self.label: self.label_sql}
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

    def _features(self, profile: Profile, roles: Roles) -> dict[str, FeatureDecision]:
        """In the order of the table. A column that is left out gets its reason."""
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
        return f"is a {kind}: the days between it and another time may be a feature"
    return f"is of type {kind}, and a feature is a number, a text or a BOOL"


def _window(table: Table, time: TimeColumn | None, today: date) -> DraftWindow:
    """All rows, or where BigQuery says how many bytes a day has, the newest days that a run may read."""
    if time is None:
        return DraftWindow(None, "", min(table.written_on, today), "the day on which the data were last written")
    whole, newest = "all of the table", "the day after the newest row; without it a run ends at its own midnight, UTC"
    if isinstance(table, TableFile):
        return DraftWindow(time.days, whole, time.end, newest)
    if table.days.column != time.column or not table.days.bytes:
        return DraftWindow(time.days, "from the oldest to the newest of the rows that were read", time.end, newest)
    days = table.days.within(SourceSpec().max_bytes_billed)
    fit = f"the newest that max_bytes_billed allows with all columns; the table has {table.days.total}"
    return DraftWindow(days, whole if days == table.days.total else fit, table.days.end, newest)


def _splits(time: str | None, roles: Roles, profile: Profile) -> Iterator[SplitDecision]:
    """The best split first: by time, by group, then at random."""
    user = roles.by_role.get("user")
    if time:
        yield SplitDecision("time", f"The newest rows by {time} are the test, because the model will score newer rows.")
        if user:
            why = f"The newest rows by {time} are the test. {user} is not named, so users may be on both sides."
            yield SplitDecision("time", why, user=False)
    for name in roles.groups(profile):
        yield SplitDecision(
            "group", f"All rows of one {name} are on the same side, so none is in training and test.", name
        )
    why = "Rows are split at random: where rows of one day or user are alike, the metrics are too optimistic."
    if not time and not roles.groups(profile):
        why += "\nThe table has no time and no repeating id: split by one of them once it has one."
    yield SplitDecision("random", why)


def check_name(model: str, folder: Path, problems: Problems) -> None:
    """Adds the problems of the model's name and of the folder that would be made."""
    if not re.fullmatch(MODEL, model) or len(model) > LONGEST_NAME:
        near = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:LONGEST_NAME].strip("-") or "rent-conversion"
        message = f"is {one_line(model)!r}, not the name of a model" if model else "is missing"
        hint = "Use lower-case letters, digits and single hyphens"
        problems.add("MODEL", message, f"{hint}, at most {LONGEST_NAME}, for example {near}", "model-name")
    elif folder.exists() or folder.is_symlink():
        message = "exists already and is not overwritten"
        problems.add(f"folder {folder}", message, "Use another MODEL or SPECS", "folder-exists")


def _check_spec(folder: Path) -> None:
    """Raises SpecError when what was written is not a spec."""
    read_spec(folder)


def write(draft: Draft, folder: Path) -> None:
    """spec.yaml and training.sql in a new folder. Raises OutputError."""
    try:
        with new_folder(folder, finish=_check_spec) as new:
            (new / "spec.yaml").write_text(yaml_of(draft, folder), "utf-8")
            (new / "training.sql").write_text(sql_of(draft), "utf-8")
    except OSError as error:
        message = f"cannot be written ({error.strerror or error})"
        raise OutputError(Problem(f"folder {folder}", message, "Use another SPECS", "out-unwritable")) from None
