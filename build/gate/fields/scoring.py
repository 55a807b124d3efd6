"""How a row is scored: linear part, trees, sampling, calibration."""

from collections import Counter
from collections.abc import Iterator

from build.gate.fields.rule import Broken, Elsewhere, Rule, Table
from build.gate.fields.subject import Trained
from model.bundle.features import CategoryFeature, NumberFeature
from model.bundle.linear import CategoryTerm, NumberTerm, Term
from model.bundle.margin_range import MOST_LOG_ODDS, of_term


def _terms(trained: Trained) -> Iterator[tuple[Term, NumberFeature | CategoryFeature | None]]:
    features = {feature.name: feature for feature in trained.manifest.features}
    for term in trained.manifest.linear.terms:
        yield term, features.get(term.feature)


def _where(term: Term) -> str:
    return f"linear {term.feature!r}"


def _features(trained: Trained) -> Iterator[Broken]:
    for term, feature in _terms(trained):
        if feature is None:
            yield Broken(_where(term), "is not a feature")
        elif feature.kind != term.kind:
            yield Broken(_where(term), f"is a {feature.kind}, the term is of a {term.kind}")


def _once(trained: Trained) -> Iterator[Broken]:
    for name, times in Counter(term.feature for term in trained.manifest.linear.terms).items():
        if times > 1:
            yield Broken(f"linear {name!r}", f"stands {times} times")


def _weights(trained: Trained) -> Iterator[Broken]:
    for term, feature in _terms(trained):
        if not (isinstance(term, CategoryTerm) and isinstance(feature, CategoryFeature)):
            continue
        if len(term.weights) != len(feature.categories) + 1:
            problem = f"has {len(term.weights)} weights for {len(feature.categories)} categories and one for others"
            yield Broken(_where(term), problem)


def _clips(trained: Trained) -> Iterator[Broken]:
    for term, _ in _terms(trained):
        if not isinstance(term, NumberTerm):
            continue
        if term.low > term.high or (term.transform == "log1p" and term.low <= -1):
            yield Broken(_where(term), f"is clipped to [{term.low}, {term.high}] for {term.transform}")
        elif not of_term(term).is_finite:
            yield Broken(_where(term), "overflows within its own range")


def _directions(trained: Trained) -> Iterator[Broken]:
    for term, feature in _terms(trained):
        if not (isinstance(term, NumberTerm) and isinstance(feature, NumberFeature) and feature.direction):
            continue
        against = -1.0 if feature.direction == "increasing" else 1.0
        if term.weight * against > 0:
            problem = f"has weight {term.weight:g} against its declared direction, {feature.direction}"
            yield Broken(_where(term), problem)


def _members(trained: Trained) -> Iterator[Broken]:
    trees, members = trained.manifest.trees.trees, trained.manifest.trees.members
    if trees % members:
        yield Broken("trees.members", f"is {members:.20g}, which does not divide {trees:.20g} trees")


def _calibration(trained: Trained) -> Iterator[Broken]:
    calibration = trained.manifest.calibration
    neutral = {"a": 1.0, "b": 1.0, "c": 0.0}
    unused = {"none": ("a", "b", "c"), "platt": ("b",), "beta": ()}[calibration.method]
    for name in unused:
        if (value := getattr(calibration, name)) != neutral[name]:
            yield Broken(f"calibration.{name}", f"is {value:g}, which {calibration.method} does not use")


TABLE: Table[Trained] = (
    Rule("linear.terms.*.feature", "a feature of the term's kind", "linear-feature", _features),
    Rule("linear.terms.*.feature", "different from all others", "linear-twice", _once),
    Rule("linear.terms.*.weights", "one for each category and one for others", "linear-weights", _weights),
    Rule(
        "linear.terms.*.low, high, center, scale, weight",
        "low not above high, above -1 for log1p; scale above 0; finite over the whole clip",
        "linear-range",
        _clips,
    ),
    Rule("linear.terms.*.weight", "not against the feature's direction", "direction-broken", _directions),
    Elsewhere("trees.trees", "as many as the booster holds", "trees-count"),
    Rule("trees.members", "a divisor of the number of trees", "trees-members", _members),
    Elsewhere("sampling.kept_negatives", "above 0, at most 1", "manifest-field"),
    Rule(
        "calibration.a, b, c",
        "a, b not below 0; what the method does not use is 1, 1, 0",
        "calibration-unused",
        _calibration,
    ),
    Elsewhere(
        "linear, trees, sampling, calibration",
        f"together at most {MOST_LOG_ODDS:,.0f} log odds from 0, for every input that may come: numbers of any "
        "size, every category, others, missing",
        "log-odds-huge",
    ),
)
