"""Features that leak the label: what was not known when the page was shown must not train a model.

A column under `features` is declared as known by then. Refused are columns that contradict the declaration: one that
predicts the label almost alone, and a number that grows with time.
"""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from model.errors import DataError, Problems
from model.spec.types import Spec
from model.sql import literal, quoted

REFUSED, WARNED = 0.95, 0.80  # area under the ROC curve of one column alone
GROWS = 0.99  # |Spearman| with time
ROWS = 200_000
BINS = 20
MISSING = "\0"
FEWEST_CONVERSIONS = 5  # with fewer, any column may have the best or worst AUC by chance


def look_for_leaks(connection: duckdb.DuckDBPyConnection, train: Path, spec: Spec) -> list[str]:
    """Warnings about features, from a sample of the file `train`. Raises DataError for what cannot be honest."""
    problems, warnings = Problems(), list[str]()
    time = spec.columns.time
    names = [spec.columns.label, *spec.features, *([time] if time else [])]
    selected = ", ".join([*(quoted(name) for name in names), "hash(file_row_number) AS row_hash"])
    file = f"read_parquet({literal(str(train))}, file_row_number=true)"
    query = f"SELECT {selected} FROM {file}"
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {file}").fetchall()
    # Another hash than the one that divides the sample, so that either is independent of the other.
    some = f"hash(file_row_number + 1) % {max(1, -(-rows // ROWS))} = 0"
    sample = connection.execute(f"{query} WHERE {some}").fetchnumpy()
    label = np.asarray(sample[spec.columns.label], np.int8)
    fitted = np.asarray(sample["row_hash"]) % np.uint64(2) == 0
    for name, feature in spec.features.items():
        number = feature.kind == "number"
        values = _filled(sample[name], number)
        area = one_column_auc(values, label, fitted, number=number)
        where = f"features.{name}"
        if state := _constant_state(values, number):
            warnings.append(f"{where} is {state} in all {len(label):,} sampled rows: a model cannot learn from it")
        if area >= REFUSED and not feature.leak_waiver:
            problem = f"predicts {spec.columns.label} almost alone (AUC {area:.3f})"
            hint = "Delete it. If it truly is known when the page is shown, say why in its leak_waiver"
            problems.add(where, problem, hint, "feature-leaks")
        elif area >= WARNED:
            waived = f"; waived: {feature.leak_waiver}" if feature.leak_waiver else ""
            warnings.append(f"{where} alone has AUC {area:.3f}: make sure it is known when the page is shown{waived}")
        if number and time and _grows(values, np.asarray(sample[time]).astype(np.int64)):
            hint = "Delete it: later values are outside of what was trained on. What it stands for may be a feature"
            problems.add(where, f"grows with {time}: it is an id or a clock", hint, "feature-grows")
    problems.raise_if_any(DataError)
    return warnings


def _filled(values: NDArray[np.generic], number: bool) -> NDArray[np.generic]:
    """Missing as NaN, or as a text of its own."""
    masked: Any = np.ma.asarray(values)  # numpy.ma's own types do not know what `astype` returns
    if number:
        filled: NDArray[np.float64] = masked.astype(np.float64).filled(np.nan)
        return filled
    return np.array([MISSING if value is None else str(value) for value in masked.tolist()], object)


def _constant_state(values: NDArray[np.generic], number: bool) -> str | None:
    """ "missing" or "the same" when every value is."""
    missing = np.isnan(values.astype(np.float64)) if number else values == MISSING
    if missing.all():
        return "missing"
    return "the same" if not missing.any() and bool((values == values[0]).all()) else None


def one_column_auc(
    values: NDArray[np.generic], label: NDArray[np.int8], fitted: NDArray[np.bool_], *, number: bool
) -> float:
    """AUC on the rows that are not `fitted` of the label's mean by value, computed on those that are.

    Finite numbers are cut into 20 bins of equal mass; missing and either infinity have a bin each. 0.5 where a side
    has too few rows of a class.
    """
    codes, count = _bins(values) if number else _distinct(values)
    classes = [np.bincount(label[side], minlength=2).min() for side in (fitted, ~fitted)]
    if min(classes) < FEWEST_CONVERSIONS:
        return 0.5
    rate = label[fitted].mean()
    seen = np.bincount(codes[fitted], minlength=count)
    mean = (np.bincount(codes[fitted], weights=label[fitted], minlength=count) + 5 * rate) / (seen + 5)
    return auc(mean[codes[~fitted]], label[~fitted])


def _bins(values: NDArray[np.generic]) -> tuple[NDArray[np.int64], int]:
    numbers = values.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, BINS + 1)[1:-1])) if len(finite) else np.empty(0)
    codes = np.searchsorted(edges, numbers, side="right")
    for code, rows in enumerate((np.isnan(numbers), np.isposinf(numbers), np.isneginf(numbers)), len(edges) + 1):
        codes = np.where(rows, code, codes)
    return codes.astype(np.int64), len(edges) + 4


def _distinct(values: NDArray[np.generic]) -> tuple[NDArray[np.int64], int]:
    levels: dict[str, int] = {}  # texts are quicker to look up than to sort
    codes = np.array([levels.setdefault(value, len(levels)) for value in values], np.int64)
    return codes, len(levels)


def auc(score: NDArray[np.float64], label: NDArray[np.int8]) -> float:
    """Area under the ROC curve by ranks, ties halved (Mann-Whitney)."""
    positives = int(label.sum())
    ranks = _ranks(score)
    return float((ranks[label == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(label) - positives)))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, ties at their mean."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: NDArray[np.float64] = (last - (counts - 1) / 2)[codes]
    return ranks


def _grows(values: NDArray[np.generic], when: NDArray[np.int64]) -> bool:
    """Whether nearly all values differ, and their order is that of time (Spearman's rank correlation)."""
    numbers = values.astype(np.float64)
    known = np.isfinite(numbers)
    if known.sum() < 100 or len(np.unique(numbers[known])) < 0.95 * known.sum():
        return False
    pairs = np.array([_ranks(numbers[known]), _ranks(when[known].astype(np.float64))])
    if np.ptp(pairs[1]) == 0:
        return False
    return bool(abs(np.corrcoef(pairs)[0, 1]) >= GROWS)
