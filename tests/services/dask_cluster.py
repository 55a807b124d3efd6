"""A Dask cluster of two processes on this machine."""

import contextlib
import logging
from collections.abc import Iterator

import dask
from distributed import LocalCluster


@contextlib.contextmanager
def open_cluster(workers: int = 2) -> Iterator[str]:
    """The address of its scheduler. Its processes begin from one that has imported Dask, which saves their time."""
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        with LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL
        ) as cluster:
            yield cluster.scheduler_address
