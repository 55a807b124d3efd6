"""The rows that a refit learns from, and the newest of them, on which it is checked and calibrated.

With a time column these are all mature rows: the three splits, the gaps between them and what was purged. The next
evaluation leaves those out that the model in service has seen, by their time. Without one they could not be told apart:
the test split stays out, and because every run assigns a row to the same split, no later model is judged on rows that
this one learned from.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artifacts.split import REST, SplitName, SplitSummary, split_file
from components.train.engine import BoostingEngine
from components.train.learn_features import learn_features
from components.train.open_engine import engine_on
from components.train.row_arrays import IN_MEMORY, Mask, RowStorage
from components.train.split_rows import SplitRows, among, read_file
from components.train.statistics import RowFile, learn_statistics
from model.bundle.calibration import Sampling
from model.bundle.features import Feature
from model.spec.types import Spec

if TYPE_CHECKING:
    from components.train.dask_cluster.connect import DaskCluster

FOLDS = 3  # of the newest rows: a member for each, which has not seen it


@dataclass(frozen=True)
class RefitRows:
    """`sampled` are the rows to learn from, their negatives sampled as `sampling` says. `newest` is the split `name`,
    not sampled. `fold` and `newest_fold` are -1, or the number of the one member that does not learn from the row.

    `rows` and `conversions` count what it learns from, before sampling.
    """

    features: Sequence[Feature]
    sampled: SplitRows
    fold: NDArray[np.int8]
    name: SplitName
    newest: SplitRows
    newest_fold: NDArray[np.int8]
    engine: BoostingEngine
    sampling: Sampling
    rows: int
    conversions: int

    @property
    def names(self) -> list[str]:
        """The matrix's columns in order."""
        return [feature.name for feature in self.features]


def read_refit_rows(
    spec: Spec, splits: Path, summary: SplitSummary, statistic_inputs: Collection[str] = (), *,
    cluster: "DaskCluster | None" = None, threads: int, temporary: Path, in_memory: int = IN_MEMORY,
) -> RefitRows:  # fmt: skip
    """`statistic_inputs` are the categories that the judged model has a statistic of. Rows of more than `in_memory`
    bytes are kept in files of the folder `temporary`, which outlives them.

    Raises DataError for splits that are damaged."""
    name: SplitName = "test" if spec.columns.time else "calibration"
    paths = [split_file(splits, "train"), split_file(splits, "calibration")]
    rest = splits / REST
    if spec.columns.time:
        paths += [split_file(splits, "test")]
        paths += [rest] if pq.read_metadata(rest).num_rows else []
    sampled_paths = (split_file(splits, "train"), rest)
    keep = summary.sampling.kept_negatives
    files = [RowFile(path, 1.0 if path in sampled_paths else keep) for path in paths]
    statistics = learn_statistics(spec, files, learn_features(spec, paths), names=statistic_inputs)
    features = statistics.features
    values = sum(pq.read_metadata(path).num_rows for path in paths) * len(features)
    storage = RowStorage.of_size(values, temporary, in_memory=in_memory)
    parts, before = [], 0
    for path in paths:
        parts.append(read_file(spec, path, features, storage, before=before, ordered=statistics.ordered))
        before += parts[-1].count
    newest = parts[paths.index(split_file(splits, name))]
    counts = [summary.splits[split] for split in ("train", "calibration", "test")]
    used = counts if spec.columns.time else counts[:2]
    rows = sum(count.rows for count in used) + (summary.gap + summary.purged if spec.columns.time else 0)
    sampled = _joined(parts, [
        None if path in sampled_paths else _sample(spec, part, number, summary)
        for number, (path, part) in enumerate(zip(paths, parts, strict=True))
    ], storage)  # fmt: skip
    conversions = sampled.positives
    share = (sampled.count - conversions) / (rows - conversions)
    return RefitRows(
        features=features,
        sampled=sampled,
        fold=_folds(sampled, newest),
        name=name,
        newest=newest,
        newest_fold=_folds(newest, newest),
        engine=engine_on(cluster, threads, storage),
        sampling=Sampling(kept_negatives=share),
        rows=rows,
        conversions=conversions,
    )


def _sample(spec: Spec, rows: SplitRows, number: int, summary: SplitSummary) -> Mask | None:
    """All conversions, and of the others the share that the train split kept; None for all rows."""
    keep = spec.training.keep_negatives
    if summary.sampling.kept_negatives == 1:
        return None
    chance = np.random.Generator(np.random.PCG64([spec.training.seed, number])).random(rows.count)
    return (rows.label > 0) | (chance < keep)


def _joined(parts: Sequence[SplitRows], masks: Sequence[Mask | None], storage: RowStorage) -> SplitRows:
    """The rows of each part that its mask chooses."""
    encoded, group = storage.floats(parts[0].width), storage.groups()
    time = storage.times() if parts[0].time else None
    for part, chosen in zip(parts, masks, strict=True):
        for block in part.encoded.blocks(chosen):
            encoded.append(block)
        for groups in part.group.blocks(chosen):
            group.append(groups)
        if time is not None and part.time is not None:
            for times in part.time.blocks(chosen):
                time.append(times)
    labels = [part.label if mask is None else part.label[mask] for part, mask in zip(parts, masks, strict=True)]
    return SplitRows(encoded, np.concatenate(labels), group, time)


def _folds(rows: SplitRows, newest: SplitRows) -> NDArray[np.int8]:
    """Older rows of a user who is among the newest are in that user's fold."""
    groups = np.unique(newest.group.values())

    def fold(group: NDArray[np.uint64]) -> NDArray[np.int8]:
        number = (group >> np.uint64(20)) % np.uint64(FOLDS)
        return np.where(among(group, groups), number.astype(np.int8), np.int8(-1))

    return rows.group.over(fold)
