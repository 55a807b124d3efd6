"""The page of Markdown that a run shows first: its outcome, why, and the image."""

from artifacts.extract import Extract
from artifacts.image import ImageDocument
from artifacts.metrics import MetricsDocument
from artifacts.refusal import Refusal
from artifacts.rejection_report import RejectionReport
from artifacts.verdict import Verdict


def summary(
    *,
    model: str,
    verdict: Verdict | None,
    metrics: MetricsDocument | None,
    rejection: RejectionReport | None,
    extract: Extract | None,
    image: ImageDocument | None,
    refusal: Refusal | None,
) -> str:
    """What came out of the run of `model`; None is a document of a step that the run did not come to."""
    outcome = "refused" if refusal or verdict is None else verdict.verdict
    lines = [f"# {model}: {outcome}", ""]
    if refusal:
        lines += [f"The step {refusal.step} refused: {refusal.heading}.", ""]
        lines += [f"- {problem}" for problem in refusal.as_problems()]
    elif verdict:
        lines += [f"- {reason.rule}: {reason.message}" for reason in verdict.failed or verdict.reasons]
    lines += ["", f"Image: `{image.reference}`" if image else "No image was built."]
    if metrics and "new" in metrics.candidates:
        lines += ["", f"Log loss {metrics.candidates['new']['log_loss']:.4f}."]
    if rejection:
        lines += ["", f"{rejection.rejected_rows:,} of {rejection.rows_in:,} rows rejected."]
    if extract and extract.bytes_billed is not None:
        lines += ["", f"{extract.bytes_billed:,} bytes billed."]
    return "\n".join(lines) + "\n"
