"""How the inputs moved from training to test: the population stability index. Shown and not gated, because the metrics
are already those of the changed data."""

from collections.abc import Sequence

import numpy as np

from artifacts.metrics import Drift
from model.arrays import Floats, Matrix
from model.bundle.features import CategoryFeature, Feature, Input, StatisticFeature

SMALLEST_SHARE = 1e-4
WARN, ALARM = 0.1, 0.25


def drift(features: Sequence[Feature], train: Matrix, train_weight: Floats, test: Matrix) -> tuple[Drift, ...]:
    """One row per input, the largest index first. `train_weight` undoes the sampling of negatives."""
    rows = [
        _drift(feature, train[:, index], train_weight, test[:, index])
        for index, feature in enumerate(features)
        if not isinstance(feature, StatisticFeature)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.psi, row.feature)))


def _drift(feature: Input, before: Matrix, weight: Floats, after: Matrix) -> Drift:
    edges = None if isinstance(feature, CategoryFeature) else _deciles(before, weight)
    return Drift(
        feature=feature.name,
        psi=psi(_shares(before, weight, edges), _shares(after, np.ones(len(after)), edges)),
        missing_train=float(weight[np.isnan(before)].sum() / weight.sum()),
        missing_test=float(np.isnan(after).mean()),
    )


def psi(before: Floats, after: Floats) -> float:
    """Sum of (b - a) ln(b / a) over shares, none taken as smaller than SMALLEST_SHARE."""
    size = max(len(before), len(after))
    a, b = (np.maximum(np.pad(shares, (0, size - len(shares))), SMALLEST_SHARE) for shares in (before, after))
    return float(np.sum((b - a) * np.log(b / a)))


def _deciles(values: Matrix, weight: Floats) -> Matrix:
    present = ~np.isnan(values)
    if not present.any():
        return np.empty(0, np.float32)
    order = np.argsort(values[present], kind="stable")
    cumulated = np.cumsum(weight[present][order])
    at = np.searchsorted(cumulated, np.linspace(0.1, 0.9, 9) * cumulated[-1])
    return np.unique(values[present][order][at])


def _shares(values: Matrix, weight: Floats, edges: Matrix | None) -> Floats:
    """Shares of the bins, the missing values in bin 0. Without edges the values are codes, each a bin."""
    bins = values if edges is None else np.searchsorted(edges, values, side="left")
    bins = np.where(np.isnan(values), -1, bins).astype(np.int64) + 1
    shares: Floats = np.bincount(bins, weight) / weight.sum()
    return shares
