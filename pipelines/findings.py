"""What a look at a spec and its data found, on one screen or as one JSON object."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model.errors import Problem
from model.spec.types import Spec
from model.text import printable
from pipelines.local.events import StepError
from pipelines.local.summary import rejected_table

MOST_COLUMNS = 40  # on the screen
PARTS = ("train", "calibration", "test")


@dataclass(frozen=True)
class Column:
    """A column of the SQL's result: its GoogleSQL type as it was read, and its use, in the words of the spec."""

    name: str
    type: str
    use: str


@dataclass(frozen=True)
class Findings:
    """`extracted`, `ledger` and `split` are what the steps wrote; None of a step that a run did not come to."""

    spec: Spec
    extracted: dict[str, Any] | None
    ledger: dict[str, Any] | None
    split: dict[str, Any] | None
    refusal: StepError | None

    @classmethod
    def read(cls, artifacts: Path, spec: Spec, refusal: StepError | None) -> "Findings":
        """From the folder of a finished pipeline's artifacts."""
        names = ("extract/rows/extract.json", "preprocess/parts/ledger.json", "preprocess/parts/split.json")
        paths = [next(artifacts.glob(f"*/{name}"), None) for name in names]
        extracted, ledger, split = (json.loads(path.read_text("utf-8")) if path else None for path in paths)
        return cls(spec, extracted, ledger, split, refusal)

    @property
    def exit_code(self) -> int:
        return 1 if self.refusal else 0

    @property
    def outcome(self) -> Literal["finished", "refused"]:
        return "refused" if self.refusal else "finished"

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.refusal.problems if self.refusal else ()

    @property
    def columns(self) -> list[Column]:
        """In the order of the SQL's result."""
        types = self.extracted["columns"] if self.extracted else {}
        return [Column(name, kind, _use(self.spec, name)) for name, kind in types.items()]

    @property
    def warnings(self) -> list[str]:
        """Those of the steps, and that a run would train for nothing because no verdict can follow."""
        warnings = list(self.ledger["warnings"]) if self.ledger else []
        conversions = self.split["splits"]["test"]["positives"] if self.split else None
        needed = self.spec.promotion.min_conversions
        if conversions is not None and conversions < needed:
            few = f"the test part has {conversions:,} conversions, of {needed:,} that a verdict needs"
            warnings.append(f"{few}: a run would end with insufficient-data. Collect more rows, or a larger part")
        return warnings

    def for_programs(self) -> object:
        return {
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            "model": self.spec.model,
            "message": self.refusal.message if self.refusal else "",
            "problems": [asdict(problem) for problem in self.problems],
            "step": self.refusal.step if self.refusal else None,
            "extract": self.extracted,
            "columns": [asdict(column) for column in self.columns],
            "ledger": self.ledger,
            "split": self.split,
            "warnings": self.warnings,
        }

    def show(self, console: Console) -> None:
        """The last line says whether a run would come to training."""
        if self.extracted:
            console.print(printable(_read(self.extracted)), markup=False)
            console.print(_columns(self.columns))
        if self.ledger and self.split:
            console.print(rejected_table(self.ledger, self.split))
            console.print(_parts(self.split["splits"]))
            for warning in self.warnings:
                console.print(printable(f"note: {warning}"), markup=False)
        if self.refusal:
            console.print(self.refusal.message, style="red", markup=False)
            console.print(f"{self.spec.model} cannot be trained: {len(self.problems)} problem(s)", markup=False)
        else:
            console.print(f"{self.spec.model} can be trained", markup=False)


def _use(spec: Spec, name: str) -> str:
    """In the spec's words: a role, a kind of feature, what else reads the column, or nothing."""
    if name in spec.features:
        return f"feature, {spec.features[name].kind}"
    if name in spec.columns.key and name not in spec.columns.roles():
        return "key"
    other = "rule, slice or group" if name in spec.used_columns else "not used"
    return spec.columns.roles().get(name, other)


def _read(extracted: dict[str, Any]) -> str:
    window = f"{extracted['start']} to {extracted['end']}" if extracted["start"] else "all of it"
    billed = f", {extracted['bytes_billed']:,} bytes billed" if extracted["bytes_billed"] is not None else ""
    counts = extracted["table_rows"] or {}
    tables = [f"{name} ({counts[name]:,} rows)" if name in counts else name for name in extracted["tables"]]
    return f"{extracted['rows']:,} rows of {', '.join(tables)}: {window}{billed}"


def _columns(columns: list[Column]) -> Table:
    table = Table("column", "type", "use", title="columns as they were read", title_justify="left")
    for column in columns[:MOST_COLUMNS]:
        table.add_row(*(escape(printable(text)) for text in (column.name, column.type, column.use)))
    if len(columns) > MOST_COLUMNS:
        table.add_row(f"and {len(columns) - MOST_COLUMNS:,} more", "", "JSON=1 lists all")
    return table


def _parts(parts: dict[str, Any]) -> Table:
    table = Table(title="parts", title_justify="left")
    table.add_column("")
    for name in ("rows", "conversions", "rate"):
        table.add_column(name, justify="right")
    for name in PARTS:
        part = parts[name]
        rate = part["positives"] / part["rows"] if part["rows"] else 0.0
        table.add_row(name, f"{part['rows']:,}", f"{part['positives']:,}", f"{rate:.2%}")
    return table
