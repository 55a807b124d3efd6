"""Train the promoted recipe again on every row, check the result against the judged model, and say what ships."""

import shutil
from pathlib import Path

from artifacts.extract import Extract
from artifacts.metrics import MetricsDocument
from artifacts.rejection_report import RejectionReport
from artifacts.split import SplitSummary
from artifacts.verdict import Outcome, Refit, Verdict
from components.evaluate.decide.rule_result import Decision, RuleResult
from components.evaluate.inputs import StepDocuments
from components.evaluate.report.report import ReportInputs, render
from components.refit.bundle import write_bundle
from components.refit.comparison import Comparison, compare
from components.refit.model import fit_model
from components.refit.rows import FOLDS, RefitRows, read_refit_rows
from components.refit.rules import agreement
from model.bundle.bundle import Bundle, load
from model.bundle.predictor import Predictor
from model.files import output_folder
from model.progress import ReportProgress
from model.spec.types import Spec

REPORT = "report.html"
PASSED_ON = (Verdict.FILE, MetricsDocument.FILE, REPORT, Extract.FILE, RejectionReport.FILE)
STEPS = FOLDS + 2


def refit(
    spec: Spec,
    splits: Path,
    trained: Path,
    evaluation: Path,
    shipped: Path,
    decision: Path,
    *,
    threads: int,
    progress: ReportProgress,
) -> Outcome:
    """Write the bundle that ships into `shipped/bundle`, and the final verdict with its report into `decision`.

    Returns the outcome: that of `evaluation`, or `hold` where the refit does not agree with the judged model. Where the
    verdict does not promote, or the spec wants no refit, what was judged is passed on as it is. Raises DataError or
    BundleError for inputs that are missing or damaged.
    """
    verdict = Verdict.read(evaluation)
    with output_folder(shipped) as out, output_folder(decision) as decided:
        for name in PASSED_ON:
            shutil.copyfile(evaluation / name, decided / name)
        if verdict.verdict != "promote" or not spec.training.refit:
            shutil.copytree(trained / "bundle", out / "bundle")
            progress(STEPS, STEPS, f"no refit: {verdict.verdict}" if spec.training.refit else "no refit: by the spec")
            return verdict.verdict
        judged = load(trained / "bundle")
        progress(0, STEPS, "reading every row")
        rows = read_refit_rows(spec, splits, SplitSummary.read(splits))
        fitted = fit_model(spec, rows, judged.manifest, threads=threads, progress=progress)
        bundle = write_bundle(judged, rows, fitted, splits, out / "bundle")
        progress(FOLDS + 1, STEPS, f"comparing on the {rows.newest.count:,} newest rows")
        compared = compare(spec, splits, rows, judged, bundle, fitted.unseen, threads=threads)
        final = _decide(verdict, bundle, rows, compared)
        final.write(decided)
        documents = StepDocuments.read(training=trained, splits=splits, extracted=splits)
        (decided / REPORT).write_text(render(_report(spec, judged, documents, final, evaluation)), "utf-8")
    progress(STEPS, STEPS, f"{final.verdict}: {rows.rows:,} rows, {bundle.digest[:19]}")
    return final.verdict


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
                checked_on=rows.name,
                metrics=dict(compared.metrics()),
            ),
        }
    ).with_checksum()


def _report(spec: Spec, judged: Bundle, documents: StepDocuments, verdict: Verdict, evaluation: Path) -> ReportInputs:
    results = tuple(
        RuleResult(reason.rule, reason.measured, reason.bound, reason.passed, reason.message)
        for reason in verdict.reasons
    )
    return ReportInputs(
        spec,
        judged,
        documents,
        Decision(verdict.verdict, results),
        MetricsDocument.read(evaluation),
        verdict,
        Predictor(judged).engine,
    )
