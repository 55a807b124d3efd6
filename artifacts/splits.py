"""The splits that preprocess writes: their files, their rows in batches, and the matrix that a model reads.

Rows are read batch by batch, so that memory does not grow with them.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artifacts.split import SPLITS, split_file
from model.arrays import Matrix
from model.bundle.features import (
    CategoryFeature,
    Feature,
    NumberFeature,
    StatisticFeature,
    categories_by_name,
    encode_numbers,
)
from model.errors import DataError, Problem
from model.files import sha256_of

BATCH = 1 << 14  # rows
AGAIN = "Run preprocess again"


def splits_sha256(folder: Path) -> str:
    """One digest over the three splits: a line "<hex>  <file>" for each, sorted by name, as sha256sum prints them."""
    lines = []
    for name in sorted(SPLITS):
        path = split_file(folder, name)
        lines.append(f"{sha256_of(path)}  {path.name}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def column_names(path: Path) -> tuple[str, ...]:
    """Columns of a split, in its order. Raises DataError when the file is missing or is not Parquet."""
    with _open(path) as file:
        return tuple(file.schema_arrow.names)


def require_columns(path: Path, names: Sequence[str]) -> None:
    """Raises DataError with every column that is missing in a split."""
    with _open(path) as file:
        _require(path, file, names)


def batches(path: Path, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Rows of a split in its order, in batches of at most BATCH rows with the columns `names`.

    Raises DataError when the file is missing, is not Parquet, lacks a column or is damaged inside.
    """
    pool = pa.default_memory_pool()
    with _open(path) as file:
        _require(path, file, names)
        try:
            for batch in file.iter_batches(BATCH, columns=list(names), use_threads=False):
                yield batch
                del batch
                pool.release_unused()  # else what was read through it stays with the process
        except (pa.ArrowInvalid, OSError) as error:  # a damaged page is noticed when it is read, as either of the two
            raise DataError(Problem(str(path), f"is damaged ({_plain(error)})", AGAIN, "split-damaged")) from None
        finally:
            pool.release_unused()


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except FileNotFoundError:
        hint = "Run the step that writes it: preprocess"
        raise DataError(Problem(str(path), "is missing", hint, "split-missing")) from None
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(Problem(str(path), f"is not Parquet ({_plain(error)})", AGAIN, "split-damaged")) from None


def _require(path: Path, file: pq.ParquetFile, names: Sequence[str]) -> None:
    missing = [name for name in dict.fromkeys(names) if name not in file.schema_arrow.names]
    hint = "Run preprocess with this spec"
    problems = [Problem(f"{path} {name}", "is missing", hint, "split-column-missing") for name in missing]
    if problems:
        raise DataError(*problems)


def _plain(error: Exception) -> str:
    """Arrow's message on one line, without the bytes that it quotes."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(error)).split())


def encode(
    features: Sequence[Feature],
    batch: pa.RecordBatch,
    *,
    values: Mapping[str, float | NDArray[np.generic]] | None = None,
) -> Matrix:
    """A batch as float32 (rows, features), C-ordered: bit for bit what model.bundle.features.encode gives.

    A feature that is named in `values` is not read from the batch: it has that value in all rows, or those values, one
    for each row. Raises DataError for a column that is not a number where a number belongs.
    """
    fixed = values or {}
    categories = categories_by_name(features)
    matrix = np.empty((batch.num_rows, len(features)), np.float32)
    for index, feature in enumerate(features):
        if feature.name in fixed:
            matrix[:, index] = encode_numbers(np.asarray(fixed[feature.name], dtype=np.float64))
        elif isinstance(feature, StatisticFeature):
            encoded = partial(feature.encode, categories[feature.input])
            matrix[:, index] = _by_dictionary(encoded, batch[feature.input])
        elif isinstance(feature, CategoryFeature):
            matrix[:, index] = _by_dictionary(feature.encode, batch[feature.name])
        else:
            matrix[:, index] = _numbers(feature, batch[feature.name])
    return matrix


def _by_dictionary(encoded: Callable[[Sequence[object]], Matrix], column: pa.Array) -> Matrix:
    """Each distinct value is encoded once."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    table = encoded([*column.dictionary.to_pylist(), None])
    rows: Matrix = table[column.indices.fill_null(len(table) - 1).to_numpy(zero_copy_only=False)]
    return rows


def _numbers(feature: NumberFeature, column: pa.Array) -> Matrix:
    return feature.encode(float64(column, f"column {feature.name}"))


def float64(column: pa.Array, where: str) -> NDArray[np.float64]:
    """A column as numbers, NaN where it is null. Raises DataError that names `where` when it is not a number."""
    try:
        numbers: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(Problem(where, f"is not a number ({_plain(error)})", AGAIN, "column-not-number")) from None
    return numbers
