"""The quality of probabilities in curves for the report, thinned to POINTS."""

import numpy as np

from artifacts.metrics import CalibrationBin, Points
from components.evaluate.metrics.probability import ascending, wilson
from components.evaluate.metrics.thresholds import Thresholds
from model.arrays import Floats

POINTS = 150


def calibration_bins(label: Floats, probability: Floats) -> tuple[CalibrationBin, ...]:
    """Bins of equal mass, as many as hold about 25 conversions each, within 5 and 20."""
    bins = int(np.clip(label.sum() // 25, 5, 20))
    parts = np.array_split(ascending(probability), min(bins, len(label)))
    return tuple(_calibration_bin(label[part], probability[part]) for part in parts)


def _calibration_bin(label: Floats, probability: Floats) -> CalibrationBin:
    low, high = wilson(float(label.sum()), len(label))
    return CalibrationBin(
        rows=len(label),
        mean_probability=float(probability.mean()),
        rate=float(label.mean()),
        low=low,
        high=high,
    )


def gain_curve(label: Floats, probability: Floats) -> Points:
    """(share of rows, share of conversions among the highest scored)."""
    conversions = np.concatenate([[0.0], np.cumsum(label[ascending(probability)[::-1]])]) / label.sum()
    rows = np.unique(np.linspace(0, len(label), POINTS).round().astype(np.int64))
    return tuple((float(row / len(label)), float(conversions[row])) for row in rows)


def roc_points(label: Floats, probability: Floats) -> Points:
    """(false positive rate, true positive rate, threshold); the first point, which no row reaches, has the threshold 1.

    Points on a straight line between their neighbours are left out.
    """
    above = Thresholds.of(label, probability)
    corner = np.r_[True, (np.diff(above.false, 2) != 0) | (np.diff(above.true, 2) != 0), True][: len(above.true)]
    false, true = np.r_[0.0, above.false_positive_rate[corner]], np.r_[0.0, above.recall[corner]]
    return _thinned(false, false, true, np.r_[1.0, np.clip(above.threshold[corner], 0.0, 1.0)])


def pr_points(label: Floats, probability: Floats) -> Points:
    """(recall, precision), from the recall of 0, whose precision is 1 by convention."""
    above = Thresholds.of(label, probability)
    recall = np.r_[0.0, above.recall]
    return _thinned(recall, recall, np.r_[1.0, above.precision])


def _thinned(along: Floats, *columns: Floats) -> Points:
    last = len(along) - 1
    rows = np.unique(np.r_[0, np.searchsorted(along, np.linspace(0, 1, POINTS)).clip(0, last), last])
    return tuple(tuple(float(value) for value in row) for row in np.stack(columns, axis=1)[rows])
