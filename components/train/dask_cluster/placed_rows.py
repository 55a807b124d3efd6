"""The rows of a training on the workers of a cluster, in equal consecutive ranges, and fits over them.

The step encodes and sends them, once for all fits: what a row's inputs are is decided in one place, and the workers
need no access to the splits.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from distributed import Actor, Semaphore
from distributed.actor import BaseActorFuture
from numpy.typing import NDArray

from components.train.boosting import FixedParameters, feature_types
from components.train.dask_cluster import worker_rows
from components.train.dask_cluster.by_value import ByValue
from components.train.dask_cluster.connect import DaskCluster
from components.train.dask_cluster.errors import LostError, losses
from components.train.row_arrays import Mask
from components.train.split_rows import SplitRows
from model.bundle.features import Feature

FEWEST_ROWS = 1000  # for a worker; fewer workers take part where there are fewer rows
ACTOR_SECONDS = 60  # for a worker to begin
FIRST_LOOK, LAST_LOOK = 0.01, 1.0  # seconds between two looks at what runs


class PlacedRows:
    """Of one SplitRows, on so many workers: the same rows on as many workers give the same booster."""

    def __init__(
        self, cluster: DaskCluster, workers: Sequence[str], rows: SplitRows, features: Sequence[Feature]
    ) -> None:
        """Raises LostError."""
        self.rows = rows
        self._cluster = cluster
        count = max(1, min(len(workers), rows.count // FEWEST_ROWS))
        self._workers = workers[:count]
        self._ends = [rows.count * number // count for number in range(count + 1)]
        with losses():
            self._parts = [self._part(address, features) for address in self._workers]
            self._send()

    def fit(self, chosen: Mask, margin: NDArray[np.float32], parameters: FixedParameters, rounds: int) -> bytes:
        """Boost on the rows that are `chosen`, from `margin`, one for each of them. UBJSON. Raises LostError.

        Waits for fits of other trainings: two at once on one worker would wait for each other.
        """
        starts = np.concatenate([[0], np.cumsum([np.count_nonzero(chosen[rows]) for rows in self._ranges()])])
        with losses(), Semaphore(max_leases=1, name="kamado-fit"):
            self._check()  # a worker that is gone would be waited for
            tracker = self._parts[0].start_tracker(len(self._parts)).result()
            calls = [
                actor.fit(
                    number, tracker, chosen[rows], margin[starts[number] : starts[number + 1]], parameters, rounds
                )
                for number, (actor, rows) in enumerate(zip(self._parts, self._ranges(), strict=True))
            ]
            booster: bytes = self._answers(calls)[0]
        return booster

    def _part(self, address: str, features: Sequence[Feature]) -> Actor:
        kind = ByValue(worker_rows, worker_rows.WorkerRows)
        future: Any = self._cluster.client.submit(
            kind, feature_types(features), actor=True, workers=[address], pure=False
        )
        actor: Actor = future.result(timeout=ACTOR_SECONDS)
        return actor

    def _send(self) -> None:
        """Block by block, of which one is on its way to each worker."""
        start, under_way = 0, dict[int, BaseActorFuture[Any]]()
        for block in self.rows.encoded.blocks():
            for number, rows in enumerate(self._ranges()):
                first, last = max(start, rows.start), min(start + len(block), rows.stop)
                if first < last:
                    if number in under_way:
                        under_way[number].result()
                    matrix = np.ascontiguousarray(block[first - start : last - start])
                    under_way[number] = self._parts[number].append(matrix, self.rows.label[first:last])
            start += len(block)
        self._answers(list(under_way.values()))

    def _check(self) -> None:
        counts = self._answers([actor.count() for actor in self._parts])
        if counts != [rows.stop - rows.start for rows in self._ranges()]:
            raise LostError("a worker has other rows than were sent to it")

    def _ranges(self) -> Iterator[slice]:
        for start, end in zip(self._ends[:-1], self._ends[1:], strict=True):
            yield slice(start, end)

    def _answers(self, calls: Sequence[BaseActorFuture[Any]]) -> list[Any]:
        """Of all; the first that fails ends it, and so does a worker that is gone."""
        waiting, pause = list(calls), FIRST_LOOK
        while waiting:
            for call in [call for call in waiting if call.done()]:
                call.result()
                waiting.remove(call)
            gone = sorted(set(self._workers) - set(self._cluster.present()))
            if gone:
                raise LostError(f"{gone[0]} is gone")
            time.sleep(pause if waiting else 0)
            pause = min(2 * pause, LAST_LOOK)
        return [call.result() for call in calls]
