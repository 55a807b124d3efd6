"""The rules of a verdict, by itself and against the bundle that it is of."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from artifacts.verdict import Verdict
from build.gate.fields import metrics as figures
from build.gate.fields import reasons
from build.gate.fields.lineage import HEX
from build.gate.fields.rule import Broken, Rule, Table
from build.gate.fields.subject import Judged
from build.gate.fields.text import PRINTABLE, unprintable
from model.bundle.bundle import BOOSTER
from model.verdict import SEAL, seal_of

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NEEDED = ("rows", "conversions", "log_loss", "auc", "calibration_ratio", "booster_bytes", "trees")
FORMAT = Verdict.model_fields["format"].default
IMPROVE = "Only `promote` becomes an image; the verdict's reasons say what to improve"


def _texts(judged: Judged) -> Iterator[Broken]:
    yield from unprintable(judged.said)


def _seal(judged: Judged) -> Iterator[Broken]:
    if judged.said.get(SEAL) != seal_of(judged.said):
        yield Broken(SEAL, "is not that of what it says: the file was damaged, or edited by hand")


def _format(judged: Judged) -> Iterator[Broken]:
    number = judged.said.get("format")
    if isinstance(number, bool) or number != FORMAT:
        yield Broken("format", f"is {number!r:.40}, not {FORMAT}")


def _word(judged: Judged) -> Iterator[Broken]:
    if not reasons.promotes(judged):
        yield Broken("", f"is {judged.said.get('verdict')!r:.60}", IMPROVE)


def _bundle(judged: Judged) -> Iterator[Broken]:
    named = judged.said.get("bundle")
    if judged.digest is not None and named != judged.digest:
        yield Broken("bundle", f"is {named!r:.90}, this bundle is {judged.digest}")


def _spec(judged: Judged) -> Iterator[Broken]:
    for name in ("spec_sha256", "sql_sha256"):
        if judged.manifest is not None and judged.said.get(name) != getattr(judged.manifest.lineage, name):
            yield Broken(name, "is not the one that the bundle was trained from")


def _champion(judged: Judged) -> Iterator[Broken]:
    named = judged.said.get("champion")
    if named is None:
        return
    if not isinstance(named, str) or not DIGEST.fullmatch(named):
        yield Broken("champion", f"is {named!r:.90}, not the digest of a bundle")
    elif named == judged.said.get("bundle") and reasons.promotes(judged):
        yield Broken("champion", "is this very bundle: there was nothing to promote")


def _test_rows(judged: Judged) -> Iterator[Broken]:
    named = judged.said.get("test_rows_sha256")
    if not isinstance(named, str) or not HEX.fullmatch(named):
        yield Broken("test_rows_sha256", f"is {named!r:.80}, not a sha256")


def _bootstrap(judged: Judged) -> Iterator[Broken]:
    drawn = judged.said.get("bootstrap")
    for name, allowed in (("seed", figures.COUNT), ("draws", figures.SOME)):
        value = drawn.get(name) if isinstance(drawn, dict) else None
        if not (figures.is_number(value) and allowed.holds(float(str(value)))):
            yield Broken(f"bootstrap.{name}", f"is {value!r:.40}, not {allowed}")


def _metrics(judged: Judged) -> Mapping[str, Any]:
    metrics = judged.said.get("metrics")
    return metrics if isinstance(metrics, dict) else {}


def _metrics_absent(judged: Judged) -> Iterator[Broken]:
    metrics = _metrics(judged)
    if not metrics:
        yield Broken("metrics", "are absent")
        return
    if reasons.promotes(judged):
        yield from (Broken(f"metrics.{name}", "is absent") for name in NEEDED if name not in metrics)
    for name, value in metrics.items():
        if not figures.is_number(value):
            yield Broken(f"metrics.{name}", f"is {value!r:.60}, not a finite number")


def _ranges(judged: Judged) -> Iterator[Broken]:
    yield from figures.out_of_range(_metrics(judged))


def _intervals(judged: Judged) -> Iterator[Broken]:
    yield from figures.out_of_interval(_metrics(judged))


def _agreement(judged: Judged) -> Iterator[Broken]:
    yield from figures.contradictions(_metrics(judged))


def _against_bundle(judged: Judged) -> Iterator[Broken]:
    """What the verdict counted is what the bundle holds, and what its lineage says of the test part."""
    if judged.manifest is None:
        return
    lineage, known = judged.manifest.lineage, figures.numbers(_metrics(judged))
    booster = judged.manifest.files.get(BOOSTER)
    expected = {
        "rows": lineage.rows.get("test"),
        "conversions": lineage.positives.get("test"),
        "trees": judged.manifest.trees.trees,
        "booster_bytes": booster and booster.size,
    }
    for name, value in expected.items():
        if value is not None and name in known and known[name] != value:
            yield Broken(f"metrics.{name}", f"is {known[name]:.15g}, while the bundle says {value:.15g}")


TABLE: Table[Judged] = (
    Rule("format", f"{FORMAT}", "verdict-format", _format),
    Rule("every text", PRINTABLE, "verdict-text", _texts),
    Rule("sha256", "the digest of all else that it says", "verdict-digest", _seal),
    Rule("verdict", "`promote`", "verdict-not-promote", _word),
    Rule("bundle", "the digest of this bundle", "verdict-other-bundle", _bundle),
    Rule("spec_sha256, sql_sha256", "those of the bundle's lineage", "verdict-other-spec", _spec),
    Rule("champion", "null, or the digest of another bundle", "verdict-champion", _champion),
    Rule("test_rows_sha256", "64 lower-case hex digits", "verdict-rows", _test_rows),
    Rule("bootstrap", "`seed`, a whole number; `draws`, a whole number of at least 1", "verdict-bootstrap", _bootstrap),
    Rule("reasons", "at least one", "verdict-reasons", reasons.absent),
    Rule("reasons.*.passed", "true", "verdict-reasons", reasons.not_passed),
    Rule(
        "reasons.*.rule, bound, message, measured",
        "texts that are not empty; `measured` may be a finite number",
        "verdict-reasons",
        reasons.incomplete,
    ),
    Rule("reasons.*.rule", "different from all others", "verdict-reasons", reasons.twice),
    Rule(
        "reasons: the whole",
        "among them " + ", ".join(f"`{rule}`" for rule in reasons.ALWAYS) + " and one that something was beaten",
        "verdict-reasons",
        reasons.unexplained,
    ),
    Rule(
        "champion and reasons",
        "a reason compares with one exactly if one is named",
        "verdict-champion",
        reasons.about_champion,
    ),
    Rule("reasons.*.measured, bound", "a number within the bound's own words", "verdict-bound", reasons.beyond_bound),
    Rule(
        "reasons.*.measured",
        "for " + ", ".join(f"`{rule}`" for rule in reasons.MEASURED) + ": the metric of that meaning",
        "verdict-bound",
        reasons.unlike_metric,
    ),
    Rule(
        "metrics",
        "finite numbers, among them " + ", ".join(f"`{name}`" for name in NEEDED),
        "verdict-metrics",
        _metrics_absent,
    ),
    Rule("metrics.*", "within the range of its name (below)", "verdict-range", _ranges),
    Rule("metrics.*_low, *_high", "the ends of an interval that holds the metric", "verdict-range", _intervals),
    Rule(
        "metrics: parts and wholes",
        "no part above its whole; rates, entropies and ratios those of their parts",
        "verdict-counts",
        _agreement,
    ),
    Rule(
        "metrics.rows, conversions, trees, booster_bytes",
        "rows and conversions of the lineage's test part, trees and bytes of the booster",
        "verdict-counts",
        _against_bundle,
    ),
)
