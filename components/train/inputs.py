"""What every stage of one training reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from artifacts.split import SplitSummary, split_file
from components.train import linear
from components.train.learn_features import learn_features
from components.train.split_rows import SplitRows, read_file, read_rows, refuse_one_class
from components.train.statistics import RowFile, learn_statistics
from model.bundle.calibration import Sampling
from model.bundle.features import Feature
from model.spec.types import Spec


@dataclass(frozen=True)
class TrainingInputs:
    """`train` is sampled as `sampling` says; `calibration` is not, and newer where the split is by time.

    `threads` are XGBoost's; results do not depend on them.
    """

    spec: Spec
    features: Sequence[Feature]
    train: SplitRows
    calibration: SplitRows
    sampling: Sampling
    threads: int

    @property
    def names(self) -> list[str]:
        """The matrix's columns in order."""
        return [feature.name for feature in self.features]

    @cached_property
    def design(self) -> linear.Design:
        """The rows of `train` for logistic regressions: the start, the one alone and the baseline are fitted to it."""
        return linear.Design(self.train.matrix, self.train.label, self.features)


def read_inputs(spec: Spec, splits: Path, summary: SplitSummary, *, threads: int) -> TrainingInputs:
    """Raises DataError for splits that are damaged, and for those of one class where there are conversions enough."""
    path = split_file(splits, "train")
    statistics = learn_statistics(spec, [RowFile(path)], learn_features(spec, [path]))
    features = statistics.features
    train = read_file(spec, path, features, ordered=statistics.ordered)
    calibration = read_rows(spec, splits, "calibration", features)
    positives = sum(summary.positives.values())
    refuse_one_class(spec, splits, {"train": train, "calibration": calibration}, positives)
    sampling = Sampling(kept_negatives=summary.sampling.kept_negatives)
    return TrainingInputs(spec, features, train, calibration, sampling, threads)
