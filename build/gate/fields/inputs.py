"""What the model reads: features, the position, and the bounds outside of which it was not trained."""

from collections import Counter
from collections.abc import Iterator

from build.gate.fields.context import ManifestContext
from build.gate.fields.rule import CheckedElsewhere, FieldRule, FieldTable, Violation
from model.bundle.bounds import Bounds
from model.bundle.examination import MOST_POSITIONS
from model.bundle.features import CategoryFeature, NumberFeature, categories_by_name
from model.text import has_controls

MOST_RARE = 30_000
MOST_OF_STATISTIC = 40.0  # log odds of a rate that float64 tells from 1


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
            for value, times in Counter(feature.known).items():
                if times > 1:
                    yield Violation(f"features {feature.name!r}", f"lists the category {value!r:.80} {times} times")


def _ranges(context: ManifestContext) -> Iterator[Violation]:
    for feature in context.manifest.features:
        if not isinstance(feature, NumberFeature):
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
        yield Violation("position", f"holds {position.feature!r}, which is a {matches[0].kind}")
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


def _rare(context: ManifestContext) -> Iterator[Violation]:
    """Values that nothing reads would only change the flags, and a server refuses those that trees do not know."""
    counted = {statistic.input for statistic in context.manifest.statistics}
    for feature in context.manifest.features:
        if isinstance(feature, CategoryFeature) and feature.rare and feature.name not in counted:
            yield Violation(
                f"features {feature.name!r}", f"lists {len(feature.rare):,} rare values without a statistic"
            )
        if isinstance(feature, CategoryFeature) and feature.rare and feature.unknown == "refuse":
            yield Violation(f"features {feature.name!r}", "lists rare values, and refuses unknown ones")


def _statistics(context: ManifestContext) -> Iterator[Violation]:
    categories = categories_by_name(context.manifest.features)
    for statistic in context.manifest.statistics:
        where = f"features {statistic.name!r}"
        if statistic.input not in categories:
            yield Violation(where, f"is of {statistic.input!r:.80}, which is not a category")
            continue
        known, values = len(categories[statistic.input].known), len(statistic.values)
        if values != known:
            yield Violation(where, f"has {values:,} values, {statistic.input!r} has {known:,}")
        if len(categories[statistic.input].rare) > MOST_RARE:
            yield Violation(where, f"is of more than {MOST_RARE:,} rare values")


def _one_each(context: ManifestContext) -> Iterator[Violation]:
    for name, times in Counter(statistic.input for statistic in context.manifest.statistics).items():
        if times > 1:
            yield Violation("features", f"hold {times} statistics of {name!r}")


def _log_odds(context: ManifestContext) -> Iterator[Violation]:
    for statistic in context.manifest.statistics:
        largest = max((*statistic.values, statistic.missing), key=abs)
        if abs(largest) > MOST_OF_STATISTIC:
            yield Violation(f"features {statistic.name!r}", f"has the value {largest:g}")


TABLE: FieldTable[ManifestContext] = (
    FieldRule("features.*.name", "a name without control characters", "feature-name", _names),
    FieldRule("features.*.name", "different from all others", "feature-twice", _once),
    CheckedElsewhere("features.*.direction", "null or a direction that weights and splits obey", "direction-broken"),
    FieldRule("features.*.categories", "different texts, any of them", "feature-categories", _categories),
    FieldRule(
        "features.*.rare",
        "different texts too; only with a statistic, and not where `unknown` is `refuse`",
        "statistic-rare",
        _rare,
    ),
    FieldRule(
        "features.*.input, values",
        f"of a statistic: a category; one for each of its known values, of which at most {MOST_RARE:,} are rare",
        "statistic-values",
        _statistics,
    ),
    FieldRule("features.*.input", "of a statistic: of no other one", "statistic-twice", _one_each),
    FieldRule(
        "features.*.values, missing",
        f"of a statistic: log odds, at most {MOST_OF_STATISTIC:g} from 0",
        "statistic-range",
        _log_odds,
    ),
    CheckedElsewhere("features.*.prior, strength", "of a statistic: between 0 and 1; above 0", "manifest-field"),
    CheckedElsewhere("features.*.unknown", "`other`, `missing` or `refuse`", "manifest-field"),
    FieldRule("features.*.minimum, maximum", "both null, or finite and in order", "feature-range", _ranges),
    FieldRule("position.feature", "a number among the features, and not the only one", "position-feature", _position),
    FieldRule(
        "position.constant",
        "1, or a whole number within the range of its feature",
        "position-range",
        _constant,
    ),
    CheckedElsewhere(
        "position.examination",
        f"null, or 2 to {MOST_POSITIONS} numbers from 1, above 0 and never rising, whose logarithm each member of the "
        "booster adds for the position and for nothing else",
        "position-effect",
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
