"""What trains the trees: where boosting runs, for the search, the ensemble and the refit alike."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from artifacts.training import EngineUse
from components.train.boosting import Parameters
from components.train.row_arrays import Mask
from components.train.split_rows import SplitRows
from model.bundle.booster import xgboost
from model.bundle.features import Feature

ReportLoss = Callable[[int, float], bool]


class BoostingRows(Protocol):
    """Quantised rows where the engine has them; only that engine reads them."""

    def begin_at(self, margin: NDArray[np.float32]) -> None:
        """Boosting begins from these log odds (rows,)."""


@dataclass(frozen=True)
class FoldRows:
    """Rows to fit on and validation rows, with the same cuts."""

    fit: BoostingRows
    validation: BoostingRows
    rows: int  # of validation


@dataclass(frozen=True)
class Boosted:
    """The best number of rounds with its log loss; `cut` where the reports ended it."""

    rounds: int
    log_loss: float
    cut: bool


class BoostingEngine(ABC):
    """Boosts trees for one training. The same rows and parameters give the same trees on any number of threads."""

    @property
    @abstractmethod
    def use(self) -> EngineUse:
        """For training.json and the manifest."""

    @abstractmethod
    def prepare(
        self, rows: SplitRows, features: Sequence[Feature], chosen: Mask, *, like: BoostingRows | None = None
    ) -> BoostingRows:
        """The chosen rows, quantised by the cuts of `like`, else by their own."""

    @abstractmethod
    def fit(self, rows: BoostingRows, features: Sequence[Feature], parameters: Parameters, rounds: int) -> bytes:
        """A booster of `rounds` trees as UBJSON, its inputs named as a bundle's are."""

    @abstractmethod
    def boost(
        self, folds: Sequence[FoldRows], features: Sequence[Feature], parameters: Parameters, report: ReportLoss
    ) -> Boosted:
        """One setting on all folds side by side, with one early stop for all by the mean of their log losses.

        `report` gets round and loss at times, and ends it by answering True.
        """


def named(booster: xgboost.Booster, features: Sequence[Feature]) -> bytes:
    """UBJSON of a booster with the names of its inputs."""
    booster.feature_names = [feature.name for feature in features]
    return bytes(booster.save_raw("ubj"))
