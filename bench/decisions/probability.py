"""A probability that reads a score and the position, as a model trained on the log does.

Position enters beside the score, so that it takes over what the score does not know of the item: where a model made
the log, its position says what that model thinks.
"""

from dataclasses import dataclass

import numpy as np

from bench.decisions.catalogue import PAGE
from bench.decisions.impressions import Impressions
from model.arithmetic import sigmoid
from model.arrays import Floats, Ints

NEGATIVES = 10  # per conversion, of those that are in the fit; weights make up for the others
STEPS = 12
SAMPLE = 2_000  # rows that the curve is read from


@dataclass(frozen=True)
class Probability:
    """Logistic regression on the `score`, (DAYS, ITEMS), and log position; `weights` of 1, score and log position."""

    score: Floats
    weights: Floats

    @classmethod
    def fit(cls, random: np.random.Generator, train: Impressions, score: Floats) -> "Probability":
        """By Newton's method on all conversions and a sample of the other rows."""
        label = train.label
        positive = np.flatnonzero(label)
        sampled = random.integers(0, len(label), NEGATIVES * len(positive))
        sampled = sampled[~label[sampled]]
        rows = np.concatenate([positive, sampled])
        weight = np.repeat([1.0, (len(label) - len(positive)) / len(sampled)], [len(positive), len(sampled)])
        design = _design(train.of(score, rows), rows % PAGE + 1)
        y = (np.arange(len(rows)) < len(positive)).astype(np.float64)
        weights = np.array([np.log(label.mean()), 0.0, 0.0])
        for _ in range(STEPS):
            p = sigmoid(design @ weights)
            slope = design.T @ (weight * (y - p))
            curvature = (design * (weight * p * (1 - p))[:, None]).T @ design
            weights = weights + np.linalg.solve(curvature, slope)
        return cls(score, weights)

    def at(self, rows: Impressions, position: Ints | int | None = None) -> Floats:
        """Per row, at the logged position or at another."""
        logged = rows.position if position is None else np.full(rows.lists * PAGE, position)
        return sigmoid(_design(rows.of(self.score), logged) @ self.weights)

    def by_position(self, test: Impressions) -> Floats:
        """The mean over some test rows when all stand at place 1, 2, ..."""
        some = test.chosen(np.arange(test.lists) < SAMPLE // PAGE)
        return np.array([self.at(some, position).mean() for position in range(1, PAGE + 1)])


def _design(score: Floats, position: Ints) -> Floats:
    return np.column_stack([np.ones(len(score)), score, np.log(position)])
