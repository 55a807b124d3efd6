"""Counts above every threshold that the probabilities of some rows allow."""

from dataclasses import dataclass

import numpy as np

from model.arrays import Floats


@dataclass(frozen=True)
class Thresholds:
    """Arrays with one entry per distinct probability, the highest first: `true` and `false` positives from there up."""

    threshold: Floats
    true: Floats
    false: Floats

    @classmethod
    def of(cls, label: Floats, probability: Floats) -> "Thresholds":
        """`label` is 0 or 1, with at least one of either; shapes (rows,)."""
        order = np.argsort(-probability, kind="stable")
        last_of_ties = np.r_[np.flatnonzero(np.diff(probability[order])), len(order) - 1]
        true = np.cumsum(label[order])[last_of_ties]
        return cls(probability[order][last_of_ties], true, last_of_ties + 1.0 - true)

    @property
    def recall(self) -> Floats:
        """Of all positives, also called the true positive rate."""
        recall: Floats = self.true / self.true[-1]
        return recall

    @property
    def false_positive_rate(self) -> Floats:
        """Of all negatives."""
        rate: Floats = self.false / self.false[-1]
        return rate

    @property
    def precision(self) -> Floats:
        """True positives over all rows above the threshold."""
        return self.true / (self.true + self.false)
