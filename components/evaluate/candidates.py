"""The models that are compared: the new one, the one in service, and the logistic baseline."""

from abc import ABC, abstractmethod

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from artifacts.baselines import LogisticBaseline
from artifacts.distinct_rows import DistinctRows
from artifacts.splits import encode
from model.arithmetic import sigmoid
from model.arrays import Floats, Matrix
from model.bundle.bundle import Bundle
from model.bundle.features import Feature
from model.bundle.manifest import Position
from model.bundle.merged_booster import member
from model.bundle.predictor import Predictor


class Candidate(ABC):
    """`features` are the columns of its matrix; `position` is the one that is held constant when it serves."""

    def __init__(self, features: tuple[Feature, ...], position: Position | None) -> None:
        self.features, self.position = features, position
        self.names = tuple(feature.name for feature in features)
        self.columns = tuple(feature.name for feature in features if feature.kind != "statistic")

    @abstractmethod
    def probability(self, matrix: Matrix) -> Floats:
        """Of conversion, per row."""

    def encode(self, batch: pa.RecordBatch, position: NDArray[np.int64] | None) -> Matrix:
        """A batch as its matrix; the position is its constant where no positions are passed.

        Raises DataError for a column that is not numeric where numbers belong.
        """
        if self.position is None:
            return encode(self.features, batch)
        value = self.position.constant if position is None else position
        return encode(self.features, batch, values={self.position.feature: value})


class BundleCandidate(Candidate):
    """A trained model, loaded once."""

    def __init__(self, bundle: Bundle, *, threads: int) -> None:
        super().__init__(bundle.manifest.features, bundle.manifest.position)
        self.bundle, self._threads = bundle, threads
        self.predictor = Predictor(bundle, threads=threads)

    def of_member(self, number: int) -> "BundleCandidate":
        """One member of the ensemble, from 0, alone."""
        return BundleCandidate(member(self.bundle, number), threads=self._threads)

    def probability(self, matrix: Matrix) -> Floats:
        distinct = DistinctRows.of(matrix)
        return self.predictor.probability(distinct.rows)[distinct.index]


class LogisticCandidate(Candidate):
    """The logistic regression of train. `position` is the spec's column, which is an input where there is one."""

    def __init__(self, baseline: LogisticBaseline, *, position: str | None) -> None:
        names = [feature.name for feature in baseline.features]
        super().__init__(baseline.features, Position(feature=position) if position and position in names else None)
        self._baseline = baseline

    def probability(self, matrix: Matrix) -> Floats:
        margin = self._baseline.linear.margin(matrix, self.names)
        if self.position and self._baseline.examination:
            margin += self._baseline.examination.log_odds(matrix[:, self.names.index(self.position.feature)])
        return sigmoid(self._baseline.calibration.apply(self._baseline.sampling.correct(margin)))


def inputs_of(candidate: Candidate) -> tuple[str, ...]:
    """The columns that a candidate reads, without its position."""
    position = candidate.position.feature if candidate.position else None
    return tuple(name for name in candidate.columns if name != position)
