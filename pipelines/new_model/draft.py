"""All decisions about a table, and the two files that hold them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from pipelines.new_model.find_table import Table
from pipelines.new_model.kinds import FeatureDecision
from pipelines.new_model.names import in_yaml, one_line
from pipelines.new_model.profile import Profile
from pipelines.new_model.ranges import SuggestedRange, plain_number
from pipelines.new_model.reading import TimeColumn, column_sql

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "spec.schema.json"
SHARES = "test_share: 25%, calibration_share: 15%, seed: 7"


@dataclass(frozen=True)
class SplitDecision:
    """How the rows are split, and why. `user` is whether the spec names the person's id."""

    by: Literal["time", "group", "random"]
    why: str
    group: str | None = None
    user: bool = True


@dataclass(frozen=True)
class DraftWindow:
    """source.window_days, None without a time, and source.end, each with the comment beside it."""

    days: int | None
    days_comment: str
    end: date
    end_comment: str


@dataclass(frozen=True)
class Draft:
    """A first spec. Columns are named by their aliases; `names` are their names in the table.

    The profile is that of the rows that were read; `key` identifies a row; `left_out` has the reason for
    each column that is not selected.
    """

    model: str
    table: Table
    profile: Profile
    names: Mapping[str, str]
    label: str
    label_sql: str
    time: TimeColumn | None
    time_alias: str | None
    roles: Mapping[str, str]
    features: Mapping[str, FeatureDecision]
    left_out: Mapping[str, str]
    ranges: tuple[SuggestedRange, ...]
    split: SplitDecision
    window: DraftWindow
    key: str | None = None

    def without(self, reasons: Mapping[str, str]) -> "Draft":
        """The draft without some features, each with its reason."""
        features = {name: decision for name, decision in self.features.items() if name not in reasons}
        ranges = tuple(bounds for bounds in self.ranges if bounds.column not in reasons)
        return replace(self, features=features, ranges=ranges, left_out={**self.left_out, **reasons})

    def without_item(self, reason: str) -> "Draft":
        """The draft without the role of the item."""
        roles = {role: name for role, name in self.roles.items() if role != "item"}
        return replace(self, roles=roles, left_out={**self.left_out, self.roles["item"]: reason})

    def columns(self) -> dict[str, str]:
        """Role -> column, as in the spec."""
        roles = {role: name for role, name in self.roles.items() if role != "user" or self.split.user}
        return {"label": self.label, **({"time": self.time_alias} if self.time_alias else {}), **roles}

    def selected(self) -> dict[str, str]:
        """Alias -> SQL of every column that the spec uses."""
        selected = {self.label: self.label_sql}
        if self.time and self.time_alias:
            selected[self.time_alias] = self.time.sql
        group = [self.split.group] if self.split.group else []
        key = [self.key] if self.key else []
        for name in dict.fromkeys((*self.columns().values(), *key, *group, *self.features)):
            selected.setdefault(name, self._column(name))
        return selected

    def _column(self, alias: str) -> str:
        sql = column_sql(self.names[alias])
        return f"CAST({sql} AS STRING)" if alias in self.features and self.features[alias].as_text else sql


def sql_of(draft: Draft) -> str:
    """training.sql."""
    lines = [f"  {sql} AS `{alias}`" for alias, sql in draft.selected().items()]
    unused = [
        f"  -- left out: {column_sql(one_line(draft.names[alias], 200))} AS `{alias}`,"
        for alias in draft.left_out
        if alias not in draft.selected()
    ]
    where = f"WHERE {draft.time.within_window}\n" if draft.time else ""
    head = f"-- One row per row of {draft.table.name}. spec.yaml has the columns that are left out, and why.\n"
    return f"{head}SELECT\n" + "\n".join([*unused, ",\n".join(lines)]) + f"\nFROM `{draft.table.name}` AS t\n{where}"


def yaml_of(draft: Draft, folder: Path) -> str:
    """spec.yaml; `folder` is where it will be written."""
    return "\n".join([*_head(draft, folder), *_source(draft), *_features(draft), *_rules(draft), *_rest(draft)]) + "\n"


def rows_read(draft: Draft) -> str:
    """How many rows the decisions are from."""
    rows, total = draft.profile.rows, draft.table.rows
    return f"{rows:,} of its {total:,} rows" if total and total > rows else f"{rows:,} rows"


def _head(draft: Draft, folder: Path) -> Iterator[str]:
    root = SCHEMA.parents[1]
    if folder.absolute().is_relative_to(root):
        yield f"# yaml-language-server: $schema={os.path.relpath(SCHEMA, folder.absolute())}"
    size = f"{rows_read(draft)}, {draft.profile.rate:.2%} convert"
    yield f"# A first spec, made by `make new` from the table {draft.table.name} ({size})."
    yield "# Every line is a suggestion: read it and change it. Keys: docs/spec.md."
    yield f"model: {in_yaml(draft.model)}"


def _source(draft: Draft) -> Iterator[str]:
    yield "source:"
    yield "  sql: training.sql"
    window = draft.window
    if window.days:
        yield f"  window_days: {window.days}  # {window.days_comment}"
        days = 1 if "position" in draft.roles else 0
        yield f"  conversion_days: {days}  # set the days that a conversion may take: younger rows are not used"
    yield f"  end: {window.end}  # {window.end_comment}"
    columns = [f"{role}: {in_yaml(name)}" for role, name in draft.columns().items()]
    if draft.key:
        columns.append(f"key: [{in_yaml(draft.key)}]")
    elif not {"list", "item", "time"} <= set(draft.columns()):
        yield "# No column identifies a row, so duplicate rows all stay. If there is one, name it: key: [column]."
    yield f"columns: {{{', '.join(columns)}}}"


def _features(draft: Draft) -> Iterator[str]:
    yield "features:  # a line here declares that the value is known when the page is shown"
    for name, decision in draft.features.items():
        why = f"  # {decision.why}" if decision.why else ""
        yield f"  {in_yaml(name)}: {{kind: {decision.kind}}}{why}"
    if draft.left_out:
        yield "  # Left out, and why. To use one, name it here and select it in training.sql:"
    for name, why in draft.left_out.items():
        original = draft.names[name]
        source = "" if original == name else f" ({one_line(original)})"
        yield f"  # {name}{source}: {one_line(why, 300)}"


def _rules(draft: Draft) -> Iterator[str]:
    if not draft.ranges:
        yield "reject: []  # no column has values far from all others; add the bounds that you know"
        return
    yield "reject:  # suggested from quantiles; rows outside are counted, and used in neither training nor test"
    for bounds in draft.ranges:
        ends = (("min", bounds.low), ("max", bounds.high))
        sides = [f"{side}: {plain_number(end)}" for side, end in ends if end is not None]
        name = in_yaml(bounds.column)
        yield f"  - {{name: {name}, expression: {name}, {', '.join(sides)}}}  # {bounds.description}"


def _rest(draft: Draft) -> Iterator[str]:
    yield "reject_budget: 5%"
    for line in draft.split.why.split("\n"):
        yield f"# {line}"
    group = f", group: {in_yaml(draft.split.group)}" if draft.split.group else ""
    yield f"split: {{by: {draft.split.by}{group}, {SHARES}}}"
    yield "training: {trials: 60, minutes: 10, folds: 5, seed: 7}"
    baselines = ["constant", "logistic", *(["current_order"] if "position" in draft.roles else [])]
    yield "# slices: [column] also guards each slice of the test rows, one for every value of the column."
    yield f"promotion: {{must_beat: [{', '.join(baselines)}]}}"
