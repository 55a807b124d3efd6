"""Parts of the test rows that must not be harmed.

An order moves rows of one slice up and of another down; that alone is no harm. So a slice is judged by its own rows:
those of a list that belong to it are put in order on the places where they were logged, as if the page held nothing
else. A slice of whole lists is thereby judged on whole lists.
"""

import itertools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.evaluate.decide.decide import Slice
from components.evaluate.metrics.bootstrap import ratio_error
from components.evaluate.metrics.probability import wilson
from components.evaluate.test_set import batches, columns_of, numbered

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_VALUES = 40
FEW_NUMBERS = 12
MISSING, OTHERS = "(missing)", "(all others)"
INFINITE = ("-infinite", "infinite")


@dataclass(frozen=True)
class Slicing:
    """One declared column: `code` numbers the slice of every row, `names` are theirs."""

    column: str
    code: Ints
    names: tuple[str, ...]

    def within(self, lists: Ints) -> Ints:
        """Numbers for the pieces into which the slices cut the lists."""
        return numbered(lists * len(self.names) + self.code)


def slicing(path: Path, column: str, label: Floats) -> Slicing | None:
    """Texts are their own slices, numbers with many values fall into quarters; None for a column that is not there."""
    if column not in columns_of(path):
        return None
    kind = pq.read_schema(path).field(column).type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _of_numbers(column, path)
    return _of_texts(column, path, label)


def _of_texts(column: str, path: Path, label: Floats) -> Slicing:
    known: dict[str, int] = {}
    pieces = []
    for batch in batches(path, [column]):
        encoded = pc.fill_null(batch[column].cast(pa.string()), MISSING).dictionary_encode()
        codes = np.array([known.setdefault(value, len(known)) for value in encoded.dictionary.to_pylist()], np.int64)
        pieces.append(codes[encoded.indices.to_numpy()])
    return _most_converting(column, np.concatenate(pieces), list(known), label)


def _most_converting(column: str, code: Ints, names: list[str], label: Floats) -> Slicing:
    """The values with most conversions keep their own slice; sorted by name, so that row order leaves no trace."""
    conversions, rows = np.bincount(code, label), np.bincount(code)
    first = sorted(range(len(names)), key=lambda one: (-conversions[one], -rows[one], names[one]))[:MOST_VALUES]
    kept = sorted(first, key=lambda one: names[one])
    place = np.full(len(names), len(kept))
    place[kept] = np.arange(len(kept))
    shown = [names[one] for one in kept] + ([OTHERS] if len(names) > len(kept) else [])
    return Slicing(column, place[code], tuple(shown))


def _of_numbers(column: str, path: Path) -> Slicing:
    found = [batch[column].cast(pa.float64()).to_numpy(zero_copy_only=False) for batch in batches(path, [column])]
    values = np.concatenate(found)
    finite = np.isfinite(values)
    distinct = np.unique(values[finite])
    if len(distinct) <= FEW_NUMBERS:
        names = [f"{value:g}" for value in distinct]
        code = np.searchsorted(distinct, values)
    else:
        cuts = np.unique(np.quantile(values[finite], [0.25, 0.5, 0.75]))
        names = [f"up to {cuts[0]:g}", *(f"{low:g} to {high:g}" for low, high in itertools.pairwise(cuts))]
        names.append(f"above {cuts[-1]:g}")
        code = np.searchsorted(cuts, values)
    # No quantile lies between infinities, so they are slices of their own, as missing values are.
    for name, rows in zip((*INFINITE, MISSING), _not_finite(values), strict=True):
        if rows.any():
            code = np.where(rows, len(names), code)
            names.append(name)
    return Slicing(column, code, tuple(names))


def _not_finite(values: Floats) -> tuple[NDArray[np.bool_], ...]:
    return np.isneginf(values), np.isposinf(values), np.isnan(values)


def finding(
    slicing: Slicing, number: int, *, new: Floats, base: Floats, unit: Ints, label: Floats, less_is_better: bool
) -> Slice:
    """One slice's change by per-row values of the new model and of the reference."""
    rows = slicing.code == number
    conversions = float(label[rows].sum())
    nothing = Slice(slicing.column, slicing.names[number], conversions, None, None)
    if not rows.any():
        return nothing
    cluster = numbered(unit[rows])
    above, below = (np.bincount(cluster, values[rows]).astype(np.float64) for values in (new, base))
    ratio, error = ratio_error(above, below)
    if not math.isfinite(ratio):
        return nothing
    change = 1 - ratio if less_is_better else ratio - 1
    p = 0.5 * math.erfc(-change / error / math.sqrt(2)) if error > 0 else 1.0
    return Slice(slicing.column, slicing.names[number], conversions, float(change), p)


def findings(
    slicing: Slicing, *, new: Floats, base: Floats, unit: Ints, label: Floats, less_is_better: bool
) -> tuple[Slice, ...]:
    """Every slice of a column, from per-row values of the new model and of the reference."""
    return tuple(
        finding(slicing, number, new=new, base=base, unit=unit, label=label, less_is_better=less_is_better)
        for number in range(len(slicing.names))
    )


def described(slicing: Slicing, label: Floats, probability: Floats) -> list[dict[str, float | str]]:
    """Counts and calibration per slice, for people."""
    size = len(slicing.names)
    rows = np.bincount(slicing.code, minlength=size).astype(np.float64)
    conversions = np.bincount(slicing.code, label, minlength=size)
    expected = np.bincount(slicing.code, probability, minlength=size)
    told: list[dict[str, float | str]] = []
    for number, name in enumerate(slicing.names):
        if not rows[number]:
            continue
        low, high = wilson(float(conversions[number]), float(rows[number]))
        told.append(
            {
                "column": slicing.column,
                "value": name,
                "rows": float(rows[number]),
                "conversions": float(conversions[number]),
                "rate": float(conversions[number] / rows[number]),
                "rate_low": low,
                "rate_high": high,
                "mean_probability": float(expected[number] / rows[number]),
            }
        )
    return told
