"""Ways to the examination curve of a case. A new one is a function in CURVES."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from artifacts.examination.curve import ExaminationCurve
from artifacts.examination.estimate import estimate
from artifacts.examination.posterior import CurvePrior
from artifacts.examination.read_strata import CurveEvidence
from artifacts.examination.strata import Strata
from bench.decisions.catalogue import DAYS, ITEMS, PAGE, examination
from bench.decisions.impressions import Impressions, TestSet
from components.train.examination import CHANGE
from model.arrays import Floats

WEEK = 7  # days


@dataclass(frozen=True)
class CurveCase:
    """What a way to the curve may read, and the truth.

    `by_position` is the mean probability of the new model with all rows at place 1, 2, ... `model_made` says whether a
    model ordered the pages. `stored` is the curve that the champion carries, as the same way gave it on the log that
    the champion was judged on; None where there was none.
    """

    log: TestSet
    exponent: float
    by_position: Floats
    model_made: bool
    stored: Callable[[], ExaminationCurve | None] = lambda: None


CurveOf = Callable[[CurveCase], ExaminationCurve]


def true(case: CurveCase) -> ExaminationCurve:
    """The truth, which only a simulation has."""
    return ExaminationCurve.exact(examination(case.exponent), "the true one")


def position_input(case: CurveCase) -> ExaminationCurve:
    """From the new model's own position input."""
    at: Floats = np.minimum.accumulate(case.by_position / case.by_position[0])
    return ExaminationCurve.exact(at, "the model's own position input, all else equal")


def product(case: CurveCase) -> ExaminationCurve:
    """As the steps have it: the bundle's curve is of the rows before the test rows and of the curve that the champion
    carries, and the test rows add what they say."""
    carried = case.stored()
    known = CurvePrior.of_table(carried.table, PAGE, spread=CHANGE) if carried else None
    learned = estimate(evidence(case.log.train), known)
    return estimate(evidence(case.log.test), CurvePrior.of_table(learned.table, PAGE, spread=0.0))


def evidence(window: Impressions) -> CurveEvidence:
    """As artifacts/examination/read_strata.py reads it from a split."""
    events, rows = random_order(window)
    of_random = Strata.of(events[None, :], (rows - events)[None, :], share=1.0)
    ordered = window.chosen(~window.explores)
    of_item = ordered.item.astype(np.int64) + ITEMS * (ordered.day // WEEK)
    cell = of_item * PAGE + ordered.position - 1
    size = ITEMS * -(-DAYS // WEEK) * PAGE
    shown = np.bincount(cell, minlength=size).reshape(-1, PAGE)
    converted = np.bincount(cell[ordered.label], minlength=size).reshape(-1, PAGE)
    some = converted.any(axis=1)
    conversions = converted[some].astype(np.float64)
    return CurveEvidence(of_random, Strata.of(conversions, shown[some] - conversions, share=1.0))


def random_order(*windows: Impressions) -> tuple[Floats, Floats]:
    """Conversions and rows by position in lists in random order."""
    events = np.sum([window.labels[window.explores].sum(axis=0) for window in windows], axis=0)
    impressions = np.full(PAGE, sum(int(window.explores.sum()) for window in windows))
    return events.astype(np.float64), impressions.astype(np.float64)


OF_LOG: Mapping[str, CurveOf] = {"true": true, "product": product}  # whatever the new model is
CURVES: Mapping[str, CurveOf] = {**OF_LOG, "position input": position_input}
