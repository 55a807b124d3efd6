"""XGBoost in this process: rows in memory as one byte for each value, or on disk where the encoded rows are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artifacts.training import EngineUse
from components.train.boosting import MAX_BIN, Parameters, feature_types, fixed_parameters
from components.train.engine import Boosted, BoostingEngine, BoostingRows, FoldRows, ReportLoss, named
from components.train.rounds import boost
from components.train.row_arrays import Mask, RowStorage
from components.train.split_rows import SplitRows
from model.bundle.booster import xgboost
from model.bundle.features import Feature


@dataclass(frozen=True)
class LocalRows:
    """The matrix of XGBoost."""

    matrix: xgboost.DMatrix

    def begin_at(self, margin: NDArray[np.float32]) -> None:
        self.matrix.set_base_margin(margin)


class LocalEngine(BoostingEngine):
    """`threads` are XGBoost's. Both kinds of matrix give the same trees, to the last bit."""

    def __init__(self, threads: int, storage: RowStorage) -> None:
        self._threads, self._storage = threads, storage

    @property
    def use(self) -> EngineUse:
        return EngineUse()

    def prepare(
        self, rows: SplitRows, features: Sequence[Feature], chosen: Mask, *, like: BoostingRows | None = None
    ) -> LocalRows:
        path = self._storage.new_path()
        data = _Batches(rows, features, chosen, cache=str(path) if path else None)
        kind = xgboost.ExtMemQuantileDMatrix if path else xgboost.QuantileDMatrix
        matrix = kind(
            data, missing=np.nan, nthread=self._threads, max_bin=MAX_BIN, ref=_matrix(like) if like else None,
            enable_categorical=True,
        )  # fmt: skip
        return LocalRows(matrix)

    def fit(self, rows: BoostingRows, features: Sequence[Feature], parameters: Parameters, rounds: int) -> bytes:
        fixed = fixed_parameters(features, self._threads)
        return named(xgboost.train(fixed | parameters, _matrix(rows), rounds, verbose_eval=False), features)

    def boost(
        self, folds: Sequence[FoldRows], features: Sequence[Feature], parameters: Parameters, report: ReportLoss
    ) -> Boosted:
        matrices = [(_matrix(fold.fit), _matrix(fold.validation)) for fold in folds]
        rows = [fold.rows for fold in folds]
        return boost(matrices, rows, fixed_parameters(features, self._threads) | parameters, report)


def _matrix(rows: BoostingRows) -> xgboost.DMatrix:
    assert isinstance(rows, LocalRows)
    return rows.matrix


class _Batches(xgboost.DataIter):
    """The chosen rows, block by block, as often as XGBoost asks for them.

    They carry no names: XGBoost would read and compare them again in every round, twice where it evaluates.
    """

    def __init__(self, rows: SplitRows, features: Sequence[Feature], chosen: Mask, *, cache: str | None) -> None:
        super().__init__(cache_prefix=cache)
        self._rows, self._chosen = rows.encoded, chosen
        self._label = rows.label[chosen]
        self._types = feature_types(features)
        self._blocks: Iterator[NDArray[np.float32]] = iter(())
        self._start = 0

    def reset(self) -> None:
        self._blocks, self._start = self._rows.blocks(self._chosen), 0

    def next(self, input_data: Callable[..., Any]) -> bool:
        block = next(self._blocks, None)
        if block is None:
            return False
        end = self._start + len(block)
        input_data(data=block, label=self._label[self._start : end], feature_types=self._types)
        self._start = end
        return True
