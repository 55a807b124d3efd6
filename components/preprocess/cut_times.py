"""The moments at which each cut by time divides the rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from artifacts.split import SplitCuts
from artifacts.typed_rows import TypedRows
from components.preprocess.duckdb_session import one_row
from model.spec.types import Spec, SplitSpec
from model.sql import quoted


@dataclass(frozen=True)
class CutTimes:
    """Moments in UTC, without a time zone. Their meaning is that of the fields of SplitCuts.

    The test split ends before `test_end`, where the test split of the cut before begins; None for the newest cut.
    """

    train_end: datetime
    calibration_start: datetime
    calibration_end: datetime
    test_start: datetime
    test_end: datetime | None = None

    def moments(self) -> Mapping[str, datetime]:
        """Those of SplitCuts, by name."""
        return {name: getattr(self, name) for name in SplitCuts.model_fields}

    def document(self) -> SplitCuts:
        return SplitCuts(**{name: f"{moment.isoformat()}Z" for name, moment in self.moments().items()})

    def literals(self) -> Mapping[str, str]:
        """SQL of every moment, by name."""
        ends = {"test_end": self.test_end} if self.test_end else {}
        return {name: f"TIMESTAMP '{at.isoformat(sep=' ')}'" for name, at in {**self.moments(), **ends}.items()}


def cut_times(
    connection: duckdb.DuckDBPyConnection, rows: str, spec: Spec, columns: TypedRows, end: datetime
) -> list[CutTimes]:
    """Of every cut, the newest first: each tests on the block of time before that of the one before."""
    gap = timedelta(days=spec.source.conversion_days)
    split = spec.split
    if split.test_days and split.calibration_days:
        tests = [end - gap - number * timedelta(days=split.test_days) for number in split.numbers]
        starts = [(test - gap - timedelta(days=split.calibration_days), test) for test in tests]
    else:
        test_share, calibration_share = shares_of(split)
        tested = [1 - number * test_share for number in split.numbers]
        quantiles = [share for test in tested for share in (test, test - calibration_share)]
        (quantile,) = one_row(connection, f"SELECT quantile_disc({quoted(str(columns.time))}, {quantiles}) FROM {rows}")
        starts = list(zip(quantile[1::2], quantile[::2], strict=True))
    ends = [None, *(test for _, test in starts)]
    return [
        CutTimes(calibration - gap, calibration, test - gap, test, test_end)
        for (calibration, test), test_end in zip(starts, ends, strict=False)
    ]


def shares_of(split: SplitSpec) -> tuple[float, float]:
    """Of test and calibration, in a spec that has no days."""
    assert split.test_share is not None  # the spec reader requires days or shares
    assert split.calibration_share is not None
    return split.test_share, split.calibration_share
