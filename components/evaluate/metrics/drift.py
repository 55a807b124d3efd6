"""How the inputs moved from training to test: the population stability index. Shown, never gated: the test's own
numbers already say what the move does to the model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.bundle.features import CategoryFeature, Feature

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
SMALLEST_SHARE = 1e-4
WARN, ALARM = 0.1, 0.25


def drift(
    features: Sequence[Feature], train: Matrix, train_weight: Floats, test: Matrix
) -> list[dict[str, float | str]]:
    """Per input, the largest first: PSI and the share of missing values in both parts.

    `train_weight` undoes the sampling of negatives.
    """
    told: list[dict[str, float | str]] = []
    for place, feature in enumerate(features):
        before, after = train[:, place], test[:, place]
        edges = None if isinstance(feature, CategoryFeature) else _deciles(before, train_weight)
        told.append(
            {
                "feature": feature.name,
                "psi": psi(_shares(before, train_weight, edges), _shares(after, np.ones(len(after)), edges)),
                "missing_train": float(train_weight[np.isnan(before)].sum() / train_weight.sum()),
                "missing_test": float(np.isnan(after).mean()),
            }
        )
    return sorted(told, key=lambda one: (-float(one["psi"]), str(one["feature"])))


def psi(before: Floats, after: Floats) -> float:
    """Sum of (b - a) ln(b / a) over shares, none taken as smaller than SMALLEST_SHARE."""
    size = max(len(before), len(after))
    a, b = (np.maximum(np.pad(one, (0, size - len(one))), SMALLEST_SHARE) for one in (before, after))
    return float(np.sum((b - a) * np.log(b / a)))


def _deciles(values: NDArray[np.float32], weight: Floats) -> NDArray[np.float32]:
    present = ~np.isnan(values)
    if not present.any():
        return np.empty(0, np.float32)
    order = np.argsort(values[present], kind="stable")
    cumulated = np.cumsum(weight[present][order])
    at = np.searchsorted(cumulated, np.linspace(0.1, 0.9, 9) * cumulated[-1])
    return np.unique(values[present][order][at])


def _shares(values: NDArray[np.float32], weight: Floats, edges: NDArray[np.float32] | None) -> Floats:
    """Shares of the bins, the missing values in bin 0. Without edges the values are codes, each a bin."""
    bins = values if edges is None else np.searchsorted(edges, values, side="left")
    bins = np.where(np.isnan(values), -1, bins).astype(np.int64) + 1
    shares: Floats = np.bincount(bins, weight) / weight.sum()
    return shares
