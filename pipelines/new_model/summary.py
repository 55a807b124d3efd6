"""The decisions on one screen, and the command to type next."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.new_model.draft import Draft, rows_read
from pipelines.new_model.names import one_line
from pipelines.new_model.ranges import plain_number

ROWS = 60  # of the table of columns; the file has all
FEW_CONVERSIONS = 200  # the default of promotion.min_conversions
Json = str | int | dict[str, str] | dict[str, str | None]


@dataclass(frozen=True)
class NewModel:
    """A draft that was written into `folder`; `conversions` are those of its test split."""

    draft: Draft
    conversions: int
    folder: Path
    exit_code: ClassVar[int] = 0

    def for_programs(self) -> dict[str, Json]:
        draft = self.draft
        name, value = draft.table.argument
        return {
            "spec": str(self.folder / "spec.yaml"),
            name.lower(): value,
            "rows": draft.profile.rows,
            "conversions": draft.profile.conversions,
            "columns": draft.columns(),
            "features": {name: str(decision.kind) for name, decision in draft.features.items()},
            "left_out": dict(draft.left_out),
            "split": draft.split.by,
        }

    def show(self, console: Console) -> None:
        """The last line is the command to type next."""
        _show(self.draft, self.conversions, self.folder, console)


def _show(draft: Draft, conversions: int, folder: Path, console: Console) -> None:
    profile = draft.profile
    lines = [f"split    by {draft.split.by}: {draft.split.why}".replace("\n", f"\n{' ' * 9}")]
    if conversions < FEW_CONVERSIONS and not draft.table.rows:
        few = f"the test split has {conversions:,} conversions, of the {FEW_CONVERSIONS} that a verdict needs"
        lines.append(f"note     {few}: collect more rows, or pool them by split.cuts")
    lines.append(f"written  {folder / 'spec.yaml'} and training.sql: read them, then")
    console.print(f"{rows_read(draft)}, {profile.conversions:,} convert ({profile.rate:.2%})")
    console.print(_columns(draft), soft_wrap=False)
    name, value = draft.table.argument
    for line in (*lines, f"make run SPEC={_word(folder)} {name}={_word(value)}"):
        console.print(line, markup=False, soft_wrap=True)


def _columns(draft: Draft) -> Table:
    table = Table(title_justify="left", show_edge=False, pad_edge=False)
    for name in ("column", "becomes", "why"):
        table.add_column(name, overflow="fold")
    rows = [*_roles(draft), *_features(draft), *_left_out(draft)]
    for column, becomes, why in rows[:ROWS]:
        table.add_row(escape(one_line(column)), escape(becomes), escape(one_line(why, 200)))
    if len(rows) > ROWS:
        table.add_row("…", f"{len(rows) - ROWS:,} more", "see spec.yaml")
    return table


def _roles(draft: Draft) -> list[tuple[str, str, str]]:
    key = {"key": draft.key} if draft.key and draft.key not in draft.columns().values() else {}
    return [(draft.names[name], role, _renamed(draft, name)) for role, name in (draft.columns() | key).items()]


def _features(draft: Draft) -> list[tuple[str, str, str]]:
    return [
        (draft.names[name], str(decision.kind), _sentence(_renamed(draft, name), decision.why, _range(draft, name)))
        for name, decision in draft.features.items()
    ]


def _sentence(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _left_out(draft: Draft) -> list[tuple[str, str, str]]:
    return [(draft.names[name], "left out", why) for name, why in draft.left_out.items()]


def _renamed(draft: Draft, name: str) -> str:
    return f"as {name}" if draft.names[name] != name else ""


def _range(draft: Draft, name: str) -> str:
    bounds = next((bounds for bounds in draft.ranges if bounds.column == name), None)
    if bounds is None:
        return ""
    low, high = (plain_number(end) if end is not None else "" for end in (bounds.low, bounds.high))
    return f"{low} to {high}, {bounds.description}"


def _word(path: Path | str) -> str:
    """Quoted for a shell and for make, where $ is special."""
    return shlex.quote(str(path)).replace("$", "$$")
