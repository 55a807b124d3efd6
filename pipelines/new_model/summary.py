"""What was decided, on one screen, and the command to type next."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.new_model.draft import Draft
from pipelines.new_model.names import shown
from pipelines.new_model.ranges import written

ROWS = 60  # of the table of columns; a table of 1,800 columns is read in the file
FEW_CONVERSIONS = 200  # the default of promotion.min_conversions


@dataclass(frozen=True)
class NewModel:
    """A draft that was written into `folder`; `conversions` are those of its test part."""

    draft: Draft
    conversions: int
    folder: Path
    exit_code: ClassVar[int] = 0

    def for_programs(self) -> dict[str, Any]:
        draft = self.draft
        return {
            "spec": str(self.folder / "spec.yaml"),
            "data": str(draft.table.data),
            "rows": draft.profile.rows,
            "conversions": draft.profile.conversions,
            "columns": draft.columns(),
            "features": {name: decision.kind for name, decision in draft.features.items()},
            "left_out": dict(draft.left_out),
            "split": draft.split.by,
        }

    def show(self, console: Console) -> None:
        """The last line is the command to type next."""
        _show(self.draft, self.conversions, self.folder, console)


def _show(draft: Draft, conversions: int, folder: Path, console: Console) -> None:
    profile = draft.profile
    lines = [f"split    by {draft.split.by}: {draft.split.why}".replace("\n", f"\n{' ' * 9}")]
    if conversions < FEW_CONVERSIONS:
        few = f"the test part has {conversions:,} conversions, of {FEW_CONVERSIONS} that a verdict needs"
        lines.append(f"note     {few}: collect more rows")
    lines.append(f"written  {folder / 'spec.yaml'} and training.sql: read them, then")
    console.print(f"{profile.rows:,} rows, {profile.conversions:,} convert ({profile.rate:.2%})")
    console.print(_columns(draft), soft_wrap=False)
    for line in (*lines, f"make run SPEC={_word(folder)} DATA={_word(draft.table.data)}"):
        console.print(line, markup=False, soft_wrap=True)


def _columns(draft: Draft) -> Table:
    table = Table(title_justify="left", show_edge=False, pad_edge=False)
    for name in ("column", "becomes", "why"):
        table.add_column(name, overflow="fold")
    rows = [*_roles(draft), *_features(draft), *_left_out(draft)]
    for column, becomes, why in rows[:ROWS]:
        table.add_row(escape(shown(column)), escape(becomes), escape(shown(why, 200)))
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
    one = next((one for one in draft.ranges if one.column == name), None)
    if one is None:
        return ""
    low, high = (written(end) if end is not None else "" for end in (one.low, one.high))
    return f"{low} to {high}, {one.says}"


def _word(path: Path) -> str:
    """For a shell, and for make, which has a meaning for $."""
    return shlex.quote(str(path)).replace("$", "$$")
