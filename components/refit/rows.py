"""The rows that a refit learns from, and the newest of them, on which it is checked and calibrated.

These are all mature rows: the three splits and, with a time column, the gaps between them and what was purged. The next
evaluation leaves those out that the model in service has seen, by their time. Without one it asks for each test row the
member that has left it out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artifacts.split import REST, SplitName, SplitSummary, split_file
from components.evaluate.left_out import left_out_by
from components.train.engine import BoostingEngine
from components.train.learn_features import learn_features
from components.train.open_engine import engine_on
from components.train.row_arrays import IN_MEMORY, Mask, RowStorage
from components.train.split_rows import SplitRows, among, read_file
from components.train.statistics import RowFile, learn_statistics
from model.bundle.calibration import Sampling
from model.bundle.examination import ExaminationTable
from model.bundle.features import Feature
from model.spec.types import Spec

if TYPE_CHECKING:
    from components.train.dask_cluster.connect import DaskCluster

# Members, where so many rows or fewer train them: more would be as good on more rows, at a price that grows with them.
MEMBERS = {50_000: 10, 300_000: 5}
FEWEST_MEMBERS = 3
NEWEST: SplitName = "test"


@dataclass(frozen=True)
class RefitRows:
    """`sampled` are the rows to learn from, their negatives sampled as `sampling` says. `newest` is the split NEWEST,
    not sampled. `fold` and `newest_fold` are -1, or the number of the one of `members` that does not learn from it.

    `rows` and `conversions` count what it learns from, before sampling.
    """

    features: Sequence[Feature]
    sampled: SplitRows
    fold: NDArray[np.int8]
    members: int
    newest: SplitRows
    newest_fold: NDArray[np.int8]
    engine: BoostingEngine
    sampling: Sampling
    examination: ExaminationTable | None
    rows: int
    conversions: int

    @property
    def names(self) -> list[str]:
        """The matrix's columns in order."""
        return [feature.name for feature in self.features]


def read_refit_rows(
    spec: Spec, splits: Path, summary: SplitSummary, statistic_inputs: Collection[str] = (), *, settings: int = 1,
    examination: ExaminationTable | None = None,
    cluster: "DaskCluster | None" = None, threads: int, temporary: Path, in_memory: int = IN_MEMORY,
) -> RefitRows:  # fmt: skip
    """`statistic_inputs` are the categories that the judged model has a statistic of; `settings` counts those of its
    recipe; `examination` is what the position adds, None where the trees learn it. Rows of more than `in_memory` bytes
    are kept in files of the folder `temporary`, which outlives them.

    Raises DataError for splits that are damaged."""
    train, rest = split_file(splits, "train"), splits / REST
    paths = [train, split_file(splits, "calibration"), split_file(splits, NEWEST)]
    if spec.columns.time and pq.read_metadata(rest).num_rows:
        paths.append(rest)
    keep = summary.sampling.kept_negatives
    # Without a time a statistic too must not know the labels of rows that a member has left out.
    learned = paths if spec.columns.time else paths[:-1]
    files = [RowFile(path, 1.0 if path in (train, rest) else keep) for path in learned]
    statistics = learn_statistics(spec, files, learn_features(spec, paths), names=statistic_inputs)
    features = statistics.features
    values = sum(pq.read_metadata(path).num_rows for path in paths) * len(features)
    storage = RowStorage.of_size(values, temporary, in_memory=in_memory)
    parts, before = [], 0
    for path in paths:
        ordered = statistics.ordered if path in learned else None
        parts.append(read_file(spec, path, features, storage, before=before, ordered=ordered, examination=examination))
        before += parts[-1].count
    newest = parts[paths.index(split_file(splits, NEWEST))]
    rows = sum(summary.rows.values()) + (summary.gap + summary.purged if spec.columns.time else 0)
    masks = [
        None if path in (train, rest) else _sample(spec, part, number, summary)
        for number, (path, part) in enumerate(zip(paths, parts, strict=True))
    ]
    sampled = _joined(parts, masks, storage)
    members = next((count for most, count in MEMBERS.items() if sampled.count <= most), FEWEST_MEMBERS)
    if spec.columns.time:
        fold, newest_fold = (_folds(some, newest, members) for some in (sampled, newest))
    else:
        members = max(2, -(-members // settings))  # each of which has all settings
        newest_fold = left_out_by(spec, split_file(splits, NEWEST), _columns(features), members)
        fold = _behind(sampled.count, newest_fold if masks[-1] is None else newest_fold[masks[-1]])
    conversions = sampled.positives
    share = (sampled.count - conversions) / (rows - conversions)
    return RefitRows(
        features=features,
        sampled=sampled,
        fold=fold,
        members=members,
        newest=newest,
        newest_fold=newest_fold,
        engine=engine_on(cluster, threads, storage),
        sampling=Sampling(kept_negatives=share),
        examination=examination,
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
    offset = [part.offset_of(mask) for part, mask in zip(parts, masks, strict=True)]
    known = parts[0].offset is not None
    return SplitRows(encoded, np.concatenate(labels), group, time, np.concatenate(offset) if known else None)


def _columns(features: Sequence[Feature]) -> list[str]:
    return [feature.name for feature in features if feature.kind != "statistic"]


def _behind(count: int, newest: NDArray[np.int8]) -> NDArray[np.int8]:
    """Folds of `count` rows: of all but the last, which are the newest, none is left out."""
    return np.concatenate([np.full(count - len(newest), -1, np.int8), newest])


def _folds(rows: SplitRows, newest: SplitRows, members: int) -> NDArray[np.int8]:
    """Older rows of a user who is among the newest are in that user's fold."""
    groups = np.unique(newest.group.values())

    def fold(group: NDArray[np.uint64]) -> NDArray[np.int8]:
        number = (group >> np.uint64(20)) % np.uint64(members)
        return np.where(among(group, groups), number.astype(np.int8), np.int8(-1))

    return rows.group.over(fold)
