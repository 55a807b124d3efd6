"""Evaluate: is the new model good enough to serve? A bad model is a verdict with its reasons, not a failure."""

from pathlib import Path

import joblib

from artifacts.verdict import Bootstrap, JudgedCut, Outcome, Verdict
from components.evaluate.assess import STEPS, Assessment, assess
from components.evaluate.inputs import EvaluatedCut, EvaluationInputs, InputFolders
from components.evaluate.metrics.bootstrap import DRAWS, SEED
from components.evaluate.report.report import ReportInputs, render
from model.files import output_folder, sha256_of
from model.progress import ReportProgress
from model.spec.types import Spec


def evaluate(
    spec: Spec, folders: InputFolders, out: Path, *, progress: ReportProgress, threads: int | None = None
) -> Outcome:
    """Evaluate the bundle on the test split, or those of all cuts; returns the verdict's outcome.

    Writes `verdict.json`, `metrics.json` and `report.html` into `out`, whole or not at all. The same inputs give the
    same bytes. Raises DataError or BundleError for inputs that are missing or damaged, the champion's among them.
    """
    inputs = EvaluationInputs.read(spec, folders, threads=threads or joblib.cpu_count())
    assessment = assess(inputs, progress)
    verdict = _verdict(inputs, assessment)
    report = ReportInputs(
        spec,
        inputs.bundle,
        inputs.documents,
        assessment.decision,
        assessment.metrics,
        verdict,
        inputs.new.predictor.engine,
    )
    progress(STEPS, STEPS, verdict.verdict)
    with output_folder(out) as folder:
        assessment.metrics.write(folder)
        (folder / "report.html").write_text(render(report), "utf-8")
        verdict.write(folder)
    return verdict.verdict


def _verdict(inputs: EvaluationInputs, assessment: Assessment) -> Verdict:
    """Bound to the bundle, the spec and the test rows by their digests."""
    return Verdict(
        verdict=assessment.decision.outcome,
        reasons=tuple(result.reason for result in assessment.decision.results),
        metrics=assessment.metrics.scalars,
        bundle=inputs.bundle.digest,
        cuts=tuple(_judged(cut) for cut in inputs.cuts) if len(inputs.cuts) > 1 else (),
        champion=inputs.champion.bundle.digest if inputs.champion else None,
        spec_sha256=inputs.spec.spec_sha256,
        sql_sha256=inputs.spec.sql_sha256,
        test_rows_sha256=sha256_of(inputs.test),
        bootstrap=Bootstrap(seed=SEED, draws=DRAWS),
    ).with_checksum()


def _judged(cut: EvaluatedCut) -> JudgedCut:
    counts = cut.summary.splits.test
    return JudgedCut(
        bundle=cut.new.bundle.digest,
        rows=counts.rows,
        conversions=counts.positives,
        test_rows_sha256=sha256_of(cut.test),
    )
