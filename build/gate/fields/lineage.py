"""What the model was made from: a possible time window, counts that agree, digests."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from artifacts.split import SPLITS
from build.gate.fields.context import ManifestContext
from build.gate.fields.metrics import MOST_ROWS
from build.gate.fields.rule import FieldRule, FieldTable, Violation

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
HEX = re.compile(r"[0-9a-f]{64}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
SAMPLED = "train_sampled"
FIRST_YEAR = 1980
AHEAD = timedelta(days=2)  # time zones, and a clock that is slow


def moment(text: str | None) -> datetime | None:
    """2026-07-01T00:00:00Z, or None for any other text."""
    if text is None or not MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _digests(context: ManifestContext) -> Iterator[Violation]:
    for name in ("spec_sha256", "sql_sha256", "data_sha256"):
        if not HEX.fullmatch(written := getattr(context.manifest.lineage, name)):
            yield Violation(f"lineage.{name}", f"is {written!r:.80}, not a sha256")


def _cutoff(context: ManifestContext) -> Iterator[Violation]:
    cutoff = moment(context.manifest.lineage.cutoff)
    if cutoff is None:
        yield Violation("lineage.cutoff", f"is {context.manifest.lineage.cutoff!r}, which is not a moment")
    elif cutoff.year < FIRST_YEAR:
        yield Violation("lineage.cutoff", f"is {context.manifest.lineage.cutoff}, which is before any log")


def _window(context: ManifestContext) -> Iterator[Violation]:
    lineage = context.manifest.lineage
    for name in ("start", "end"):
        if (written := getattr(lineage, name)) is not None and moment(written) is None:
            yield Violation(f"lineage.{name}", f"is {written!r:.80}, which is not a moment like 2026-07-01T00:00:00Z")
    start, end, cutoff = (moment(text) for text in (lineage.start, lineage.end, lineage.cutoff))
    if start and end and start >= end:
        yield Violation("lineage.start", f"is {lineage.start}, the window ends at {lineage.end}")
    if start and cutoff and start >= cutoff:
        yield Violation("lineage.start", f"is {lineage.start}, no row is younger than {lineage.cutoff}")
    if end and cutoff and cutoff > end:
        yield Violation("lineage.cutoff", f"is {lineage.cutoff}, after the window's end, {lineage.end}")


def _future(context: ManifestContext) -> Iterator[Violation]:
    lineage = context.manifest.lineage
    for name in ("start", "end", "cutoff", "trained_until"):
        written = moment(getattr(lineage, name))
        if written and written.replace(tzinfo=UTC) > context.now + AHEAD:
            hint = "Train on rows of the past, or set this machine's clock if it is slow"
            yield Violation(f"lineage.{name}", f"is {getattr(lineage, name)}, which is in the future", hint)


def _trained_until(context: ManifestContext) -> Iterator[Violation]:
    written = context.manifest.lineage.trained_until
    if written is not None and moment(written) is None:
        yield Violation("lineage.trained_until", f"is {written!r:.60}, neither null nor a moment")


def _refit_of(context: ManifestContext) -> Iterator[Violation]:
    written = context.manifest.lineage.refit_of
    if written is not None and not DIGEST.fullmatch(written):
        yield Violation("lineage.refit_of", f"is {written!r:.90}, neither null nor the digest of a bundle")


def _rows(context: ManifestContext) -> Iterator[Violation]:
    rows = context.manifest.lineage.rows
    for name in (*SPLITS, SAMPLED):
        if name not in rows:
            yield Violation(f"lineage.rows.{name}", "is absent")
    for name, count in rows.items():
        least = 1 if name in (*SPLITS, SAMPLED) else 0
        if not least <= count <= MOST_ROWS:
            yield Violation(
                f"lineage.rows.{name}", f"is {count:.20g}, not a whole number from {least} to {MOST_ROWS:.0e}"
            )


def _positives(context: ManifestContext) -> Iterator[Violation]:
    rows, positives = context.manifest.lineage.rows, context.manifest.lineage.positives
    for split in SPLITS:
        if split not in positives:
            yield Violation(f"lineage.positives.{split}", "is absent")
    for name, count in positives.items():
        if name not in rows:
            yield Violation(f"lineage.positives.{name:.80}", "is of a split that has no rows")
        elif not (0 < count < rows[name] if name in SPLITS else 0 <= count <= rows[name]):
            problem = f"is {count:.20g} of {rows[name]:.20g} rows; training needs some of either class"
            yield Violation(f"lineage.positives.{name:.80}", problem)


def _sampled(context: ManifestContext) -> Iterator[Violation]:
    rows, positives = context.manifest.lineage.rows, context.manifest.lineage.positives
    counts = rows.get("train", 0), rows.get(SAMPLED, 0), positives.get("train", 0)
    if not all(0 < count <= MOST_ROWS for count in counts):
        return
    share = context.manifest.sampling.kept_negatives
    expected = positives["train"] + share * (rows["train"] - positives["train"])
    if not math.isclose(rows[SAMPLED], expected, rel_tol=1e-9, abs_tol=0.5):
        problem = f"is {rows[SAMPLED]:,}, while all conversions and {share:.6g} of the other rows are {expected:,.0f}"
        yield Violation(f"lineage.rows.{SAMPLED}", problem)


TABLE: FieldTable[ManifestContext] = (
    FieldRule("lineage.spec_sha256, sql_sha256, data_sha256", "64 lower-case hex digits", "manifest-lineage", _digests),
    FieldRule(
        "lineage.cutoff", f"a moment in UTC like 2026-07-01T00:00:00Z, from {FIRST_YEAR} on", "manifest-cutoff", _cutoff
    ),
    FieldRule(
        "lineage.start, end",
        "null or such a moment; start before end and before cutoff, cutoff not behind end",
        "manifest-window",
        _window,
    ),
    FieldRule(
        "lineage.start, end, cutoff, trained_until",
        f"at most {AHEAD.days} days ahead of the present moment of the machine that looks",
        "manifest-future",
        _future,
    ),
    FieldRule("lineage.trained_until", "null or such a moment", "manifest-window", _trained_until),
    FieldRule("lineage.refit_of", "null, or the digest of a bundle", "manifest-lineage", _refit_of),
    FieldRule(
        "lineage.rows",
        "counts of `train`, `calibration`, `test` and `train_sampled`, each at least 1",
        "manifest-counts",
        _rows,
    ),
    FieldRule(
        "lineage.positives",
        "counts of `train`, `calibration` and `test`, each above 0 and below that of the rows",
        "manifest-counts",
        _positives,
    ),
    FieldRule(
        "lineage.rows.train_sampled",
        "all conversions of `train` and the share `sampling.kept_negatives` of its other rows",
        "manifest-counts",
        _sampled,
    ),
)
