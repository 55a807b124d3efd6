"""The refusals of a cluster. None is final: another attempt may find it well again."""

from typing import ClassVar

from model.errors import KamadoError


class DaskError(KamadoError):
    heading: ClassVar[str] = "the Dask cluster was not usable"
    final: ClassVar[bool] = False


class LostError(Exception):
    """A fit has ended before its end: a worker is gone, or XGBoost on it gave up."""
