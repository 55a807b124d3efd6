"""Which model it is, of which label, and what it was trained with."""

import re
from collections.abc import Iterator

from build.gate.fields import metrics as figures
from build.gate.fields.context import ManifestContext
from build.gate.fields.rule import CheckedElsewhere, FieldRule, FieldTable, Violation
from build.gate.fields.text import PRINTABLE, unprintable
from model.bundle.manifest import format_of

MODEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 60
MOST_DAYS = 36_525
LIBRARY, VERSION = re.compile(r"[A-Za-z0-9._-]{1,60}"), re.compile(r"[0-9][A-Za-z0-9.+!_-]{0,59}")
SEARCHED = {"trials": figures.SOME, "rounds": figures.SOME, "seed": figures.COUNT, "log_loss": figures.LOSS}


def _format(context: ManifestContext) -> Iterator[Violation]:
    manifest = context.manifest
    if manifest.format != (needed := format_of(manifest.features, manifest.position)):
        yield Violation("format", f"is {manifest.format}, with what it holds it is {needed}")


def _model(context: ManifestContext) -> Iterator[Violation]:
    name = context.manifest.model
    if not MODEL.fullmatch(name) or len(name) > LONGEST_NAME:
        yield Violation("model", f"is {name!r:.100}, which cannot be part of a tag")


def _label(context: ManifestContext) -> Iterator[Violation]:
    label = context.manifest.label
    if not label:
        yield Violation("label", "is empty")
    elif label in context.manifest.names:
        yield Violation("label", f"is {label!r:.80}, which is a feature: the label cannot be an input")


def _days(context: ManifestContext) -> Iterator[Violation]:
    if not 0 <= (days := context.manifest.conversion_days) <= MOST_DAYS:
        yield Violation("conversion_days", f"is {days}, not 0 to {MOST_DAYS:,}")


def _search(context: ManifestContext) -> Iterator[Violation]:
    for name, value in context.manifest.search.items():
        allowed = SEARCHED.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and not figures.is_number(value):
            yield Violation(f"search.{name}", f"is {value!r:.40}, which is not a finite number")
        elif allowed and not (figures.is_number(value) and allowed.contains(float(value or 0))):
            yield Violation(f"search.{name}", f"is {value!r:.40}, not {allowed}")


def _metrics_absent(context: ManifestContext) -> Iterator[Violation]:
    if not context.manifest.metrics:
        yield Violation("metrics", "has no entry")


def _metrics(context: ManifestContext) -> Iterator[Violation]:
    metrics = context.manifest.metrics
    yield from figures.out_of_range(metrics)
    yield from figures.out_of_interval(metrics)
    yield from figures.contradictions(metrics)


def _version(context: ManifestContext) -> Iterator[Violation]:
    written = context.manifest.libraries.get("xgboost")
    if written != context.version:
        hint = f"Train with XGBoost {context.version}, or serve with the version of training"
        yield Violation("libraries.xgboost", f"is {written}, this is {context.version}", hint)


def _libraries(context: ManifestContext) -> Iterator[Violation]:
    for name, version in context.manifest.libraries.items():
        if not LIBRARY.fullmatch(name) or not VERSION.fullmatch(version):
            yield Violation("libraries", f"hold {name!r:.80} of version {version!r:.80}")


def _texts(context: ManifestContext) -> Iterator[Violation]:
    """All but the values of categories, which are data."""
    document = context.manifest.model_dump(mode="json")
    for feature in document["features"]:
        feature.pop("categories", None)
        feature.pop("rare", None)
    yield from unprintable(document)


TABLE: FieldTable[ManifestContext] = (
    FieldRule("format", "3 with an examination curve, else 2 with a statistic, else 1", "manifest-format", _format),
    FieldRule("every text", f"{PRINTABLE}; values of categories are data and may be anything", "manifest-text", _texts),
    FieldRule(
        "model",
        f"lower-case ASCII letters and digits, words separated by single hyphens, at most {LONGEST_NAME} characters",
        "manifest-model",
        _model,
    ),
    FieldRule("label", "a name, and not that of a feature", "manifest-label", _label),
    FieldRule("conversion_days", f"a whole number of days from 0 to {MOST_DAYS:,}", "manifest-days", _days),
    FieldRule(
        "search",
        "finite numbers and texts; `trials` and `rounds` at least 1, `seed` at least 0, `log_loss` a log loss",
        "manifest-search",
        _search,
    ),
    FieldRule("metrics", "at least one", "manifest-metrics", _metrics_absent),
    FieldRule(
        "metrics.*",
        "a finite number within the range of its name (below), within its interval if it has one, in agreement with "
        "the others",
        "manifest-metrics",
        _metrics,
    ),
    FieldRule("libraries.xgboost", "the version that serves", "library-version", _version),
    FieldRule("libraries.*", "a name and a version as package indexes write them", "manifest-libraries", _libraries),
    CheckedElsewhere(
        "files", "size and sha256 of `booster.ubj` and `golden.json`, which are those of the files", "file-digest"
    ),
)
