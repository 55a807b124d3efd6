"""The refit of a verdict: what ships in the place of the model that was judged, and what it was checked by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from artifacts.split import SPLITS
from build.gate.fields import metrics as figures
from build.gate.fields import reasons
from build.gate.fields.context import VerdictContext
from build.gate.fields.lineage import DIGEST
from build.gate.fields.rule import Violation
from model.files import JSON

MEASURED = {
    "refit agrees: order": "order_agreement",
    "refit agrees: level": "level_ratio",
    "refit agrees: log loss": "log_loss_change",
    "refit agrees: slices": "slices_harmed",
    "refit agrees: directions": "monotone_violations",
    "refit agrees: golden rows": "golden_rows_off",
    "refit agrees: size": "booster_bytes",
}


@dataclass(frozen=True)
class NamedRefit:
    """As the verdict has it: nothing is checked yet."""

    bundle: JSON
    metrics: Mapping[str, JSON]


def of(context: VerdictContext) -> NamedRefit | None:
    """None where the judged model is what ships."""
    document = context.document.get("refit")
    if document is None:
        return None
    if not isinstance(document, dict):
        return NamedRefit(None, {})
    metrics = document.get("metrics")
    return NamedRefit(document.get("bundle"), metrics if isinstance(metrics, dict) else {})


def digests(context: VerdictContext) -> list[JSON]:
    """Of the judged model, and of its refit where there is one."""
    refitted = of(context)
    return [context.document.get("bundle"), *([refitted.bundle] if refitted else [])]


def incomplete(context: VerdictContext) -> Iterator[Violation]:
    refitted, document = of(context), context.document.get("refit")
    if refitted is None:
        return
    if not isinstance(document, dict):
        yield Violation("refit", f"is {document!r:.60}, neither null nor an object")
        return
    if not isinstance(refitted.bundle, str) or not DIGEST.fullmatch(refitted.bundle):
        yield Violation("refit.bundle", f"is {refitted.bundle!r:.90}, not the digest of a bundle")
    elif refitted.bundle == context.document.get("bundle"):
        yield Violation("refit.bundle", "is the judged bundle itself")
    if document.get("checked_on") not in SPLITS:
        yield Violation("refit.checked_on", f"is {document.get('checked_on')!r:.60}, not a split")
    for name in ("rows", "conversions"):
        value = document.get(name)
        if not (figures.is_number(value) and figures.SOME.contains(float(str(value)))):
            yield Violation(f"refit.{name}", f"is {value!r:.40}, not {figures.SOME}")
    for name, value in refitted.metrics.items():
        if not figures.is_number(value):
            yield Violation(f"refit.metrics.{name}", f"is {value!r:.60}, not a finite number")


def unlike_bundle(context: VerdictContext) -> Iterator[Violation]:
    if context.manifest is None:
        return
    lineage, refitted = context.manifest.lineage, of(context)
    if refitted is None:
        if lineage.refit_of is not None:
            yield Violation("refit", f"is null, and this bundle is the refit of {lineage.refit_of:.90}")
        return
    if lineage.refit_of != context.document.get("bundle"):
        problem = f"is not the one that this bundle is the refit of, {lineage.refit_of!r:.90}"
        yield Violation("bundle", problem)
    document = context.document.get("refit")
    expected = {
        "rows": lineage.rows.get("train"),
        "conversions": lineage.positives.get("train"),
        "until": lineage.trained_until,
    }
    for name, value in expected.items():
        if isinstance(document, dict) and document.get(name) != value:
            yield Violation(f"refit.{name}", f"is {document.get(name)!r:.60}, the bundle has {value!r:.60}")


def unlike_reasons(context: VerdictContext) -> Iterator[Violation]:
    """Whether each is within its bound is checked with all other reasons."""
    if not reasons.promotes(context):
        return
    refitted = of(context)
    by_rule = {reason.get("rule"): reason for reason in reasons.objects(context) if isinstance(reason.get("rule"), str)}
    for rule, name in MEASURED.items():
        if (rule in by_rule) != (refitted is not None):
            about = "none about" if refitted else "one about a refit that is not named,"
            yield Violation("reasons", f"have {about} {rule!r}")
        elif refitted is not None and by_rule[rule].get("measured") != refitted.metrics.get(name):
            measured, value = by_rule[rule].get("measured"), refitted.metrics.get(name)
            yield Violation(f"reasons {rule!r}", f"measured {measured!r:.40}, refit.metrics.{name} is {value!r:.40}")
