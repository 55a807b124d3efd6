"""What the model was made from: a window that can have been, counts that agree, digests."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from build.gate.fields.metrics import MOST_ROWS
from build.gate.fields.rule import Broken, Rule, Table
from build.gate.fields.subject import Trained

HEX = re.compile(r"[0-9a-f]{64}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
PARTS = ("train", "calibration", "test")
SAMPLED = "train_sampled"
FIRST_YEAR = 1980
AHEAD = timedelta(days=2)  # a day that has begun elsewhere, and a clock that is a little slow


def moment(text: str | None) -> datetime | None:
    """2026-07-01T00:00:00Z, or None for what is no moment written so."""
    if text is None or not MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _digests(trained: Trained) -> Iterator[Broken]:
    for name in ("spec_sha256", "sql_sha256", "data_sha256"):
        if not HEX.fullmatch(written := getattr(trained.manifest.lineage, name)):
            yield Broken(f"lineage.{name}", f"is {written!r:.80}, not a sha256")


def _cutoff(trained: Trained) -> Iterator[Broken]:
    cutoff = moment(trained.manifest.lineage.cutoff)
    if cutoff is None:
        yield Broken("lineage.cutoff", f"is {trained.manifest.lineage.cutoff!r}, which is not a moment")
    elif cutoff.year < FIRST_YEAR:
        yield Broken("lineage.cutoff", f"is {trained.manifest.lineage.cutoff}, which no log is as old as")


def _window(trained: Trained) -> Iterator[Broken]:
    lineage = trained.manifest.lineage
    for name in ("start", "end"):
        if (written := getattr(lineage, name)) is not None and moment(written) is None:
            yield Broken(f"lineage.{name}", f"is {written!r:.80}, which is not a moment like 2026-07-01T00:00:00Z")
    start, end, cutoff = (moment(text) for text in (lineage.start, lineage.end, lineage.cutoff))
    if start and end and start >= end:
        yield Broken("lineage.start", f"is {lineage.start}, and the window ends at {lineage.end}")
    if start and cutoff and start >= cutoff:
        yield Broken("lineage.start", f"is {lineage.start}, and no row is younger than {lineage.cutoff}")
    if end and cutoff and cutoff > end:
        yield Broken("lineage.cutoff", f"is {lineage.cutoff}, behind the window's end, {lineage.end}")


def _future(trained: Trained) -> Iterator[Broken]:
    lineage = trained.manifest.lineage
    for name in ("start", "end", "cutoff"):
        written = moment(getattr(lineage, name))
        if written and written.replace(tzinfo=UTC) > trained.now + AHEAD:
            hint = "Train on rows that have been; or put this machine's clock right, if it is slow"
            yield Broken(f"lineage.{name}", f"is {getattr(lineage, name)}, which lies in the future", hint)


def _rows(trained: Trained) -> Iterator[Broken]:
    rows = trained.manifest.lineage.rows
    for name in (*PARTS, SAMPLED):
        if name not in rows:
            yield Broken(f"lineage.rows.{name}", "is absent")
    for name, count in rows.items():
        least = 1 if name in (*PARTS, SAMPLED) else 0
        if not least <= count <= MOST_ROWS:
            yield Broken(f"lineage.rows.{name}", f"is {count:.20g}, not a whole number from {least} to {MOST_ROWS:.0e}")


def _positives(trained: Trained) -> Iterator[Broken]:
    rows, positives = trained.manifest.lineage.rows, trained.manifest.lineage.positives
    for name in PARTS:
        if name not in positives:
            yield Broken(f"lineage.positives.{name}", "is absent")
    for name, count in positives.items():
        if name not in rows:
            yield Broken(f"lineage.positives.{name:.80}", "is of a part that has no rows")
        elif not (0 < count < rows[name] if name in PARTS else 0 <= count <= rows[name]):
            problem = f"is {count:.20g} of {rows[name]:.20g} rows; training needs some of either class"
            yield Broken(f"lineage.positives.{name:.80}", problem)


def _sampled(trained: Trained) -> Iterator[Broken]:
    rows, positives = trained.manifest.lineage.rows, trained.manifest.lineage.positives
    counts = rows.get("train", 0), rows.get(SAMPLED, 0), positives.get("train", 0)
    if not all(0 < count <= MOST_ROWS for count in counts):
        return
    share = trained.manifest.sampling.kept_negatives
    expected = positives["train"] + share * (rows["train"] - positives["train"])
    if not math.isclose(rows[SAMPLED], expected, rel_tol=1e-9, abs_tol=0.5):
        problem = f"is {rows[SAMPLED]:,}, while all conversions and {share:.6g} of the other rows are {expected:,.0f}"
        yield Broken(f"lineage.rows.{SAMPLED}", problem)


TABLE: Table[Trained] = (
    Rule("lineage.spec_sha256, sql_sha256, data_sha256", "64 lower-case hex digits", "manifest-lineage", _digests),
    Rule(
        "lineage.cutoff", f"a moment in UTC like 2026-07-01T00:00:00Z, from {FIRST_YEAR} on", "manifest-cutoff", _cutoff
    ),
    Rule(
        "lineage.start, end",
        "null or such a moment; start before end and before cutoff, cutoff not behind end",
        "manifest-window",
        _window,
    ),
    Rule(
        "lineage.start, end, cutoff",
        f"at most {AHEAD.days} days ahead of the present moment of the machine that looks",
        "manifest-future",
        _future,
    ),
    Rule(
        "lineage.rows",
        "counts of `train`, `calibration`, `test` and `train_sampled`, each at least 1",
        "manifest-counts",
        _rows,
    ),
    Rule(
        "lineage.positives",
        "counts of `train`, `calibration` and `test`, each above 0 and below that of the rows",
        "manifest-counts",
        _positives,
    ),
    Rule(
        "lineage.rows.train_sampled",
        "all conversions of `train` and the share `sampling.kept_negatives` of its other rows",
        "manifest-counts",
        _sampled,
    ),
)
