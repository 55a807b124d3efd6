"""Parts of the test rows that must not be harmed: how a column is cut into slices."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artifacts.splits import batches, column_names, float64
from components.evaluate.test_set import numbered
from model.arrays import Floats, Ints

MOST_VALUES = 40
FEW_NUMBERS = 12
MISSING, REST = "(missing)", "(all others)"
INFINITE = ("-infinite", "infinite")


@dataclass(frozen=True)
class Slicing:
    """The slices of one declared column: `code` is the number of every row's slice, `names` are the slices' names."""

    column: str
    code: Ints
    names: tuple[str, ...]

    def chosen(self, mask: NDArray[np.bool_]) -> "Slicing":
        """Of the rows of the mask."""
        return Slicing(self.column, self.code[mask], self.names)

    def within(self, lists: Ints) -> Ints:
        """Numbers for the pieces into which the slices cut the lists."""
        return numbered(lists * len(self.names) + self.code)


def slicing(paths: Sequence[Path], column: str, label: Floats) -> Slicing | None:
    """One slice per text; numbers with many values are cut into quarters. None for a column that is missing.

    The rows are those of all files, which are of one query, and `label` theirs.
    """
    if column not in column_names(paths[0]):
        return None
    kind = pq.read_schema(paths[0]).field(column).type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _of_numbers(column, paths)
    return _of_texts(column, paths, label)


def _batches(paths: Sequence[Path], column: str) -> Iterator[pa.RecordBatch]:
    return itertools.chain.from_iterable(batches(path, [column]) for path in paths)


def _of_texts(column: str, paths: Sequence[Path], label: Floats) -> Slicing:
    code_of: dict[str, int] = {}
    pieces = []
    for batch in _batches(paths, column):
        encoded = pc.fill_null(batch[column].cast(pa.string()), MISSING).dictionary_encode()
        codes = [code_of.setdefault(value, len(code_of)) for value in encoded.dictionary.to_pylist()]
        pieces.append(np.array(codes, np.int64)[encoded.indices.to_numpy()])
    return _most_converting(column, np.concatenate(pieces), list(code_of), label)


def _most_converting(column: str, code: Ints, names: list[str], label: Floats) -> Slicing:
    """The values with most conversions keep their own slice; sorted by name, so that row order has no influence."""
    conversions, rows = np.bincount(code, label), np.bincount(code)
    most = sorted(range(len(names)), key=lambda value: (-conversions[value], -rows[value], names[value]))[:MOST_VALUES]
    values = sorted(most, key=lambda value: names[value])
    new_code = np.full(len(names), len(values))
    new_code[values] = np.arange(len(values))
    slices = [names[value] for value in values] + ([REST] if len(names) > len(values) else [])
    return Slicing(column, new_code[code], tuple(slices))


def _of_numbers(column: str, paths: Sequence[Path]) -> Slicing:
    pieces = [float64(batch[column], f"{paths[0]} {column}") for batch in _batches(paths, column)]
    values = np.concatenate(pieces)
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
    # Infinite and missing values have no quantiles: they are slices of their own.
    for name, rows in zip((*INFINITE, MISSING), _not_finite(values), strict=True):
        if rows.any():
            code = np.where(rows, len(names), code)
            names.append(name)
    return Slicing(column, code, tuple(names))


def _not_finite(values: Floats) -> tuple[NDArray[np.bool_], ...]:
    return np.isneginf(values), np.isposinf(values), np.isnan(values)
