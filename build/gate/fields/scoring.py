"""How a row is scored: linear part, trees, sampling, calibration."""

from collections import Counter
from collections.abc import Iterator

from build.gate.fields.context import ManifestContext
from build.gate.fields.rule import CheckedElsewhere, FieldRule, FieldTable, Violation
from model.bundle.features import CategoryFeature, Feature, NumberFeature
from model.bundle.linear import CategoryTerm, NumberTerm, Term
from model.bundle.margin_range import MOST_LOG_ODDS, of_term


def _terms(context: ManifestContext) -> Iterator[tuple[Term, Feature | None]]:
    features = {feature.name: feature for feature in context.manifest.features}
    for term in context.manifest.linear.terms:
        yield term, features.get(term.feature)


def _where(term: Term) -> str:
    return f"linear {term.feature!r}"


def _features(context: ManifestContext) -> Iterator[Violation]:
    for term, feature in _terms(context):
        if feature is None:
            yield Violation(_where(term), "is not a feature")
        elif isinstance(feature, CategoryFeature) != isinstance(term, CategoryTerm):
            yield Violation(_where(term), f"is a {feature.kind}, the term is of a {term.kind}")


def _once(context: ManifestContext) -> Iterator[Violation]:
    for name, times in Counter(term.feature for term in context.manifest.linear.terms).items():
        if times > 1:
            yield Violation(f"linear {name!r}", f"stands {times} times")


def _weights(context: ManifestContext) -> Iterator[Violation]:
    for term, feature in _terms(context):
        if not (isinstance(term, CategoryTerm) and isinstance(feature, CategoryFeature)):
            continue
        if len(term.weights) != len(feature.categories) + 1:
            problem = f"has {len(term.weights)} weights for {len(feature.categories)} categories and one for others"
            yield Violation(_where(term), problem)


def _clips(context: ManifestContext) -> Iterator[Violation]:
    for term, _ in _terms(context):
        if not isinstance(term, NumberTerm):
            continue
        if term.low > term.high or (term.transform == "log1p" and term.low <= -1):
            yield Violation(_where(term), f"is clipped to [{term.low}, {term.high}] for {term.transform}")
        elif not of_term(term).is_finite:
            yield Violation(_where(term), "overflows within its own range")


def _directions(context: ManifestContext) -> Iterator[Violation]:
    for term, feature in _terms(context):
        if not (isinstance(term, NumberTerm) and isinstance(feature, NumberFeature) and feature.direction):
            continue
        against = -1.0 if feature.direction == "increasing" else 1.0
        if term.weight * against > 0:
            problem = f"has weight {term.weight:g} against its declared direction, {feature.direction}"
            yield Violation(_where(term), problem)


def _members(context: ManifestContext) -> Iterator[Violation]:
    trees, members = context.manifest.trees.trees, context.manifest.trees.members
    if min(members) < 1 or sum(members) != trees:
        text = ", ".join(f"{size:.20g}" for size in members)
        yield Violation("trees.members", f"is {text:.60}, not numbers from 1 whose sum is {trees:.20g}")


def _calibration(context: ManifestContext) -> Iterator[Violation]:
    calibration = context.manifest.calibration
    neutral = {"a": 1.0, "b": 1.0, "c": 0.0}
    unused = {"none": ("a", "b", "c"), "platt": ("b",), "beta": ()}[calibration.method]
    for name in unused:
        if (value := getattr(calibration, name)) != neutral[name]:
            yield Violation(f"calibration.{name}", f"is {value:g}, which {calibration.method} does not use")


TABLE: FieldTable[ManifestContext] = (
    FieldRule("linear.terms.*.feature", "a feature of the term's kind", "linear-feature", _features),
    FieldRule("linear.terms.*.feature", "different from all others", "linear-twice", _once),
    FieldRule("linear.terms.*.weights", "one for each category and one for others", "linear-weights", _weights),
    FieldRule(
        "linear.terms.*.low, high, center, scale, weight",
        "low not above high, above -1 for log1p; scale above 0; finite over the whole clip",
        "linear-range",
        _clips,
    ),
    FieldRule("linear.terms.*.weight", "not against the feature's direction", "direction-broken", _directions),
    CheckedElsewhere("trees.trees", "as many as the booster holds", "trees-count"),
    FieldRule("trees.members", "numbers from 1, whose sum is `trees`", "trees-members", _members),
    CheckedElsewhere("sampling.kept_negatives", "above 0, at most 1", "manifest-field"),
    FieldRule(
        "calibration.a, b, c",
        "a, b not below 0; what the method does not use is 1, 1, 0",
        "calibration-unused",
        _calibration,
    ),
    CheckedElsewhere(
        "linear, trees, sampling, calibration",
        f"together at most {MOST_LOG_ODDS:,.0f} log odds from 0, for every input that may come: numbers of any "
        "size, every category, others, missing",
        "log-odds-huge",
    ),
)
