"""The parts of the split as training reads them: a float32 matrix per part, read in batches.

Only the matrix and a few numbers per row stay in memory; text lives as long as its batch.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from model.bundle.features import CategoryFeature, Feature, NumberFeature
from model.errors import DataError, Problem, Problems
from model.spec.types import Spec

FEWEST_ROWS = 10  # of a category in train; rarer values are coded as "other", with what was never seen
LARGEST = 1e37  # float32 holds 3.4e38, but XGBoost places its last cut at twice the largest value
BATCH = 65_536


@dataclass(frozen=True)
class Part:
    """Rows of one part in the order in which preprocess wrote them.

    `group` is equal where rows must never be divided between two folds: the user's, else the list's, else the row's
    number (of the declared group, when the split is by group). `time` is in microseconds, or None without a column.
    """

    matrix: NDArray[np.float32]
    label: NDArray[np.float32]
    group: NDArray[np.uint64]
    time: NDArray[np.int64] | None

    @property
    def rows(self) -> int:
        return len(self.label)

    @property
    def positives(self) -> int:
        return int(self.label.sum())


def part_file(parts: Path, name: str) -> Path:
    return parts / f"{name}.parquet"


def data_sha256(parts: Path) -> str:
    """One digest over the three parts: "<hex>  <name>" a line, as sha256sum prints them."""
    lines = []
    for name in ("calibration", "test", "train"):
        with part_file(parts, name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}.parquet\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Raises DataError that names the file and its missing columns."""
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise DataError(
            Problem(str(path), "is missing", "Run the step that makes it: preprocess", "part-missing")
        ) from None
    except pa.ArrowInvalid as error:
        raise DataError(
            Problem(str(path), f"is not Parquet ({_plain(error)})", "Run preprocess again", "part-damaged")
        ) from None
    absent = [name for name in columns if name not in file.schema_arrow.names]
    if absent:
        hint = "Run preprocess with this spec"
        raise DataError(*(Problem(f"{path} {name}", "is missing", hint, "part-column-missing") for name in absent))
    with file:
        # What is wrong inside a page shows only when it is read, as either of the two.
        try:
            yield from file.iter_batches(BATCH, columns=list(columns))
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(
                Problem(str(path), f"is damaged ({_plain(error)})", "Run preprocess again", "part-damaged")
            ) from None


def _damaged(path: Path, found: str) -> Problem:
    return Problem(str(path), found, "Run preprocess again", "part-damaged")


def _plain(error: Exception) -> str:
    """Arrow's words on one line, without the bytes that it stumbled over."""
    return " ".join("".join(one if one.isprintable() else " " for one in str(error)).split())


def learn_features(spec: Spec, path: Path) -> tuple[Feature, ...]:
    """The matrix's columns, learned from the train part alone: categories with their codes, ranges of numbers.

    Values in fewer than FEWEST_ROWS rows, and beyond the `max_categories` most frequent, become "other".
    """
    names = spec.feature_columns
    counts: dict[str, Counter[str]] = {name: Counter() for name in names if _is_category(spec, name)}
    low = dict.fromkeys(names, math.inf)
    high = dict.fromkeys(names, -math.inf)
    for batch in batches(path, names):
        for name in names:
            if name in counts:
                found = pc.value_counts(_text(batch[name]).drop_null())
                counts[name].update(dict(zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True)))
            else:
                values = _numbers(batch[name])
                finite = values[np.isfinite(values)]
                if len(finite):
                    low[name], high[name] = min(low[name], finite.min()), max(high[name], finite.max())
    return tuple(
        _category(name, counts[name], spec.training.max_categories)
        if name in counts
        else _number(spec, name, float(low[name]), float(high[name]))
        for name in names
    )


def _is_category(spec: Spec, name: str) -> bool:
    return name in spec.features and spec.features[name].kind == "category"


def _category(name: str, counts: Counter[str], most: int) -> CategoryFeature:
    frequent = sorted((-rows, value) for value, rows in counts.items() if rows >= FEWEST_ROWS)[:most]
    return CategoryFeature(name=name, categories=tuple(sorted(value for _, value in frequent)))


def _number(spec: Spec, name: str, low: float, high: float) -> NumberFeature:
    known = low <= high
    # People look at what stands first: whatever else is equal, a later place never raises the chance.
    direction = "decreasing" if name == spec.columns.position else spec.features[name].direction
    return NumberFeature(
        name=name, direction=direction, minimum=low if known else None, maximum=high if known else None
    )


def read_part(spec: Spec, parts: Path, name: str, features: Sequence[Feature]) -> Part:
    """One part, encoded exactly as `model.bundle.features.encode` does. Raises DataError."""
    path = part_file(parts, name)
    columns = spec.columns
    group = _group_columns(spec)
    wanted = dict.fromkeys((*spec.feature_columns, columns.label, *([columns.time] if columns.time else []), *group))
    matrices, labels, groups, times = [], [], [], []
    start = 0
    for batch in batches(path, tuple(wanted)):
        matrices.append(_encode(features, batch))
        labels.append(_label(batch[columns.label], f"{path} {columns.label}"))
        groups.append(_groups(batch, group, start))
        if columns.time:
            times.append(batch[columns.time].cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy())
        start += batch.num_rows
    if not start:
        raise DataError(Problem(str(path), "has no rows", "Widen the window or the share of this part", "part-empty"))
    return Part(
        np.concatenate(matrices),
        np.concatenate(labels),
        np.concatenate(groups),
        np.concatenate(times) if times else None,
    )


def refuse_one_class(spec: Spec, parts: Path, read: Mapping[str, Part], positives: int) -> None:
    """Raises DataError for every part that has one label alone, by name.

    With fewer `positives` in all parts than a verdict needs the part passes: evaluation will say that it is too little.
    """
    problems = Problems()
    for name, part in read.items():
        if part.positives in (0, part.rows) and positives >= spec.promotion.min_conversions:
            found = f"is {int(part.label[0])} in all {part.rows} rows"
            hint = "Widen the window, or check the SQL that makes the label"
            problems.add(f"{part_file(parts, name)} {spec.columns.label}", found, hint, "part-one-class")
    problems.raise_if_any(DataError)


def _encode(features: Sequence[Feature], batch: pa.RecordBatch) -> NDArray[np.float32]:
    matrix = np.empty((batch.num_rows, len(features)), dtype=np.float32)
    for place, feature in enumerate(features):
        if isinstance(feature, CategoryFeature):
            text = _text(batch[feature.name])
            codes = pc.fill_null(pc.index_in(text, value_set=pa.array(feature.categories, pa.string())), feature.other)
            matrix[:, place] = codes.to_numpy(zero_copy_only=False)
            matrix[text.is_null().to_numpy(zero_copy_only=False), place] = np.nan
        else:
            # XGBoost refuses to train on infinity. Cut off so far outside, every split orders it as it would infinity.
            matrix[:, place] = np.clip(_numbers(batch[feature.name]), -LARGEST, LARGEST)
    return matrix


def _text(column: pa.Array) -> pa.Array:
    return column.cast(pa.string())


def _numbers(column: pa.Array) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values


def _label(column: pa.Array, where: str) -> NDArray[np.float32]:
    values = _numbers(column)
    if bool(np.any((values != 0) & (values != 1))):
        found = values[(values != 0) & (values != 1)][0]
        said = "is missing" if math.isnan(found) else f"is {found:g}"
        hint = "A label is 0 or 1 in every row; fix the SQL"
        raise DataError(Problem(where, f"{said} in a row", hint, "part-label"))
    return values.astype(np.float32)


def _group_columns(spec: Spec) -> tuple[str, ...]:
    """The first of these that is not missing in a row says what the row must stay together with."""
    if spec.split.group:
        return (spec.split.group,)
    return tuple(name for name in (spec.columns.user, spec.columns.list) if name)


def _groups(batch: pa.RecordBatch, columns: Sequence[str], start: int) -> NDArray[np.uint64]:
    """64-bit hashes by md5, which every machine and every process computes alike."""
    rows = pa.array(f"row:{start + place}" for place in range(batch.num_rows))
    named = [pc.binary_join_element_wise(f"{name}:", _text(batch[name]), "") for name in columns]
    whole = pc.coalesce(*named, rows).dictionary_encode()
    hashes = np.array([hash64(value) for value in whole.dictionary.to_pylist()], dtype=np.uint64)
    groups: NDArray[np.uint64] = hashes[whole.indices.to_numpy()]
    return groups


def hash64(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "big")
