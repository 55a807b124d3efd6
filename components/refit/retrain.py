"""The refit of a promoted bundle, and the verdict on it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from artifacts.metrics import MetricsDocument
from artifacts.split import SplitSummary
from artifacts.verdict import Refit, Verdict
from components.evaluate.decide.rule_result import Decision, RuleResult
from components.evaluate.inputs import StepDocuments
from components.evaluate.report.report import ReportInputs, render
from components.refit.bundle import write_bundle
from components.refit.comparison import Comparison, compare
from components.refit.model import fit_model
from components.refit.rows import NEWEST, RefitRows, read_refit_rows
from components.refit.rules import agreement
from components.train.examination import newer_examination
from components.train.open_engine import open_cluster
from components.train.recipe import Recipe
from components.train.row_arrays import IN_MEMORY
from model.bundle.bundle import Bundle, load
from model.bundle.predictor import Predictor
from model.progress import ReportProgress
from model.spec.types import Spec


@dataclass(frozen=True)
class Retrained:
    """The final verdict, and the report with both models side by side."""

    verdict: Verdict
    report: str


def retrain(
    spec: Spec,
    splits: Path,
    trained: Path,
    evaluation: Path,
    bundle: Path,
    *,
    threads: int,
    in_memory: int = IN_MEMORY,
    progress: ReportProgress,
) -> Retrained:
    """Write the refit into the folder `bundle`, and decide. The same inputs give the same bytes.

    Encoded rows of more than `in_memory` bytes are kept in temporary files, and give the same bytes too.

    Raises DataError or BundleError for inputs that are missing or damaged.
    """
    judged, verdict = load(trained / "bundle"), Verdict.read(evaluation)
    documents = StepDocuments.read(training=trained, splits=splits, extracted=splits)
    progress(0, 1, "reading every row")
    learned = judged.manifest.position and judged.manifest.position.examination
    statistic_inputs = [statistic.input for statistic in judged.manifest.statistics]
    with open_cluster(spec) as cluster, tempfile.TemporaryDirectory() as temporary:
        rows = read_refit_rows(
            spec, splits, SplitSummary.read(splits), statistic_inputs,
            settings=len(Recipe.of(judged.manifest.search).settings),
            examination=newer_examination(spec, splits, learned) if learned else None,
            cluster=cluster, threads=threads, temporary=Path(temporary), in_memory=in_memory,
        )  # fmt: skip
        fitted = fit_model(spec, rows, judged.manifest, progress=progress)
        refit = write_bundle(judged, rows, fitted, splits, bundle)
    progress(rows.members + 1, rows.members + 2, f"comparing on the {rows.newest.count:,} newest rows")
    compared = compare(spec, splits, judged, refit, fitted.unseen, threads=threads)
    final = _decide(verdict, refit, rows, compared)
    report = render(_report(spec, judged, documents, final, MetricsDocument.read(evaluation)))
    progress(rows.members + 2, rows.members + 2, f"{final.verdict}: refit on {rows.rows:,} rows")
    return Retrained(final, report)


def _decide(verdict: Verdict, bundle: Bundle, rows: RefitRows, compared: Comparison) -> Verdict:
    """The verdict with the refit's reasons behind its own."""
    decision = Decision.of(*agreement(compared))
    return verdict.model_copy(
        update={
            "verdict": decision.outcome,
            "reasons": (*verdict.reasons, *(result.reason for result in decision.results)),
            "refit": Refit(
                bundle=bundle.digest,
                rows=rows.rows,
                conversions=rows.conversions,
                until=bundle.manifest.lineage.trained_until,
                checked_on=NEWEST,
                metrics=dict(compared.metrics()),
            ),
        }
    ).with_checksum()


def _report(
    spec: Spec, judged: Bundle, documents: StepDocuments, verdict: Verdict, metrics: MetricsDocument
) -> ReportInputs:
    results = tuple(
        RuleResult(reason.rule, reason.measured, reason.bound, reason.passed, reason.message)
        for reason in verdict.reasons
    )
    return ReportInputs(
        spec,
        judged,
        documents,
        Decision(verdict.verdict, results),
        metrics,
        verdict,
        Predictor(judged).engine,
    )
