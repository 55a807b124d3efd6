"""The summary of a run, as Markdown for Kubeflow's page of the last step."""

from collections.abc import Iterator

from artifacts.extract import Extract
from artifacts.headline_metrics import HeadlineMetric, headline_metrics
from artifacts.image import ImageDocument
from artifacts.metrics import MetricsDocument
from artifacts.refusal import Refusal
from artifacts.rejection_report import RejectionReport
from artifacts.verdict import Refit, Verdict
from components.build_image.markdown import code, table, text

SENTENCES = {
    "promote": "Every rule holds.",
    "hold": "Not shown to be good enough.",
    "reject": "Shown to be worse, or not what the spec asks for.",
    "insufficient-data": "There is too little data to decide.",
    "invalid": "Something is missing or not finite.",
}
NO_IMAGE = "No image was built."


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
    """The outcome first, then what it rests on; a part without its document is left out.

    A refusal is the outcome of its run, also where the verdict before it was `promote`.
    """
    parts = [
        *_outcome(model, verdict, image, refusal),
        *(_refused(refusal) if refusal else ()),
        *(_numbers(headline_metrics(metrics.scalars)) if metrics else ()),
        *(_refit(verdict.refit) if verdict and verdict.refit else ()),
        *(_failed_rules(verdict) if verdict else ()),
        *(_rejected_rows(rejection) if rejection else ()),
        *(_image(image) if image else ()),
        *(_cost(extract) if extract else ()),
    ]
    return "\n\n".join(parts) + "\n"


def _outcome(
    model: str, verdict: Verdict | None, image: ImageDocument | None, refusal: Refusal | None
) -> Iterator[str]:
    """A heading of one word, so that it is read at once."""
    built = "" if image else f" {NO_IMAGE}"
    name = f"Model **{text(model)}**."
    if refusal:
        yield "# refused"
        before = f" The verdict before that was {verdict.verdict}." if verdict else ""
        yield f"{name} Step **{text(refusal.step)}**: {text(refusal.heading)}.{before}{built}"
    elif verdict:
        yield f"# {verdict.verdict}"
        yield f"{name} {SENTENCES[verdict.verdict]}{built}"
    else:
        yield "# no verdict"
        yield f"{name} The run ended before its model was evaluated.{built}"


def _refused(refusal: Refusal) -> Iterator[str]:
    yield f"## Problems: {len(refusal.problems)}"
    yield "\n".join(
        f"- **{text(problem.where)}**: {text(problem.problem)}. {text(problem.hint)} ({text(problem.code)})"
        for problem in refusal.problems
    )


def _numbers(metrics: tuple[HeadlineMetric, ...]) -> Iterator[str]:
    if metrics:
        yield "## Numbers on the test rows"
        yield table(("Metric", "Value", "Interval"), [_row(metric) for metric in metrics])


def _row(metric: HeadlineMetric) -> tuple[str, str, str]:
    value, low, high = (
        None if number is None else f"{number:,.{metric.decimals}f}"
        for number in (metric.value, metric.low, metric.high)
    )
    return metric.name, str(value), "" if low is None or high is None else f"{low} to {high}"


def _refit(refit: Refit) -> Iterator[str]:
    """The numbers above are of the judged model: no row is left to measure them on for what ships."""
    yield "## Refit"
    yield (
        f"The numbers are of the model that was judged. Its refit, the same recipe on {refit.rows:,} rows with "
        f"{refit.conversions:,} conversions{f' until {text(refit.until)}' if refit.until else ''}, is what ships "
        "where the verdict promotes."
    )
    shown = {"Change of log loss": ("log_loss_change", "+.2%"), "Level": ("level_ratio", ".3f")}
    shown["Rank correlation of both orders"] = ("order_agreement", ".3f")
    cells = [(name, f"{refit.metrics[metric]:{form}}") for name, (metric, form) in shown.items()]
    yield table(("Against the judged model", "Value"), cells)


def _failed_rules(verdict: Verdict) -> Iterator[str]:
    if verdict.failed:
        yield f"## Rules that do not hold: {len(verdict.failed)} of {len(verdict.reasons)}"
        yield "\n".join(
            f"- **{text(reason.rule)}**: {text(reason.message)} (bound: {text(reason.bound)})"
            for reason in verdict.failed
        )


def _rejected_rows(report: RejectionReport) -> Iterator[str]:
    yield "## Rejected rows"
    yield (
        f"{report.rejected_rows:,} of {report.rows_in:,} rows ({_share(report.rejected_share)}; "
        f"the budget is {_share(report.budget)}). {report.rows_kept:,} rows were kept."
    )
    items = [
        f"- {text(rule.name)}: {rule.rejected:,} rows ({_share(rule.share)})" for rule in report.rules if rule.rejected
    ]
    items += [f"- Copies of another row: {report.duplicates:,}"] if report.duplicates else []
    items += [f"- Too young for their conversions, not used: {report.immature:,}"] if report.immature else []
    items += [f"- **Note**: {text(warning)}" for warning in report.warnings]
    if items:
        yield "\n".join(items)


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _image(image: ImageDocument) -> Iterator[str]:
    yield "## Image"
    yield code(image.reference)
    yield "Tag:"
    yield code(image.tag)
    yield "Digest:"
    yield code(image.digest)
    if image.outcome == "unchanged":
        yield "The same image was there before; nothing was uploaded."


def _cost(extract: Extract) -> Iterator[str]:
    query = extract.query
    if extract.bytes_billed or query is not None:
        billed = extract.bytes_billed or 0
        yield "## Cost"
        yield f"{billed:,} bytes billed ({billed / 1e9:,.2f} GB) for {extract.rows:,} rows."
    if query is not None:
        yield (
            f"Estimated at {query.usd:,.2f} USD, at {query.usd_per_tib:g} USD per TiB on demand; "
            f"{query.bytes_processed:,} bytes processed{', from the cache of BigQuery' if query.cache_hit else ''}."
        )
        yield "Job in BigQuery:"
        yield code(query.job_id)
        if query.table is not None:
            yield "Table that models share:"
            yield code(query.table)
