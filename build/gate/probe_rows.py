"""Rows on which two engines would show a difference: at and beside every threshold, missing, far outside, at random.

All are float64 (rows, columns of the data) in the order of the manifest, the position among them: NaN is missing,
categories are input codes, the code after the last known one is that of every other value.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.arrays import Floats, Matrix
from model.booster.trees import BoosterTrees
from model.bundle.bundle import Bundle
from model.bundle.features import LAST, CategoryFeature, Input, NumberFeature, encode_numbers
from model.bundle.manifest import BundleManifest

SEED = 20_261_127
RANDOM_ROWS = 2_000
MOST_ROWS = 20_000  # of one kind
SHARE_MISSING = 0.08
# Zeros, the smallest and the largest of float32 and beyond: 1e300 and 1e-300 are numbers that callers may send.
EXTREMES = np.array([0.0, -0.0, 1e-45, -1e-45, 1e-300, LAST, -LAST, 1e300, -1e300, 2.0**24, 0.5])


@dataclass(frozen=True)
class ProbeRows:
    """Rows of one kind; `kind` is a plural for messages."""

    kind: str
    rows: Floats


def golden_rows(bundle: Bundle) -> ProbeRows:
    """With the position held at its constant."""
    return ProbeRows("golden rows", np.stack([_golden(feature, bundle) for feature in bundle.manifest.columns], axis=1))


def _golden(feature: Input, bundle: Bundle) -> Floats:
    position = bundle.manifest.position
    if position and feature.name == position.feature:
        return np.full(len(bundle.golden), float(position.constant))
    values = [row.input[feature.name] for row in bundle.golden]
    if isinstance(feature, CategoryFeature):
        return feature.codes(values).astype(np.float64)
    return np.array([np.nan if value is None else value for value in values], np.float64)


def matrix_of(manifest: BundleManifest, rows: Floats) -> Matrix:
    """Such rows as float32 (rows, features). Codes stay as they are; statistics are those of their categories."""
    numbers = encode_numbers(rows)
    columns = {feature.name: numbers[:, index] for index, feature in enumerate(manifest.columns)}
    return np.stack(
        [
            feature.encode_codes(columns[feature.input]) if feature.kind == "statistic" else columns[feature.name]
            for feature in manifest.features
        ],
        axis=1,
    )


def probe_rows(manifest: BundleManifest, trees: BoosterTrees) -> Iterator[ProbeRows]:
    """The same rows for the same bundle."""
    random = np.random.default_rng(SEED)
    features = manifest.columns
    usual = np.stack([_usual(feature, RANDOM_ROWS, random) for feature in features], axis=1)
    usual[random.random(usual.shape) < SHARE_MISSING] = np.nan
    yield ProbeRows("rows at random", usual)
    yield ProbeRows("rows without a value", _with_nulls(usual[:1], len(features)))
    columns = [_edges(feature, _thresholds(trees, manifest.names.index(feature.name))) for feature in features]
    rows = min(MOST_ROWS, max(map(len, columns)))
    edges = np.stack([np.resize(random.permutation(column), rows) for column in columns], axis=1)
    yield ProbeRows("rows at thresholds, with every category", edges)


def _usual(feature: Input, rows: int, random: np.random.Generator) -> Floats:
    """Half within what training saw; the others beyond it, near zero, or of any size."""
    if isinstance(feature, CategoryFeature):
        return random.integers(0, len(feature.known) + 1, rows).astype(np.float64)
    low, high = _range(feature)
    within = low + (high - low) * random.random(rows)
    beyond = low + (high - low) * random.uniform(-3, 4, rows)
    any_size = random.normal(size=rows) * 10.0 ** random.uniform(-40, 40, rows)
    chosen = random.choice(5, rows, p=(0.35, 0.25, 0.2, 0.1, 0.1))
    return np.choose(chosen, [within, np.round(within), beyond, any_size, random.choice(EXTREMES, rows)])


def _range(feature: NumberFeature) -> tuple[float, float]:
    low = 0.0 if feature.minimum is None else feature.minimum
    return low, low + 1.0 if feature.maximum is None else feature.maximum


def _with_nulls(row: Floats, features: int) -> Floats:
    """All missing, each missing alone, and each the only one that is there."""
    each = np.eye(features, dtype=np.bool_)
    return np.where(np.concatenate([np.ones((1, features), np.bool_), each, ~each]), np.nan, row)


def _thresholds(trees: BoosterTrees, feature: int) -> Floats:
    is_split = (trees.left >= 0) & ~trees.is_category & (trees.feature == feature)
    return np.unique(trees.value[is_split]).astype(np.float64)


def _edges(feature: Input, thresholds: Floats) -> Floats:
    """Each code; or each threshold, its neighbours in float32, and its neighbours in float64, which are rounded to it;
    and the ends of the range."""
    if isinstance(feature, CategoryFeature):
        return np.append(np.arange(len(feature.known) + 1), np.nan).astype(np.float64)
    narrow, ends = thresholds.astype(np.float32), np.array(_range(feature))
    with np.errstate(over="ignore"):  # infinity is the neighbour of the largest number
        steps = [np.nextafter(narrow, np.float32(end)).astype(np.float64) for end in (-np.inf, np.inf)]
        steps += [np.nextafter(values, end) for values in (thresholds, ends) for end in (-np.inf, np.inf)]
    return np.concatenate([thresholds, ends, *steps, EXTREMES, [np.nan]])
