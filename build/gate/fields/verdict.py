"""The rules of a verdict, alone and against its bundle."""

from collections.abc import Iterator, Mapping

from artifacts.checksum import CHECKSUM, checksum_of
from artifacts.verdict import Verdict
from build.gate.fields import cuts, reasons, refit
from build.gate.fields import metrics as figures
from build.gate.fields.context import VerdictContext
from build.gate.fields.lineage import DIGEST, HEX
from build.gate.fields.rule import FieldRule, FieldTable, Violation
from build.gate.fields.text import PRINTABLE, unprintable
from model.bundle.folder import BOOSTER
from model.files import JSON

NEEDED = ("rows", "conversions", "log_loss", "auc", "calibration_ratio", "booster_bytes", "trees")
FORMAT = Verdict.model_fields["format"].default
IMPROVE = "Only `promote` becomes an image; the verdict's reasons name what to improve"


def _texts(context: VerdictContext) -> Iterator[Violation]:
    yield from unprintable(context.document)


def _checksum(context: VerdictContext) -> Iterator[Violation]:
    if context.document.get(CHECKSUM) != checksum_of(context.document):
        yield Violation(CHECKSUM, "is not the checksum of the verdict: the file was damaged or edited by hand")


def _format(context: VerdictContext) -> Iterator[Violation]:
    number = context.document.get("format")
    if isinstance(number, bool) or number != FORMAT:
        yield Violation("format", f"is {number!r:.40}, not {FORMAT}")


def _outcome(context: VerdictContext) -> Iterator[Violation]:
    if not reasons.promotes(context):
        yield Violation("", f"is {context.document.get('verdict')!r:.60}", IMPROVE)


def _bundle(context: VerdictContext) -> Iterator[Violation]:
    """A verdict with a refit lets that alone pass, and not the model that was judged."""
    refitted = refit.of(context)
    name, named = ("bundle", context.document.get("bundle")) if refitted is None else ("refit.bundle", refitted.bundle)
    if context.digest is not None and named != context.digest:
        yield Violation(name, f"is {named!r:.90}, this bundle is {context.digest}")


def _spec(context: VerdictContext) -> Iterator[Violation]:
    for name in ("spec_sha256", "sql_sha256"):
        if context.manifest is not None and context.document.get(name) != getattr(context.manifest.lineage, name):
            yield Violation(name, "is not the one that the bundle was trained from")


def _champion(context: VerdictContext) -> Iterator[Violation]:
    named = context.document.get("champion")
    if named is None:
        return
    if not isinstance(named, str) or not DIGEST.fullmatch(named):
        yield Violation("champion", f"is {named!r:.90}, not the digest of a bundle")
    elif named in refit.digests(context) and reasons.promotes(context):
        yield Violation("champion", "is this bundle itself")


def _test_rows(context: VerdictContext) -> Iterator[Violation]:
    named = context.document.get("test_rows_sha256")
    if not isinstance(named, str) or not HEX.fullmatch(named):
        yield Violation("test_rows_sha256", f"is {named!r:.80}, not a sha256")


def _bootstrap(context: VerdictContext) -> Iterator[Violation]:
    drawn = context.document.get("bootstrap")
    for name, allowed in (("seed", figures.COUNT), ("draws", figures.SOME)):
        value = drawn.get(name) if isinstance(drawn, dict) else None
        if not (figures.is_number(value) and allowed.contains(float(str(value)))):
            yield Violation(f"bootstrap.{name}", f"is {value!r:.40}, not {allowed}")


def _metrics(context: VerdictContext) -> Mapping[str, JSON]:
    metrics = context.document.get("metrics")
    return metrics if isinstance(metrics, dict) else {}


def _metrics_absent(context: VerdictContext) -> Iterator[Violation]:
    metrics = _metrics(context)
    if not metrics:
        yield Violation("metrics", "are absent")
        return
    if reasons.promotes(context):
        yield from (Violation(f"metrics.{name}", "is absent") for name in NEEDED if name not in metrics)
    for name, value in metrics.items():
        if not figures.is_number(value):
            yield Violation(f"metrics.{name}", f"is {value!r:.60}, not a finite number")


def _ranges(context: VerdictContext) -> Iterator[Violation]:
    yield from figures.out_of_range(_metrics(context))


def _intervals(context: VerdictContext) -> Iterator[Violation]:
    yield from figures.out_of_interval(_metrics(context))


def _agreement(context: VerdictContext) -> Iterator[Violation]:
    yield from figures.contradictions(_metrics(context))


def _against_bundle(context: VerdictContext) -> Iterator[Violation]:
    """Counts of the verdict equal those of the bundle, and of its lineage's test split with those of older cuts."""
    if context.manifest is None:
        return
    lineage, known = context.manifest.lineage, figures.numbers(_metrics(context))
    booster = context.manifest.files.get(BOOSTER)
    newest = {"rows": lineage.rows.get("test"), "conversions": lineage.positives.get("test")}
    test = {name: None if value is None else value + cuts.older(context, name) for name, value in newest.items()}
    size = {"trees": context.manifest.trees.trees, "booster_bytes": booster.size if booster else None}
    refitted = refit.of(context)
    yield from _unlike("metrics", known, test if refitted else test | size)
    if refitted:
        yield from _unlike("refit.metrics", figures.numbers(refitted.metrics), size)


def _unlike(where: str, known: Mapping[str, float], expected: Mapping[str, int | None]) -> Iterator[Violation]:
    for name, value in expected.items():
        if value is not None and name in known and known[name] != value:
            yield Violation(f"{where}.{name}", f"is {known[name]:.15g}, the bundle has {value:.15g}")


TABLE: FieldTable[VerdictContext] = (
    FieldRule("format", f"{FORMAT}", "verdict-format", _format),
    FieldRule("every text", PRINTABLE, "verdict-text", _texts),
    FieldRule("sha256", "the SHA-256 of all other keys", "verdict-digest", _checksum),
    FieldRule("verdict", "`promote`", "verdict-not-promote", _outcome),
    FieldRule(
        "bundle, refit.bundle",
        "the digest of this bundle: that of the refit where there is one",
        "verdict-other-bundle",
        _bundle,
    ),
    FieldRule(
        "refit",
        "null, or an object with the digest of another bundle, counts and finite metrics",
        "verdict-refit",
        refit.incomplete,
    ),
    FieldRule(
        "refit and lineage.refit_of",
        "`bundle` is `refit_of` of a bundle that is a refit; other bundles have no `refit`",
        "verdict-refit",
        refit.unlike_bundle,
    ),
    FieldRule(
        "refit and reasons",
        "a reason for each of " + ", ".join(f"`{rule}`" for rule in refit.MEASURED) + " exactly if there is a refit; "
        "each measured the metric of `refit` that it is of",
        "verdict-refit",
        refit.unlike_reasons,
    ),
    FieldRule("spec_sha256, sql_sha256", "those of the bundle's lineage", "verdict-other-spec", _spec),
    FieldRule("champion", "null, or the digest of another bundle", "verdict-champion", _champion),
    FieldRule("test_rows_sha256", "64 lower-case hex digits", "verdict-rows", _test_rows),
    FieldRule(
        "cuts",
        "absent or empty, or two or more objects with `bundle`, `test_rows_sha256`, `rows` and `conversions`",
        "verdict-cuts",
        cuts.incomplete,
    ),
    FieldRule("cuts.0", "`bundle` and `test_rows_sha256` of the verdict", "verdict-cuts", cuts.unlike_judged),
    FieldRule(
        "bootstrap", "`seed`, a whole number; `draws`, a whole number of at least 1", "verdict-bootstrap", _bootstrap
    ),
    FieldRule("reasons", "at least one", "verdict-reasons", reasons.absent),
    FieldRule("reasons.*.passed", "true", "verdict-reasons", reasons.not_passed),
    FieldRule(
        "reasons.*.rule, bound, message, measured",
        "texts that are not empty; `measured` may be a finite number",
        "verdict-reasons",
        reasons.incomplete,
    ),
    FieldRule("reasons.*.rule", "different from all others", "verdict-reasons", reasons.twice),
    FieldRule(
        "reasons, together",
        "among them " + ", ".join(f"`{rule}`" for rule in reasons.ALWAYS) + " and one that something was beaten",
        "verdict-reasons",
        reasons.unexplained,
    ),
    FieldRule(
        "champion and reasons",
        "a reason compares with one exactly if one is named",
        "verdict-champion",
        reasons.about_champion,
    ),
    FieldRule(
        "reasons.*.measured, bound",
        "a number within the comparisons of the bound",
        "verdict-bound",
        reasons.beyond_bound,
    ),
    FieldRule(
        "reasons.*.measured",
        "for " + ", ".join(f"`{rule}`" for rule in reasons.MEASURED) + ": the metric that it is of",
        "verdict-bound",
        reasons.unlike_metric,
    ),
    FieldRule(
        "metrics",
        "finite numbers, among them " + ", ".join(f"`{name}`" for name in NEEDED),
        "verdict-metrics",
        _metrics_absent,
    ),
    FieldRule("metrics.*", "within the range of its name (below)", "verdict-range", _ranges),
    FieldRule("metrics.*_low, *_high", "the ends of an interval that holds the metric", "verdict-range", _intervals),
    FieldRule(
        "metrics, together",
        "no part above its total; rates, entropies and ratios agree with their parts",
        "verdict-counts",
        _agreement,
    ),
    FieldRule(
        "metrics.rows, conversions, trees, booster_bytes",
        "rows and conversions of the lineage's test split and of older cuts, trees and bytes of the booster",
        "verdict-counts",
        _against_bundle,
    ),
)
