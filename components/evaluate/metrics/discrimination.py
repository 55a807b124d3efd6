"""Whether a probability orders rows, whatever its level.

Log loss mixes both: against a constant of older rows, or a model of last month, the level of today alone is a gain.
Rows of different cuts are not compared: a level that moves from cut to cut orders nothing.
"""

from collections.abc import Iterator

import numpy as np

from components.evaluate.metrics.bootstrap import Estimate
from components.evaluate.metrics.probability import SMALLEST, Z95, placements
from model.arithmetic import sigmoid
from model.arrays import Floats, Ints

CHANCE = 0.5  # AUC of an order by chance
STEPS, NEAR = 50, 1e-10


def auc_within(label: Floats, probability: Floats, unit: Ints, cut: Ints) -> Estimate:
    """AUC of pairs of rows of the same cut, with its 95 % interval; `unit` and `cut` are numbers from 0, per row.

    Rows of a unit may be alike: their placements are added up before they are squared (Obuchowski, Biometrics 1997); a
    row each is the error of DeLong, DeLong and Clarke-Pearson. Where no cut has rows of both classes nothing is known.
    """
    of_cuts = [rows for rows in _rows_by(cut) if 0 < label[rows].sum() < len(rows)]
    conversions = float(sum(label[rows].sum() for rows in of_cuts))
    if not of_cuts:
        return Estimate(CHANCE, 0.0, 1.0, CHANCE)
    value, influence = 0.0, np.zeros(len(label))
    for rows in of_cuts:
        y = label[rows] > 0
        of_positive, of_negative = placements(label[rows], probability[rows])
        share, auc = float(y.sum()) / conversions, float(of_positive.mean())
        value += share * auc
        influence[rows[y]] = share * (of_positive - auc) / len(of_positive)
        influence[rows[~y]] = share * (1 - of_negative - auc) / len(of_negative)  # the positives above it
    error = float(np.sqrt(np.sum(np.bincount(unit, influence) ** 2)))
    return Estimate(value, max(0.0, value - Z95 * error), min(1.0, value + Z95 * error), error)


def level_put_right(label: Floats, probability: Floats, cut: Ints) -> Floats:
    """The same probabilities with log odds moved, by one number for all rows of a cut, to the rate of these rows."""
    moved = probability.copy()
    for rows in _rows_by(cut):
        moved[rows] = _moved(label[rows], probability[rows])
    return moved


def _moved(label: Floats, probability: Floats) -> Floats:
    """By Newton's method; rows of one class have no level to move to, and stay."""
    if not 0 < label.sum() < len(label):
        return probability
    clipped = np.clip(probability, SMALLEST, 1 - SMALLEST)
    log_odds = np.log(clipped) - np.log1p(-clipped)
    rate = float(label.mean())
    # Far away the step of Newton's method is too long, so it starts where the mean log odds are those of the rate.
    shift = float(np.log(rate / (1 - rate)) - np.log(clipped.mean() / (1 - clipped.mean())))
    for _ in range(STEPS):
        p = sigmoid(log_odds + shift)
        step = float((label - p).sum() / (p * (1 - p)).sum())
        shift += float(np.clip(step, -1.0, 1.0))
        if abs(step) < NEAR:
            break
    return sigmoid(log_odds + shift)


def _rows_by(cut: Ints) -> Iterator[Ints]:
    """Row numbers of each cut."""
    for number in range(int(cut.max()) + 1):
        yield np.flatnonzero(cut == number)
