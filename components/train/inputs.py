"""What every stage of one training reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from artifacts.split import SplitSummary, split_file
from components.train import linear
from components.train.engine import BoostingEngine
from components.train.examination import learn_examination
from components.train.learn_features import learn_features
from components.train.open_engine import engine_on
from components.train.row_arrays import IN_MEMORY, RowStorage
from components.train.split_rows import SplitRows, read_file, read_rows, refuse_one_class
from components.train.statistics import RowFile, learn_statistics
from model.bundle.calibration import Sampling
from model.bundle.examination import ExaminationTable
from model.bundle.features import Feature
from model.bundle.manifest import BundleManifest
from model.spec.types import Spec

if TYPE_CHECKING:
    from components.train.dask_cluster.connect import DaskCluster


@dataclass(frozen=True)
class TrainingInputs:
    """`train` is sampled as `sampling` says; `calibration` is not, and newer where the split is by time.

    `engine` trains the trees. `examination` is what the position adds, None where the trees learn it.
    """

    spec: Spec
    features: Sequence[Feature]
    train: SplitRows
    calibration: SplitRows
    sampling: Sampling
    engine: BoostingEngine
    examination: ExaminationTable | None = None

    @property
    def names(self) -> list[str]:
        """The matrix's columns in order."""
        return [feature.name for feature in self.features]

    @cached_property
    def design(self) -> linear.Design:
        """The rows of `train` for logistic regressions: the start, the one alone and the baseline are fitted to it."""
        return linear.Design.of(self.train, self.features)


def read_inputs(
    spec: Spec,
    splits: Path,
    summary: SplitSummary,
    *,
    champion: BundleManifest | None = None,
    cluster: "DaskCluster | None" = None,
    threads: int,
    temporary: Path,
    in_memory: int = IN_MEMORY,
) -> TrainingInputs:
    """`champion` is the model in service. Rows of more than `in_memory` bytes are kept in files of the folder
    `temporary`, which outlives the inputs.

    Raises DataError for splits that are damaged, and for those of one class where there are conversions enough.
    """
    path = split_file(splits, "train")
    statistics = learn_statistics(spec, [RowFile(path)], learn_features(spec, [path]))
    features = statistics.features
    examination = learn_examination(spec, splits, summary, features, champion)
    storage = RowStorage.of_size(pq.read_metadata(path).num_rows * len(features), temporary, in_memory=in_memory)
    train = read_file(spec, path, features, storage, ordered=statistics.ordered, examination=examination)
    calibration = read_rows(spec, splits, "calibration", features, storage, examination)
    positives = sum(summary.positives.values())
    refuse_one_class(spec, splits, {"train": train, "calibration": calibration}, positives)
    sampling = Sampling(kept_negatives=summary.sampling.kept_negatives)
    return TrainingInputs(
        spec, features, train, calibration, sampling, engine_on(cluster, threads, storage), examination
    )
