"""Decimals of BigQuery become FLOAT64 where that keeps their digits."""

from decimal import Decimal

import pyarrow as pa
import pytest

from components.extract.googlesql.types import without_decimals
from model.errors import DataError


def batch(*values, kind=None):
    return pa.record_batch({"id": pa.array([None if value is None else Decimal(value) for value in values], kind)})


@pytest.mark.parametrize("kind", [pa.decimal128(38, 9), pa.decimal256(76, 9)], ids=["NUMERIC", "BIGNUMERIC"])
def test_decimals_are_floats(kind):
    assert without_decimals(batch("1.25", None, "-9007199254740992", kind=kind))["id"].to_pylist() == [
        1.25, None, -9007199254740992.0,
    ]  # fmt: skip


@pytest.mark.case("a NUMERIC id of more digits than FLOAT64 keeps, from BigQuery")
@pytest.mark.parametrize("value", ["9007199254740993", "-9007199254740993"])
def test_a_decimal_of_more_digits_is_refused(outcome, value):
    with pytest.raises(DataError, match="a decimal of more digits than FLOAT64 keeps") as error:
        without_decimals(batch("1", value, kind=pa.decimal128(38, 9)))
    outcome(error.value.problems[0])


def test_no_rows_are_no_fault():
    assert without_decimals(batch(kind=pa.decimal128(38, 9))).num_rows == 0
