"""What the model reads: features, the position, and the bounds outside of which it was not trained."""

from collections import Counter
from collections.abc import Iterator

from build.gate.fields.context import ManifestContext
from build.gate.fields.rule import CheckedElsewhere, FieldRule, FieldTable, Violation
from model.bundle.bounds import Bounds
from model.bundle.features import CategoryFeature, NumberFeature
from model.text import has_controls


def _names(context: ManifestContext) -> Iterator[Violation]:
    for feature in context.manifest.features:
        if not feature.name or has_controls(feature.name):
            yield Violation("features", f"hold the name {feature.name!r:.80}")


def _once(context: ManifestContext) -> Iterator[Violation]:
    for name, times in Counter(context.manifest.names).items():
        if times > 1:
            yield Violation("features", f"hold {name!r} {times} times")


def _categories(context: ManifestContext) -> Iterator[Violation]:
    for feature in context.manifest.features:
        if isinstance(feature, CategoryFeature):
            for value, times in Counter(feature.categories).items():
                if times > 1:
                    yield Violation(f"features {feature.name!r}", f"lists the category {value!r:.80} {times} times")


def _ranges(context: ManifestContext) -> Iterator[Violation]:
    for feature in context.manifest.features:
        if isinstance(feature, CategoryFeature):
            continue
        where, low, high = f"features {feature.name!r}", feature.minimum, feature.maximum
        if (low is None) != (high is None):
            yield Violation(where, "has one end of a range without the other")
        elif low is not None and high is not None and low > high:
            yield Violation(where, f"has minimum {low} above maximum {high}")


def _position(context: ManifestContext) -> Iterator[Violation]:
    position = context.manifest.position
    if position is None:
        return
    matches = [feature for feature in context.manifest.features if feature.name == position.feature]
    if not matches:
        yield Violation("position", f"holds {position.feature!r}, which is not a feature")
    elif not isinstance(matches[0], NumberFeature):
        yield Violation("position", f"holds {position.feature!r}, which is a category")
    if not context.manifest.inputs:
        yield Violation("features", "have only the position: callers would send nothing")


def _constant(context: ManifestContext) -> Iterator[Violation]:
    position = context.manifest.position
    feature = next(
        (feature for feature in context.manifest.features if position and feature.name == position.feature), None
    )
    if position is None or position.constant == 1 or not isinstance(feature, NumberFeature):
        return
    low, high = feature.minimum, feature.maximum
    if low is None or high is None or not low <= position.constant <= high:
        yield Violation(
            "position.constant", f"is {position.constant:.20g}, outside the positions of training, {low} to {high}"
        )


def _bound_names(context: ManifestContext) -> Iterator[Violation]:
    for name, times in Counter(bounds.name for bounds in context.manifest.bounds).items():
        if not name or times > 1:
            yield Violation("bounds", f"have the name {name!r:.80} {times} times")


def _expressions(context: ManifestContext) -> Iterator[Violation]:
    numbers = {feature.name for feature in context.manifest.inputs if isinstance(feature, NumberFeature)}
    for bounds in context.manifest.bounds:
        yield from _expression(bounds, numbers)


def _expression(bounds: Bounds, numbers: set[str]) -> Iterator[Violation]:
    where = f"bounds {bounds.name!r}"
    try:
        columns = bounds.parsed.columns
    except ValueError as error:
        yield Violation(where, str(error).partition(" | ")[0])
        return
    if unknown := [name for name in columns if name not in numbers]:
        yield Violation(where, f"reads {unknown[0]!r}, which is not a number that callers send")


def _bound_ends(context: ManifestContext) -> Iterator[Violation]:
    for bounds in context.manifest.bounds:
        where = f"bounds {bounds.name!r}"
        if bounds.min is None and bounds.max is None:
            yield Violation(where, "has neither min nor max")
        elif bounds.min is not None and bounds.max is not None and bounds.min > bounds.max:
            yield Violation(where, f"has min {bounds.min:g} above max {bounds.max:g}")


TABLE: FieldTable[ManifestContext] = (
    FieldRule("features.*.name", "a name without control characters", "feature-name", _names),
    FieldRule("features.*.name", "different from all others", "feature-twice", _once),
    CheckedElsewhere("features.*.direction", "null or a direction that weights and splits obey", "direction-broken"),
    FieldRule("features.*.categories", "different texts, any of them", "feature-categories", _categories),
    CheckedElsewhere("features.*.unknown", "`other`, `missing` or `refuse`", "manifest-field"),
    FieldRule("features.*.minimum, maximum", "both null, or finite and in order", "feature-range", _ranges),
    FieldRule("position.feature", "a number among the features, and not the only one", "position-feature", _position),
    FieldRule(
        "position.constant",
        "1, or a whole number within the range of its feature",
        "position-range",
        _constant,
    ),
    FieldRule("bounds.*.name", "a name, different from all others", "bounds-name", _bound_names),
    FieldRule(
        "bounds.*.expression",
        "arithmetic over numbers that callers send (`model/expression.py`)",
        "bounds-expression",
        _expressions,
    ),
    FieldRule("bounds.*.min, max", "at least one of them; in order", "bounds-range", _bound_ends),
)
