"""The quality of probabilities, in numbers and in curves for the report."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

Floats = NDArray[np.float64]
SMALLEST = 1e-15
POINTS = 150
Z95 = 1.959963984540054


def losses(label: Floats, probability: Floats) -> Floats:
    """Log loss of each row, in nats; probabilities are kept SMALLEST away from 0 and 1."""
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return -np.where(label > 0, np.log(p), np.log1p(-p))


def entropy(rate: float) -> float:
    """Log loss of always answering the rate itself."""
    return -(rate * math.log(rate) + (1 - rate) * math.log1p(-rate))


def of_probabilities(label: Floats, probability: Floats) -> dict[str, float]:
    """The flat numbers. Both classes must be there."""
    log_loss = float(losses(label, probability).mean())
    return {
        "log_loss": log_loss,
        "normalised_entropy": log_loss / entropy(float(label.mean())),
        "auc": float(roc_auc_score(label, probability)),
        "pr_auc": float(average_precision_score(label, probability)),
        "lift_at_10_percent": lift_at(label, probability, share=0.1),
        "calibration_ratio": float(probability.sum() / label.sum()),
        "ece": calibration_error(label, probability),
        "mean_probability": float(probability.mean()),
    }


def _ascending(probability: Floats) -> NDArray[np.int64]:
    """Equal probabilities in a fixed random order, so that the order of the rows counts for nothing."""
    return np.lexsort((np.random.Generator(np.random.PCG64(7)).permutation(len(probability)), probability))


def lift_at(label: Floats, probability: Floats, *, share: float) -> float:
    """Conversion rate among the highest `share` of rows over that of all rows."""
    most = max(1, round(share * len(label)))
    return float(label[_ascending(probability)[-most:]].mean() / label.mean())


def calibration_error(label: Floats, probability: Floats, *, bins: int = 20) -> float:
    """Expected calibration error over bins of equal mass."""
    parts = np.array_split(_ascending(probability), min(bins, len(label)))
    gaps = [len(part) * abs(label[part].mean() - probability[part].mean()) for part in parts]
    return float(sum(gaps) / len(label))


def auc_error(label: Floats, probability: Floats) -> float:
    """Standard error of the AUC, rows taken as independent: DeLong, DeLong and Clarke-Pearson, Biometrics 1988."""
    positive, negative = np.sort(probability[label > 0]), np.sort(probability[label == 0])

    def beaten(values: Floats, others: Floats) -> Floats:
        below, upto = np.searchsorted(others, values, "left"), np.searchsorted(others, values, "right")
        return (below + upto) / (2 * len(others))

    variance = beaten(positive, negative).var() / len(positive) + beaten(negative, positive).var() / len(negative)
    return float(math.sqrt(variance))


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """95 % interval of a rate (Wilson, JASA 1927), which stays within [0, 1] for rare events."""
    rate, z2 = successes / trials, Z95**2
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 / (1 + z2 / trials) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def calibration_bins(label: Floats, probability: Floats) -> list[dict[str, float]]:
    """Bins of equal mass, as many as hold about 25 conversions each, within 5 and 20."""
    bins = int(np.clip(label.sum() // 25, 5, 20))
    found = []
    for part in np.array_split(_ascending(probability), min(bins, len(label))):
        low, high = wilson(float(label[part].sum()), len(part))
        mean, rate = float(probability[part].mean()), float(label[part].mean())
        found.append({"rows": float(len(part)), "mean_probability": mean, "rate": rate, "low": low, "high": high})
    return found


def gain_curve(label: Floats, probability: Floats) -> list[list[float]]:
    """[share of rows, share of conversions among the highest scored], thinned."""
    caught = np.concatenate([[0.0], np.cumsum(label[_ascending(probability)[::-1]])]) / label.sum()
    at = np.unique(np.linspace(0, len(label), POINTS).round().astype(np.int64))
    return [[float(place / len(label)), float(caught[place])] for place in at]


def roc_points(label: Floats, probability: Floats) -> list[list[float]]:
    """[false positive rate, true positive rate, threshold], thinned; the first, infinite threshold becomes 1."""
    fpr, tpr, threshold = roc_curve(label, probability)
    return _thinned(fpr, fpr, tpr, np.clip(threshold, 0.0, 1.0))


def pr_points(label: Floats, probability: Floats) -> list[list[float]]:
    """[recall, precision], thinned."""
    precision, recall, _ = precision_recall_curve(label, probability)
    return _thinned(recall[::-1], recall[::-1], precision[::-1])


def _thinned(along: Floats, *columns: Floats) -> list[list[float]]:
    last = len(along) - 1
    keep = np.unique(np.r_[0, np.searchsorted(along, np.linspace(0, 1, POINTS)).clip(0, last), last])
    return [[float(value) for value in row] for row in np.stack(columns, axis=1)[keep]]


def flat(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The plain finite numbers of metrics.json, whose tables stand beside them under keys of their own."""
    return {
        name: float(value)
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
