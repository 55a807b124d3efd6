"""The quality of probabilities in single numbers.

numpy alone: the ranks and intervals of scipy.stats would cost every run of the step half a second of imports.
"""

import math

import numpy as np
from numpy.typing import NDArray

from components.evaluate.metrics.thresholds import Thresholds
from components.evaluate.metrics.ties import shuffled
from model.arrays import Floats

SMALLEST = 1e-15
Z95 = 1.959963984540054


def losses(label: Floats, probability: Floats) -> Floats:
    """Log loss of each row, in nats; probabilities are kept SMALLEST away from 0 and 1."""
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return -np.where(label > 0, np.log(p), np.log1p(-p))


def entropy(rate: float) -> float:
    """Log loss of always predicting the rate itself."""
    return -(rate * math.log(rate) + (1 - rate) * math.log1p(-rate))


def of_probabilities(label: Floats, probability: Floats) -> dict[str, float]:
    """The scalar metrics by name. Both classes must be present."""
    log_loss = float(losses(label, probability).mean())
    return {
        "log_loss": log_loss,
        "normalised_entropy": log_loss / entropy(float(label.mean())),
        "auc": auc(label, probability),
        "pr_auc": average_precision(label, probability),
        "lift_at_10_percent": lift_at(label, probability, share=0.1),
        "calibration_ratio": float(probability.sum() / label.sum()),
        "ece": calibration_error(label, probability),
        "mean_probability": float(probability.mean()),
    }


def ascending(probability: Floats) -> NDArray[np.int64]:
    """Row numbers by probability; ties in a fixed random order, so that the order of the rows has no influence."""
    rows = shuffled(len(probability))
    return rows[np.argsort(probability[rows], kind="stable")]


def lift_at(label: Floats, probability: Floats, *, share: float) -> float:
    """Conversion rate among the highest `share` of rows over that of all rows."""
    most = max(1, round(share * len(label)))
    return float(label[ascending(probability)[-most:]].mean() / label.mean())


def calibration_error(label: Floats, probability: Floats, *, bins: int = 20) -> float:
    """Expected calibration error over bins of equal mass."""
    parts = np.array_split(ascending(probability), min(bins, len(label)))
    gaps = [len(part) * abs(label[part].mean() - probability[part].mean()) for part in parts]
    return float(sum(gaps) / len(label))


def auc(label: Floats, probability: Floats) -> float:
    """Area under the ROC curve: the Mann-Whitney statistic, with ties counted half."""
    return float(placements(label, probability)[0].mean())


def placements(label: Floats, probability: Floats) -> tuple[Floats, Floats]:
    """For each positive the share of negatives below it, for each negative that of positives; ties count half."""
    positive, negative = np.sort(probability[label > 0]), np.sort(probability[label == 0])
    return _share_below(positive, negative), _share_below(negative, positive)


def _share_below(values: Floats, ordered: Floats) -> Floats:
    below, up_to = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (below + up_to) / (2 * len(ordered))


def average_precision(label: Floats, probability: Floats) -> float:
    """Area under the precision-recall curve as a sum of steps: sum over thresholds of (rise in recall) * precision."""
    above = Thresholds.of(label, probability)
    rises = np.diff(above.recall, prepend=0.0)
    return float(rises @ above.precision)


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """95 % interval of a rate (Wilson, JASA 1927), which stays within [0, 1] for rare events."""
    rate, z2 = successes / trials, Z95**2
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 / (1 + z2 / trials) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    return max(0.0, middle - half), min(1.0, middle + half)
