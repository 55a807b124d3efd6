"""What the new model changes in each slice.

An order moves rows of one slice up and of another down, which is not harm in itself. So a slice is measured on its own
rows: those of a list that belong to it are ordered on the positions where they were logged, as if the page had no other
rows. A slice of whole lists is thereby measured on whole lists.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artifacts.metrics import SliceRow
from components.evaluate.decide.evidence import SliceResult
from components.evaluate.metrics.bootstrap import ratio_error
from components.evaluate.metrics.probability import wilson
from components.evaluate.metrics.slices import Slicing
from components.evaluate.test_set import numbered
from model.arrays import Floats, Ints


@dataclass(frozen=True)
class RowValues:
    """Per row: values of the new model and of the reference, whose sums are compared; bootstrap unit; label.

    `widening` is that of the comparison. `steeper` are both values again, by the curve as it may be: one standard error
    of its decay away.
    """

    new: Floats
    base: Floats
    unit: Ints
    label: Floats
    less_is_better: bool
    widening: float = 1.0
    steeper: tuple[Floats, Floats] | None = None


def slice_results(slicing: Slicing, values: RowValues) -> tuple[SliceResult, ...]:
    """One result for every slice of a column."""
    return tuple(_slice_result(slicing, number, values) for number in range(len(slicing.names)))


def _slice_result(slicing: Slicing, number: int, values: RowValues) -> SliceResult:
    rows = slicing.code == number
    change, p = _change(values, rows) if rows.any() else (None, None)
    return SliceResult(slicing.column, slicing.names[number], float(values.label[rows].sum()), change, p)


def _change(values: RowValues, rows: NDArray[np.bool_]) -> tuple[float, float] | tuple[None, None]:
    """The relative change, above 0 = better, and its one-sided p by the normal approximation."""
    cluster = numbered(values.unit[rows])
    new, base = (np.bincount(cluster, column[rows]).astype(np.float64) for column in (values.new, values.base))
    ratio, error = ratio_error(new, base)
    if not math.isfinite(ratio):
        return None, None
    change = 1 - ratio if values.less_is_better else ratio - 1
    error = math.hypot(error * values.widening, _by_curve(values, rows, ratio))
    p = 0.5 * math.erfc(-change / error / math.sqrt(2)) if error > 0 else 1.0
    return float(change), p


def _by_curve(values: RowValues, rows: NDArray[np.bool_], ratio: float) -> float:
    """By how much the ratio may be off because the curve may be; 0 where there is none, or nothing to compare."""
    if values.steeper is None:
        return 0.0
    new, base = (float(column[rows].sum()) for column in values.steeper)
    return new / base - ratio if base > 0 else 0.0


def slice_rows(
    slicing: Slicing, label: Floats, probability: Floats, results: Sequence[SliceResult], *, reference: str
) -> list[SliceRow]:
    """Counts, calibration and change of every slice that has rows."""
    size = len(slicing.names)
    rows = np.bincount(slicing.code, minlength=size).astype(np.float64)
    conversions = np.bincount(slicing.code, label, minlength=size)
    expected = np.bincount(slicing.code, probability, minlength=size)
    table = []
    for number in map(int, np.flatnonzero(rows)):
        low, high = wilson(float(conversions[number]), float(rows[number]))
        row = SliceRow(
            column=slicing.column,
            value=slicing.names[number],
            rows=float(rows[number]),
            conversions=float(conversions[number]),
            rate=float(conversions[number] / rows[number]),
            rate_low=low,
            rate_high=high,
            mean_probability=float(expected[number] / rows[number]),
            change=results[number].change,
            p=results[number].p,
            reference=reference,
        )
        table.append(row)
    return table
