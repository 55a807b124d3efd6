"""The rows of a split as training reads them: float32 inputs and a few numbers per row, read in batches.

Text lives as long as its batch.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from artifacts.split import SplitName, split_file
from artifacts.splits import batches, encode, float64
from components.train.row_arrays import Mask, MemoryArray, RowArray, RowStorage, Scalar
from model.arrays import Matrix
from model.bundle.examination import ExaminationTable
from model.bundle.features import Feature
from model.errors import DataError, Problem, Problems
from model.spec.types import Spec

LARGEST = 1e37  # float32 holds 3.4e38, but XGBoost puts its last cut at twice the largest value


@dataclass(frozen=True)
class SplitRows:
    """Rows of one split in the order in which preprocess wrote them.

    `encoded` is (rows, features), `label` 0 or 1. `group` is equal where rows must never be divided between two
    folds: the user's, else the list's, else the row's number (of the declared group, when the split is by group).
    `time` is in microseconds, or None without a column. `offset` is what the position adds to the log odds where that
    is known beforehand: `encoded` then has every row at the first position. None where a model is to learn it.
    """

    encoded: RowArray[np.float32]
    label: NDArray[np.float32]
    group: RowArray[np.uint64]
    time: RowArray[np.int64] | None
    offset: NDArray[np.float32] | None = None

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

    def margins(self, margin: Callable[[Matrix], NDArray[Scalar]], chosen: Mask | None = None) -> NDArray[Scalar]:
        """`margin` of the encoded rows, all or the chosen, and what their position adds: log odds (rows,)."""
        values = self.encoded.over(margin, chosen)
        return values if self.offset is None else values + self.offset_of(chosen).astype(values.dtype)

    def offset_of(self, chosen: Mask | None = None) -> NDArray[np.float32]:
        """0 where a model learns the position."""
        if self.offset is None:
            return np.zeros(self.count if chosen is None else int(chosen.sum()), np.float32)
        return self.offset if chosen is None else self.offset[chosen]

    @property
    def width(self) -> int:
        """Of the encoded rows."""
        return len(next(self.encoded.blocks())[0])

    @property
    def positives(self) -> int:
        return int(self.label.sum())


def read_rows(
    spec: Spec,
    splits: Path,
    name: SplitName,
    features: Sequence[Feature],
    storage: RowStorage,
    examination: ExaminationTable | None = None,
) -> SplitRows:
    """One split, encoded as for serving, with numbers cut to LARGEST. Raises DataError."""
    return read_file(spec, split_file(splits, name), features, storage, examination=examination)


def read_file(
    spec: Spec,
    path: Path,
    features: Sequence[Feature],
    storage: RowStorage,
    *,
    before: int = 0,
    ordered: Mapping[str, NDArray[np.float32]] | None = None,
    examination: ExaminationTable | None = None,
) -> SplitRows:
    """As `read_rows`, of any file with the columns of a split. `before` rows were read of other files, so that rows
    without a group are told apart from theirs.

    A feature that is named in `ordered` has these values, which are of all rows, those before among them. With
    `examination` that is what the position adds."""
    roles = spec.columns
    group = group_columns(spec)
    names = dict.fromkeys((*spec.feature_columns, roles.label, *([roles.time] if roles.time else []), *group))
    encoded, groups, times = storage.floats(len(features)), storage.groups(), storage.times() if roles.time else None
    labels: list[NDArray[np.float32]] = []
    offsets: list[NDArray[np.float32]] = []
    start = before
    for batch in batches(path, tuple(names)):
        # XGBoost refuses to train on infinity. Cut off so far outside, every split orders it as it would infinity.
        values: dict[str, float | NDArray[np.generic]] = {
            name: column[start : start + batch.num_rows] for name, column in (ordered or {}).items()
        }
        if examination and roles.position:
            values[roles.position] = 1.0
            position = positions_of(batch[roles.position], f"{path} {roles.position}")
            offsets.append(examination.log_odds(position).astype(np.float32))
        encoded.append(np.clip(encode(features, batch, values=values), -LARGEST, LARGEST))
        labels.append(labels_of(batch[roles.label], f"{path} {roles.label}"))
        groups.append(groups_of(batch, group, start))
        if times is not None and roles.time:
            times.append(times_of(batch[roles.time]))
        start += batch.num_rows
    if not labels:
        raise DataError(Problem(str(path), "has no rows", "Widen the window or the share of this split", "split-empty"))
    return SplitRows(encoded, np.concatenate(labels), groups, times, np.concatenate(offsets) if offsets else None)


def among(group: NDArray[np.uint64], ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of these groups are in `ordered`, which has no group twice."""
    if not len(ordered):
        return np.zeros(len(group), np.bool_)
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


def labels_of(column: pa.Array, where: str) -> NDArray[np.float32]:
    values = float64(column, where)
    wrong = values[(values != 0) & (values != 1)]
    if len(wrong):
        problem = "is missing in a row" if math.isnan(wrong[0]) else f"is {wrong[0]:g} in a row"
        raise DataError(Problem(where, problem, "A label is 0 or 1 in every row; fix the SQL", "split-label"))
    return values.astype(np.float32)


def positions_of(column: pa.Array, where: str) -> NDArray[np.float64]:
    values = float64(column, where)
    if not (values >= 1).all():
        hint = "Positions count from 1; fix the SQL"
        raise DataError(Problem(where, "is missing or below 1 in a row", hint, "split-position"))
    return values


def times_of(column: pa.Array) -> NDArray[np.int64]:
    """In microseconds."""
    times: NDArray[np.int64] = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
    return times


def group_columns(spec: Spec) -> tuple[str, ...]:
    """The first of these that is not missing in a row is what the row must stay together with."""
    if spec.split.group:
        return (spec.split.group,)
    return tuple(name for name in (spec.columns.user, spec.columns.list) if name)


def groups_of(batch: pa.RecordBatch, columns: Sequence[str], start: int) -> NDArray[np.uint64]:
    """64-bit hashes by md5, which every machine and every process computes alike. `start` rows were before."""
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
