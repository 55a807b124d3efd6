"""What a look at a spec and its data found, on one screen or as one JSON object."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from artifacts.document import Document
from artifacts.extract import Extract
from artifacts.pool import Pool
from artifacts.rejection_report import RejectionReport
from artifacts.split import SPLITS, SplitSummary, cut_folder
from model.errors import Problem
from model.exit_codes import DONE, REFUSED
from model.files import JSON
from model.spec.types import Spec
from model.text import printable
from pipelines.local.events import StepError
from pipelines.local.summary import rejected_table

MOST_COLUMNS = 40  # on the screen
FOLDERS = {Extract: "extract/rows", RejectionReport: "preprocess/splits", SplitSummary: "preprocess/splits"}

AnyDocument = TypeVar("AnyDocument", bound=Document)


@dataclass(frozen=True)
class ColumnUse:
    """A column of the SQL's result: its GoogleSQL type as it was read, and its use, in the words of the spec."""

    name: str
    type: str
    use: str


@dataclass(frozen=True)
class Findings:
    """The documents of the steps; None of a step that a run did not come to. `split` is that of the newest cut, and
    `tested` are the conversions in the test splits of all cuts."""

    spec: Spec
    extract: Extract | None
    rejection: RejectionReport | None
    split: SplitSummary | None
    tested: int
    refusal: StepError | None

    @classmethod
    def read(cls, artifacts: Path, spec: Spec, refusal: StepError | None) -> "Findings":
        """From the folder of a finished pipeline's artifacts."""
        extract, rejection = _document(artifacts, Extract), _document(artifacts, RejectionReport)
        cuts = _cuts(artifacts, spec)
        tested = sum(cut.splits.test.positives for cut in cuts)
        return cls(spec, extract, rejection, cuts[0] if cuts else None, tested, refusal)

    @property
    def exit_code(self) -> int:
        return REFUSED if self.refusal else DONE

    @property
    def outcome(self) -> Literal["finished", "refused"]:
        return "refused" if self.refusal else "finished"

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.refusal.problems if self.refusal else ()

    @property
    def columns(self) -> list[ColumnUse]:
        """In the order of the SQL's result."""
        types = self.extract.columns if self.extract else {}
        return [ColumnUse(name, kind, _use(self.spec, name)) for name, kind in types.items()]

    @property
    def warnings(self) -> list[str]:
        """Those of the steps, and that a run would train for nothing because no verdict can follow."""
        warnings = list(self.rejection.warnings) if self.rejection else []
        needed = self.spec.promotion.min_conversions
        if self.split and self.tested < needed:
            pool = Pool.of(self.spec, self.split)
            rows = f"the test splits of {pool.cuts} cuts have" if pool.cuts > 1 else "the test split has"
            few = f"{rows} {self.tested:,} conversions, of {needed:,} that a verdict needs"
            advice = f"Collect more rows, or a larger test split.{pool.advice(needed)}"
            warnings.append(f"{few}: a run would end with insufficient-data. {advice}".removesuffix("."))
        return warnings

    def for_programs(self) -> object:
        return {
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            "model": self.spec.model,
            "message": self.refusal.message if self.refusal else "",
            "problems": [asdict(problem) for problem in self.problems],
            "step": self.refusal.step if self.refusal else None,
            "extract": _plain(self.extract),
            "columns": [asdict(column) for column in self.columns],
            "rejections": _plain(self.rejection),
            "split": _plain(self.split),
            "warnings": self.warnings,
        }

    def show(self, console: Console) -> None:
        """The last line says whether a run would come to training."""
        if self.extract:
            console.print(printable(_read(self.extract)), markup=False)
            console.print(_columns(self.columns))
        if self.rejection and self.split:
            console.print(rejected_table(self.rejection, self.split))
            console.print(_splits(self.split))
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


def _document(artifacts: Path, kind: type[AnyDocument]) -> AnyDocument | None:
    """The step's document; None where the step did not write one."""
    path = next(artifacts.glob(f"*/{FOLDERS[kind]}/{kind.FILE}"), None)
    return kind.read(path.parent) if path else None


def _cuts(artifacts: Path, spec: Spec) -> list[SplitSummary]:
    """From the newest; none where preprocess did not write them."""
    path = next(artifacts.glob(f"*/{FOLDERS[SplitSummary]}/{SplitSummary.FILE}"), None)
    return [SplitSummary.read(cut_folder(path.parent, number)) for number in spec.split.numbers] if path else []


def _plain(document: Document | None) -> JSON:
    return document.model_dump(mode="json") if document else None


def _read(extract: Extract) -> str:
    window = f"{extract.start} to {extract.end}" if extract.start else "all of it"
    billed = f", {extract.bytes_billed:,} bytes billed" if extract.bytes_billed is not None else ""
    billed += f" (about {extract.query.usd:,.2f} USD)" if extract.query is not None else ""
    counts = extract.table_rows or {}
    tables = [f"{name} ({counts[name]:,} rows)" if name in counts else name for name in extract.tables]
    return f"{extract.rows:,} rows of {', '.join(tables)}: {window}{billed}"


def _columns(columns: list[ColumnUse]) -> Table:
    table = Table("column", "type", "use", title="columns as they were read", title_justify="left")
    for column in columns[:MOST_COLUMNS]:
        table.add_row(*(escape(printable(text)) for text in (column.name, column.type, column.use)))
    if len(columns) > MOST_COLUMNS:
        table.add_row(f"and {len(columns) - MOST_COLUMNS:,} more", "", "JSON=1 lists all")
    return table


def _splits(summary: SplitSummary) -> Table:
    table = Table(title="splits", title_justify="left")
    table.add_column("")
    for name in ("rows", "conversions", "rate"):
        table.add_column(name, justify="right")
    for name in SPLITS:
        counts = summary.splits[name]
        rate = counts.positives / counts.rows if counts.rows else 0.0
        table.add_row(name, f"{counts.rows:,}", f"{counts.positives:,}", f"{rate:.2%}")
    return table
