"""The rows of a split as training reads them: float32 inputs and a few numbers per row, read in batches.

Text lives as long as its batch.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from artifacts.split import SplitName, split_file
from artifacts.splits import batches, encode, float64
from components.train.row_arrays import MemoryArray, RowArray, RowStorage
from model.bundle.features import Feature
from model.errors import DataError, Problem, Problems
from model.spec.types import Spec

LARGEST = 1e37  # float32 holds 3.4e38, but XGBoost puts its last cut at twice the largest value


@dataclass(frozen=True)
class SplitRows:
    """Rows of one split in the order in which preprocess wrote them.

    `encoded` is (rows, features), `label` 0 or 1. `group` is equal where rows must never be divided between two
    folds: the user's, else the list's, else the row's number (of the declared group, when the split is by group).
    `time` is in microseconds, or None without a column.
    """

    encoded: RowArray[np.float32]
    label: NDArray[np.float32]
    group: RowArray[np.uint64]
    time: RowArray[np.int64] | None

    @classmethod
    def in_memory(
        cls,
        matrix: NDArray[np.float32],
        label: NDArray[np.float32],
        group: NDArray[np.uint64],
        time: NDArray[np.int64] | None = None,
    ) -> "SplitRows":
        """Of whole arrays."""
        return cls(MemoryArray(matrix), label, MemoryArray(group), None if time is None else MemoryArray(time))

    @property
    def count(self) -> int:
        return len(self.label)

    @property
    def width(self) -> int:
        """Of the encoded rows."""
        return len(next(self.encoded.blocks())[0])

    @property
    def positives(self) -> int:
        return int(self.label.sum())


def read_rows(spec: Spec, splits: Path, name: SplitName, features: Sequence[Feature], storage: RowStorage) -> SplitRows:
    """One split, encoded as for serving, with numbers cut to LARGEST. Raises DataError."""
    return read_file(spec, split_file(splits, name), features, storage)


def read_file(
    spec: Spec, path: Path, features: Sequence[Feature], storage: RowStorage, *, before: int = 0
) -> SplitRows:
    """As `read_rows`, of any file with the columns of a split. `before` rows were read of other files, so that rows
    without a group are told apart from theirs."""
    roles = spec.columns
    group = _group_columns(spec)
    names = dict.fromkeys((*spec.feature_columns, roles.label, *([roles.time] if roles.time else []), *group))
    encoded, groups, times = storage.floats(len(features)), storage.groups(), storage.times() if roles.time else None
    labels: list[NDArray[np.float32]] = []
    start = before
    for batch in batches(path, tuple(names)):
        # XGBoost refuses to train on infinity. Cut off so far outside, every split orders it as it would infinity.
        encoded.append(np.clip(encode(features, batch), -LARGEST, LARGEST))
        labels.append(_label(batch[roles.label], f"{path} {roles.label}"))
        groups.append(_groups(batch, group, start))
        if times is not None and roles.time:
            times.append(batch[roles.time].cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy())
        start += batch.num_rows
    if not labels:
        raise DataError(Problem(str(path), "has no rows", "Widen the window or the share of this split", "split-empty"))
    return SplitRows(encoded, np.concatenate(labels), groups, times)


def among(group: NDArray[np.uint64], ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of these groups are in `ordered`, which has no group twice and one at least."""
    at = np.minimum(np.searchsorted(ordered, group), len(ordered) - 1)
    equal: NDArray[np.bool_] = ordered[at] == group
    return equal


def refuse_one_class(spec: Spec, splits: Path, rows: Mapping[SplitName, SplitRows], positives: int) -> None:
    """Raises DataError for every split that has one label alone, by name.

    With fewer `positives` in all splits than a verdict needs the split passes: evaluation answers insufficient-data.
    """
    problems = Problems()
    for name, split in rows.items():
        if split.positives in (0, split.count) and positives >= spec.promotion.min_conversions:
            problem = f"is {int(split.label[0])} in all {split.count} rows"
            hint = "Widen the window, or check the SQL that makes the label"
            problems.add(f"{split_file(splits, name)} {spec.columns.label}", problem, hint, "split-one-class")
    problems.raise_if_any(DataError)


def _label(column: pa.Array, where: str) -> NDArray[np.float32]:
    values = float64(column, where)
    wrong = values[(values != 0) & (values != 1)]
    if len(wrong):
        problem = "is missing in a row" if math.isnan(wrong[0]) else f"is {wrong[0]:g} in a row"
        raise DataError(Problem(where, problem, "A label is 0 or 1 in every row; fix the SQL", "split-label"))
    return values.astype(np.float32)


def _group_columns(spec: Spec) -> tuple[str, ...]:
    """The first of these that is not missing in a row is what the row must stay together with."""
    if spec.split.group:
        return (spec.split.group,)
    return tuple(name for name in (spec.columns.user, spec.columns.list) if name)


def _groups(batch: pa.RecordBatch, columns: Sequence[str], start: int) -> NDArray[np.uint64]:
    """64-bit hashes by md5, which every machine and every process computes alike."""
    named = [pc.binary_join_element_wise(f"{name}:", batch[name].cast(pa.string()), "") for name in columns]
    texts = pc.coalesce(*named) if named else pa.nulls(batch.num_rows, pa.string())
    if texts.null_count:
        texts = pc.coalesce(texts, pa.array(f"row:{start + index}" for index in range(batch.num_rows)))
    texts = texts.dictionary_encode()
    hashes = np.array([hash64(value) for value in texts.dictionary.to_pylist()], dtype=np.uint64)
    groups: NDArray[np.uint64] = hashes[texts.indices.to_numpy()]
    return groups


def hash64(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "big")
