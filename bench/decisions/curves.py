"""Ways to the examination curve of a case. A new one is a function in CURVES."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bench.decisions.catalogue import PAGE, examination
from bench.decisions.impressions import Impressions, TestSet
from components.evaluate.metrics.position_bias import ExaminationCurve, enough, from_model, from_random_order
from model.arrays import Floats


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
    """As nobody knows it."""
    return ExaminationCurve(examination(case.exponent), "the true one")


def position_input(case: CurveCase) -> ExaminationCurve:
    """From the new model's own position input."""
    return from_model(case.by_position, source="the model's own position input, all else equal")


def product(case: CurveCase) -> ExaminationCurve:
    """As metrics/examination_source.py of evaluate has it: from lists in random order where there are enough."""
    events, impressions = random_order(case.log.train, case.log.test)
    if enough(events):
        return from_random_order(events, impressions, source=f"{events.sum():,.0f} conversions in random order")
    return position_input(case)


def random_order(*windows: Impressions) -> tuple[Floats, Floats]:
    """Conversions and rows by position in lists in random order."""
    events = np.sum([window.labels[window.explores].sum(axis=0) for window in windows], axis=0)
    impressions = np.full(PAGE, sum(int(window.explores.sum()) for window in windows))
    return events.astype(np.float64), impressions.astype(np.float64)


CURVES: Mapping[str, CurveOf] = {"true": true, "product": product, "position input": position_input}
