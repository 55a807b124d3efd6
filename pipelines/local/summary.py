"""One screen at the end of a run: verdict and why, the model against its baselines, rejected rows, paths, the image."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from artifacts.extract import Extract, QueryCost
from artifacts.image import ImageDocument
from artifacts.metrics import MetricsDocument
from artifacts.rejection_report import RejectionReport
from artifacts.split import SplitSummary
from artifacts.verdict import Refit, Verdict
from model.exit_codes import DONE, NO_IMAGE, REFUSED
from model.text import printable

EXIT = {
    "promote": DONE,
    "hold": NO_IMAGE,
    "insufficient-data": NO_IMAGE,
    "reject": REFUSED,
    "invalid": REFUSED,
}
STYLE = {"promote": "bold green", "hold": "bold yellow", "insufficient-data": "bold yellow"}
QUALITY = (("log_loss", "log loss"), ("auc", "AUC"), ("calibration_ratio", "predicted / observed"))
ORDER = "expected conversions per list"


@dataclass(frozen=True)
class RunSummary:
    """A finished run: its folder, the OUT in which its results are seen, and what was named as its champion."""

    run: Path
    root: Path
    champion: str = ""

    @cached_property
    def document(self) -> Verdict:
        return Verdict.read(self.run)

    @property
    def verdict(self) -> str:
        return self.document.verdict

    @cached_property
    def image_document(self) -> ImageDocument | None:
        """None where no image was built."""
        return ImageDocument.read(self.run) if (self.run / ImageDocument.FILE).exists() else None

    @property
    def image(self) -> str | None:
        """`kamado:<tag>@sha256:…`, or None where no image was built."""
        return self.image_document.reference if self.image_document else None

    @cached_property
    def query(self) -> QueryCost | None:
        """None where nothing was billed: the rows were in files."""
        return Extract.read(self.run).query if (self.run / Extract.FILE).exists() else None

    @property
    def exit_code(self) -> int:
        return EXIT[self.verdict]

    def for_programs(self) -> object:
        return {
            "outcome": "finished",
            "exit_code": self.exit_code,
            "verdict": self.verdict,
            "reasons": [reason.model_dump() for reason in self.document.reasons],
            "metrics": self.document.metrics,
            "champion": self.document.champion,
            "bundle": {"path": str(self.root / "bundle"), "digest": self.document.ships},
            "judged": {"path": str(self.root / "judged"), "digest": self.document.bundle},
            "report": str(self.root / "report.html"),
            "image": self.image,
            "query": self.query.model_dump(mode="json") if self.query else None,
        }

    def show(self, console: Console) -> None:
        """The last line is the image where there is one."""
        console.print()
        console.print(self.verdict, style=STYLE.get(self.verdict, "bold red"))
        for reason in self.document.failed:
            console.print(printable(f"  {reason.rule}: {reason.message}"), markup=False)
        if not self.document.failed:
            console.print(f"  all: all {len(self.document.reasons)} rules hold", markup=False)
        metrics = MetricsDocument.read(self.run)
        if metrics.candidates:  # an invalid model has none
            console.print(_quality(metrics))
        rejection = RejectionReport.read(self.run)
        console.print(rejected_table(rejection, SplitSummary.read(self.run)))
        for warning in rejection.warnings:
            console.print(printable(f"note: {warning}"), markup=False)
        if self.champion:
            console.print(printable(f"{'champion':<8} {_champion(self)}"), markup=False)
        if (refit := self.document.refit) is not None:
            console.print(f"{'refit':<8} {_refit(refit)}", markup=False)
        for name, path in {"report": "report.html", "bundle": "bundle", "log": "run.log"}.items():
            console.print(f"{name:<8} {self.root / path}", markup=False)
        if (query := self.query) is not None:
            cost = f"{query.bytes_billed:,} bytes billed, about {query.usd:,.2f} USD; job {query.job_id}"
            console.print(f"{'query':<8} {cost}", markup=False)
        if (base := _base(self)) is not None:
            console.print(base, markup=False)
        console.print(f"image {self.image}" if self.image else "no image was built", markup=False)


def _refit(refit: Refit) -> str:
    metrics = refit.metrics
    return (
        f"on {refit.rows:,} rows; against the judged model: log loss {metrics['log_loss_change']:+.2%}, "
        f"level {metrics['level_ratio']:.3f}, order {metrics['order_agreement']:.3f}"
    )


def _champion(summary: RunSummary) -> str:
    """A place that is named wrongly looks like one where nothing was released yet: it has to be seen."""
    if (bundle := summary.document.champion) is not None:
        return f"{summary.champion}: bundle {bundle}"
    return f"none: {summary.champion} holds no release of this model, so only the baselines had to be beaten"


def _quality(metrics: MetricsDocument) -> Table:
    """The model beside the champion and the logistic regression, and its gain over each baseline with its interval."""
    table = Table(title="on the test rows", title_justify="left")
    table.add_column("")
    candidates = [name for name in ("champion", "logistic") if name in metrics.candidates]
    for name in ("this model", *candidates):
        table.add_column(name, justify="right")
    for key, label in QUALITY:
        table.add_row(label, *(f"{metrics.candidates[name][key]:.4f}" for name in ("new", *candidates)))
    table.add_section()
    for name, gain in metrics.baseline_gains.items():
        measure = ORDER if name == "current_order" else "log loss"
        interval = f"{gain.value:+.1%} ({gain.low:+.1%} to {gain.high:+.1%})"
        table.add_row(escape(f"gain over {name} by {measure}"), interval)
    return table


def rejected_table(report: RejectionReport, summary: SplitSummary) -> Table:
    share, budget = report.rejected_share, report.budget
    title = f"rejected {report.rejected_rows:,} of {report.rows_in:,} rows ({share:.2%}, budget {budget:.2%})"
    table = Table(title=title, title_justify="left")
    table.add_column("rule")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    for rule in report.rules:
        if rule.rejected or rule.kind == "rule":
            table.add_row(escape(rule.name), f"{rule.rejected:,}", f"{rule.share:.2%}")
    if report.key:
        table.add_row(escape(f"copies by {', '.join(report.key)}, removed"), f"{report.duplicates:,}", "")
    else:
        table.add_row("equal to another row, kept (no columns.key)", f"{report.equal_rows_kept:,}", "")
    table.add_row("too young, not used", f"{report.immature:,}", "")
    table.add_row("between two splits, not used", f"{summary.gap:,}", "")
    table.add_row("shared with a later split, not used", f"{summary.purged:,}", "")
    return table


def _base(summary: RunSummary) -> str | None:
    document = summary.image_document
    return f"{'base':<8} {document.base.name}" if document else None
