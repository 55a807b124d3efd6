"""One worker's share of the rows, and XGBoost on it: a Dask actor.

It travels to the worker by value: here is nothing of Kamado but this file.
"""

import tempfile
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import xgboost
from distributed import get_worker
from numpy.typing import NDArray
from xgboost.tracker import RabitTracker

BLOCK = 1 << 16  # rows
START_SECONDS = 60  # for all workers to join a fit
CALL_SECONDS = 1800  # for the slowest worker in one step of a fit; one that is gone is noticed at once

TrackerAddress = dict[str, str | int]
_Parameters = dict[str, int | float | str | tuple[int, ...]]


class WorkerRows:
    """Rows in a file without a name on the worker's disk: it goes when nobody refers to them any more."""

    def __init__(self, feature_types: Sequence[str]) -> None:
        self._feature_types = list(feature_types)
        self._file = tempfile.TemporaryFile(dir=get_worker().local_directory)  # noqa: SIM115  # it lives as this does
        self._labels: list[NDArray[np.float32]] = []
        self._tracker: RabitTracker | None = None

    def append(self, matrix: NDArray[np.float32], label: NDArray[np.float32]) -> int:
        """`matrix` is (rows, features), C-ordered. Returns how many rows there are now."""
        self._file.write(matrix.tobytes())
        self._labels.append(np.array(label))
        return self.count()

    def count(self) -> int:
        return sum(map(len, self._labels))

    def start_tracker(self, workers: int) -> TrackerAddress:
        """Where the workers of the next fit meet: on this one."""
        host = urlsplit(get_worker().address).hostname
        self._tracker = RabitTracker(n_workers=workers, host_ip=host, sortby="task", timeout=START_SECONDS)
        self._tracker.start()
        threading.Thread(target=self._tracker.wait_for, daemon=True).start()
        return self._tracker.worker_args()

    def fit(
        self,
        rank: int,
        tracker: TrackerAddress,
        chosen: NDArray[np.bool_],
        margin: NDArray[np.float32],
        parameters: _Parameters,
        rounds: int,
    ) -> bytes:
        """Boost on the rows that are `chosen`, which have `margin` to start from, together with the other workers.

        UBJSON from the worker of rank 0; all have the same booster, and the others return nothing.
        """
        threads = get_worker().state.nthreads
        with xgboost.collective.CommunicatorContext(**tracker, dmlc_task_id=f"{rank:06d}", dmlc_timeout=CALL_SECONDS):
            rows = xgboost.QuantileDMatrix(
                _Blocks(self._matrix(), np.concatenate(self._labels), chosen, margin, self._feature_types),
                missing=np.nan,
                nthread=threads,
                max_bin=parameters["max_bin"],
                enable_categorical=True,
            )
            booster = xgboost.train({**parameters, "nthread": threads}, rows, rounds, verbose_eval=False)
        return b"" if rank else bytes(booster.save_raw("ubj"))

    def _matrix(self) -> NDArray[np.float32]:
        self._file.flush()
        return np.memmap(self._file, np.float32, mode="r", shape=(self.count(), len(self._feature_types)))


class _Blocks(xgboost.DataIter):
    """The chosen rows, BLOCK rows of the file at a time."""

    def __init__(
        self,
        matrix: NDArray[np.float32],
        label: NDArray[np.float32],
        chosen: NDArray[np.bool_],
        margin: NDArray[np.float32],
        feature_types: list[str],
    ) -> None:
        self._matrix, self._label, self._chosen, self._margin = matrix, label, chosen, margin
        self._feature_types = feature_types
        starts = range(0, len(label), BLOCK)
        # Where the margins of each block begin; XGBoost takes no block without rows.
        counts = np.array([np.count_nonzero(chosen[start : start + BLOCK]) for start in starts])
        ends = np.cumsum(counts)
        self._blocks = [
            (start, int(end - count), int(end)) for start, count, end in zip(starts, counts, ends, strict=True) if count
        ]
        self._next = 0
        super().__init__()

    def next(self, input_data: Any) -> bool:
        if self._next == len(self._blocks):
            return False
        start, first, last = self._blocks[self._next]
        rows = slice(start, start + BLOCK)
        chosen = self._chosen[rows]
        input_data(
            data=np.ascontiguousarray(self._matrix[rows][chosen]),
            label=self._label[rows][chosen],
            base_margin=self._margin[first:last],
            feature_types=self._feature_types,
        )
        self._next += 1
        return True

    def reset(self) -> None:
        self._next = 0
