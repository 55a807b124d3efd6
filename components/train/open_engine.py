"""The engine that a spec asks for. Dask is imported for a spec that names a cluster, and for no other."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.train.engine import BoostingEngine
from components.train.local_engine import LocalEngine
from components.train.row_arrays import RowStorage
from model.spec.types import Spec

if TYPE_CHECKING:
    from components.train.dask_cluster.connect import DaskCluster


@contextlib.contextmanager
def open_cluster(spec: Spec) -> Iterator["DaskCluster | None"]:
    """The cluster of the spec, checked before any row is read; None where training stays in this process.

    Raises DaskError."""
    if spec.training.scheduler is None:
        yield None
        return
    from components.train.dask_cluster.connect import connected

    with connected(spec.training.scheduler) as cluster:
        yield cluster


def engine_on(cluster: "DaskCluster | None", threads: int, storage: RowStorage) -> BoostingEngine:
    """`threads` are those of this process."""
    local = LocalEngine(threads, storage)
    if cluster is None:
        return local
    from components.train.dask_engine import DaskEngine

    return DaskEngine(cluster, local)
