"""What a well-formed manifest must also mean: names that exist, lengths that fit, bounds in order."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from model.bundle import MANIFEST, RETRAIN, Bounds, Manifest
from model.errors import Fault
from model.expression import Expression
from model.features import CategoryFeature, NumberFeature
from model.linear import CategoryTerm, NumberTerm

MODEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 60
HEX = re.compile(r"[0-9a-f]{64}")


def meaning(manifest: Manifest, *, version: str) -> list[Fault]:
    """Every fault of the manifest in itself; `version` is the XGBoost that will serve."""
    return [
        *_identity(manifest, version),
        *_features(manifest),
        *_position(manifest),
        *(fault for term in manifest.linear.terms for fault in _term(term, manifest)),
        *_terms_once(manifest),
        *(fault for bounds in manifest.bounds for fault in _bounds(bounds, manifest)),
    ]


def _fault(where: str, found: str, code: str) -> Fault:
    return Fault(f"{MANIFEST} {where}", found, RETRAIN, code)


def _identity(manifest: Manifest, version: str) -> Iterator[Fault]:
    if not MODEL.fullmatch(manifest.model) or len(manifest.model) > LONGEST_NAME:
        yield _fault("model", f"is {manifest.model!r:.100}, which cannot be part of a tag", "manifest-model")
    trained = manifest.libraries.get("xgboost")
    if trained != version:
        way_out = f"Train with XGBoost {version}, or serve with the version of training"
        yield Fault(f"{MANIFEST} libraries.xgboost", f"is {trained}, this is {version}", way_out, "library-version")
    if not manifest.metrics:
        yield _fault("metrics", "holds none", "manifest-metrics")
    lineage = manifest.lineage
    for name in ("spec_sha256", "sql_sha256", "data_sha256"):
        if not HEX.fullmatch(getattr(lineage, name)):
            yield _fault(f"lineage.{name}", f"is {getattr(lineage, name)!r:.80}, not a sha256", "manifest-lineage")
    try:
        if datetime.fromisoformat(lineage.cutoff).year < 1980:
            yield _fault("lineage.cutoff", f"is {lineage.cutoff}, which no log is as old as", "manifest-cutoff")
    except ValueError:
        yield _fault("lineage.cutoff", f"is {lineage.cutoff!r}, which is no moment", "manifest-cutoff")


def _features(manifest: Manifest) -> Iterator[Fault]:
    for name, times in Counter(manifest.names).items():
        if times > 1:
            yield _fault("features", f"hold {name!r} {times} times", "feature-twice")
    for feature in manifest.features:
        where = f"features {feature.name!r}"
        if not feature.name or not feature.name.isprintable():
            yield _fault("features", f"hold the name {feature.name!r:.80}", "feature-name")
        if isinstance(feature, CategoryFeature):
            twice = [value for value, times in Counter(feature.categories).items() if times > 1]
            if twice:
                yield _fault(where, f"lists the category {twice[0]!r:.80} twice", "feature-categories")
        elif feature.minimum is not None and feature.maximum is not None and feature.minimum > feature.maximum:
            yield _fault(where, f"has minimum {feature.minimum} above maximum {feature.maximum}", "feature-range")


def _position(manifest: Manifest) -> Iterator[Fault]:
    held = manifest.position
    if held is None:
        return
    found = [feature for feature in manifest.features if feature.name == held.feature]
    if not found:
        yield _fault("position", f"holds {held.feature!r}, which is no feature", "position-feature")
    elif not isinstance(found[0], NumberFeature):
        yield _fault("position", f"holds {held.feature!r}, which is a category", "position-feature")
    if not manifest.inputs:
        yield _fault("features", "hold the position alone: there is nothing to ask for", "position-feature")


def _term(term: NumberTerm | CategoryTerm, manifest: Manifest) -> Iterator[Fault]:
    where = f"linear {term.feature!r}"
    feature = next((one for one in manifest.features if one.name == term.feature), None)
    if feature is None:
        yield _fault(where, "is no feature", "linear-feature")
    elif feature.kind != term.kind:
        yield _fault(where, f"is a {feature.kind}, the term is of a {term.kind}", "linear-feature")
    elif isinstance(term, CategoryTerm) and isinstance(feature, CategoryFeature):
        if len(term.weights) != len(feature.categories) + 1:
            found = f"has {len(term.weights)} weights for {len(feature.categories)} categories and one for others"
            yield _fault(where, found, "linear-weights")
    elif isinstance(term, NumberTerm) and isinstance(feature, NumberFeature):
        if term.low > term.high or (term.transform == "log1p" and term.low <= -1):
            yield _fault(where, f"is clipped to [{term.low}, {term.high}] for {term.transform}", "linear-range")
        elif not _is_finite(term):
            yield _fault(where, "overflows within its own range", "linear-range")
        against = -1.0 if feature.direction == "increasing" else 1.0
        if feature.direction and term.weight * against > 0:
            found = f"has weight {term.weight:g} against its declared direction, {feature.direction}"
            yield _fault(where, found, "direction-broken")


def _is_finite(term: NumberTerm) -> bool:
    ends = [math.log1p(x) if term.transform == "log1p" else x for x in (term.low, term.high)]
    return all(math.isfinite(term.weight * ((x - term.center) / term.scale)) for x in ends)


def _terms_once(manifest: Manifest) -> Iterator[Fault]:
    for name, times in Counter(term.feature for term in manifest.linear.terms).items():
        if times > 1:
            yield _fault(f"linear {name!r}", f"stands {times} times", "linear-twice")


def _bounds(bounds: Bounds, manifest: Manifest) -> Iterator[Fault]:
    where = f"bounds {bounds.name!r}"
    numbers = {feature.name for feature in manifest.inputs if isinstance(feature, NumberFeature)}
    try:
        columns = Expression.parse(bounds.expression).columns
    except ValueError as error:
        yield _fault(where, str(error).partition(" | ")[0], "bounds-expression")
        return
    if unknown := [name for name in columns if name not in numbers]:
        yield _fault(where, f"asks for {unknown[0]!r}, which is no number that is given", "bounds-expression")
    if bounds.min is not None and bounds.max is not None and bounds.min > bounds.max:
        yield _fault(where, f"has min {bounds.min:g} above max {bounds.max:g}", "bounds-range")
