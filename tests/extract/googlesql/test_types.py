"""Values of BigQuery get the types that they have from files, whatever way they came."""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from components.extract.googlesql.types import as_read_from_files
from model.errors import DataError

COLUMNS = {"id": "FLOAT64"}


def batch(*values, kind=None):
    return pa.record_batch({"id": pa.array([None if value is None else Decimal(value) for value in values], kind)})


@pytest.mark.parametrize("kind", [pa.decimal128(38, 9), pa.decimal256(76, 9)], ids=["NUMERIC", "BIGNUMERIC"])
def test_decimals_are_floats(kind):
    assert as_read_from_files(batch("1.25", None, "-9007199254740992", kind=kind), COLUMNS)["id"].to_pylist() == [
        1.25, None, -9007199254740992.0,
    ]  # fmt: skip


@pytest.mark.case("a NUMERIC id of more digits than FLOAT64 keeps, from BigQuery")
@pytest.mark.parametrize("value", ["9007199254740993", "-9007199254740993"])
def test_a_decimal_of_more_digits_is_refused(outcome, value):
    with pytest.raises(DataError, match="a decimal of more digits than FLOAT64 keeps") as error:
        as_read_from_files(batch("1", value, kind=pa.decimal128(38, 9)), COLUMNS)
    outcome(error.value.problems[0])


def test_no_rows_are_no_fault():
    assert as_read_from_files(batch(kind=pa.decimal128(38, 9)), COLUMNS).num_rows == 0


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
@pytest.mark.parametrize(("kind", "expected"), [("TIMESTAMP", "UTC"), ("DATETIME", None)])
def test_a_moment_has_the_zone_of_its_type(zone, kind, expected):
    moment = datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC if zone else None)
    rows = pa.record_batch({"at": pa.array([moment, None], pa.timestamp("us", zone))})
    typed = as_read_from_files(rows, {"at": kind})["at"]
    assert typed.type == pa.timestamp("us", expected)
    assert typed.to_pylist() == [moment.replace(tzinfo=UTC if expected else None), None]
