"""The refusals of a cluster. None is final: another attempt may find it well again."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import ClassVar

from distributed import KilledWorker
from distributed.client import ClosedClientError

from model.bundle.booster import xgboost
from model.errors import KamadoError

# What Dask and XGBoost raise when a worker or the scheduler is lost.
LOST = (
    *(OSError, RuntimeError, TimeoutError, CancelledError),
    *(KilledWorker, ClosedClientError, xgboost.core.XGBoostError),
)


class DaskError(KamadoError):
    heading: ClassVar[str] = "the Dask cluster was not usable"
    final: ClassVar[bool] = False


class LostError(Exception):
    """A fit has ended before its end: a worker is gone, or XGBoost on it gave up."""


@contextlib.contextmanager
def losses() -> Iterator[None]:
    """Raises LostError for LOST."""
    try:
        yield
    except LOST as error:
        raise LostError(" ".join(str(error).split()) or type(error).__name__) from error
