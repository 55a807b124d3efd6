"""XGBoost on a Dask cluster that exists: the fits of the ensemble and of the refit, which read all rows.

The search stays in this process, on at most SEARCH_ROWS rows: more would hardly choose another setting, and its many
short trials would spend their time on the network.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from artifacts.training import EngineUse
from components.train.boosting import Parameters, fixed_parameters
from components.train.dask_cluster.connect import DaskCluster, answering, ready
from components.train.dask_cluster.errors import DaskError, LostError
from components.train.dask_cluster.placed_rows import PlacedRows
from components.train.engine import Boosted, BoostingEngine, BoostingRows, FoldRows, ReportLoss, named
from components.train.local_engine import LocalEngine
from components.train.row_arrays import Mask
from components.train.split_rows import SplitRows
from model.bundle.booster import xgboost
from model.bundle.features import Feature
from model.errors import Problem

SEARCH_ROWS = 2_000_000
PLACES = 1 << 20  # by which groups are sampled
ATTEMPTS = 2  # of a fit
RETURN_SECONDS = 120.0  # for a lost worker to come again


@dataclass
class ClusterRows:
    """The chosen rows, which no engine reads before they are needed. `sampled` are those of the search, quantised."""

    rows: SplitRows
    features: Sequence[Feature]
    chosen: Mask
    like: "ClusterRows | None"
    margin: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    sampled: BoostingRows | None = None

    def begin_at(self, margin: NDArray[np.float32]) -> None:
        self.margin = margin


class DaskEngine(BoostingEngine):
    """Fits on as many workers as the cluster has at first; a fit that lost one begins again when it is back."""

    def __init__(
        self,
        cluster: DaskCluster,
        local: LocalEngine,
        *,
        search_rows: int = SEARCH_ROWS,
        returns: float = RETURN_SECONDS,
    ) -> None:
        self._workers = len(cluster.workers)
        self._cluster, self._local = cluster, local
        self._search_rows, self._returns = search_rows, returns
        self._placed: PlacedRows | None = None

    @property
    def use(self) -> EngineUse:
        return EngineUse(name="xgboost-dask", workers=self._workers)

    def prepare(
        self, rows: SplitRows, features: Sequence[Feature], chosen: Mask, *, like: BoostingRows | None = None
    ) -> ClusterRows:
        return ClusterRows(rows, features, chosen, _cluster_rows(like) if like else None)

    def fit(self, rows: BoostingRows, features: Sequence[Feature], parameters: Parameters, rounds: int) -> bytes:
        """Raises DaskError."""
        wanted = _cluster_rows(rows)
        every = {**fixed_parameters(features, threads=0), **parameters}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                placed = self._on_workers(wanted.rows, features)
                booster = xgboost.Booster()
                booster.load_model(bytearray(placed.fit(wanted.chosen, wanted.margin, every, rounds)))
                return named(booster, features)
            except LostError as error:
                self._placed = None
                if attempt == ATTEMPTS:
                    problem = f"lost a fit {ATTEMPTS} times (the last time: {error})"
                    hint = "Read the logs of its workers; one that ends often has too little memory"
                    raise DaskError(Problem(self._cluster.address, problem, hint, "dask-lost")) from None
        raise AssertionError("an attempt returns or raises")

    def boost(
        self, folds: Sequence[FoldRows], features: Sequence[Feature], parameters: Parameters, report: ReportLoss
    ) -> Boosted:
        here = [
            FoldRows(
                self._sampled(_cluster_rows(fold.fit)),
                self._sampled(_cluster_rows(fold.validation)),
                fold.rows,
            )
            for fold in folds
        ]
        return self._local.boost(here, features, parameters, report)

    def _on_workers(self, rows: SplitRows, features: Sequence[Feature]) -> PlacedRows:
        if self._placed is None or self._placed.rows is not rows:
            self._placed = None  # before others take its place on the workers' disks
            self._placed = PlacedRows(self._cluster, self._present(), rows, features)
        return self._placed

    def _present(self) -> tuple[str, ...]:
        """As many workers as at first, with the versions of this step."""
        until = time.monotonic() + self._returns
        with answering(self._cluster.address):
            while len(present := self._cluster.present()) < self._workers:
                if time.monotonic() > until:
                    problem = f"has {len(present)} of the {self._workers} workers that it had at first"
                    hint = "The same model needs as many workers: see why the others ended, and run again"
                    raise DaskError(Problem(self._cluster.address, problem, hint, "dask-lost"))
                time.sleep(0.1)
            return ready(self._cluster.client, self._cluster.address)[: self._workers]

    def _sampled(self, wanted: ClusterRows) -> BoostingRows:
        """At the margins of `wanted`."""
        sample = self._sample(wanted.rows)
        if wanted.sampled is None:
            like = self._sampled(wanted.like) if wanted.like else None
            wanted.sampled = self._local.prepare(wanted.rows, wanted.features, wanted.chosen & sample, like=like)
        wanted.sampled.begin_at(wanted.margin[sample[wanted.chosen]])
        return wanted.sampled

    def _sample(self, rows: SplitRows) -> Mask:
        """Groups stay whole; all rows where there are no more than the search reads."""
        if rows.count <= self._search_rows:
            return np.ones(rows.count, np.bool_)
        places = np.uint64(PLACES * self._search_rows / rows.count)
        return rows.group.over(lambda group: (group >> np.uint64(40)) % np.uint64(PLACES) < places)


def _cluster_rows(rows: BoostingRows) -> ClusterRows:
    assert isinstance(rows, ClusterRows)
    return rows
