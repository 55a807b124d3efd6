"""A rule's arithmetic means the same in numpy, where it is served, and in DuckDB, where rows are rejected."""

import re

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.expression import Expression

NUMBERS = st.one_of(st.none(), st.just(0.0), st.floats(-1e6, 1e6, allow_subnormal=False))
LEAVES = st.one_of(st.sampled_from(["rent", "area"]), st.integers(0, 99).map(str), st.just("0.5"))
TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})"),
        inner.map(lambda text: f"-{text}"),
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(TEXTS.filter(lambda text: "rent" in text or "area" in text), NUMBERS, NUMBERS)
def test_numpy_and_duckdb_agree_on_every_expression(text, rent, area):
    expression = Expression.parse(text)
    given_columns = {name: np.array([np.nan if x is None else x]) for name, x in (("rent", rent), ("area", area))}
    ours = expression.evaluate(given_columns)[0]
    with duckdb.connect() as connection:
        rows = "(SELECT CAST(? AS DOUBLE) AS rent, CAST(? AS DOUBLE) AS area)"
        (theirs,) = connection.execute(f"SELECT {expression.sql()} FROM {rows}", [rent, area]).fetchone()
    assert (np.isnan(ours) and theirs is None) or ours == theirs or (np.isnan(ours) and np.isnan(theirs))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rent / area", 4.0),
        ("rent / (area - 2)", np.nan),
        ("-rent + 1", -7.0),
        ("rent / gone", np.nan),
        ("2 * 3 + rent", 14),
    ],
)
def test_division_by_zero_and_missing_operands_are_missing(text, value):
    columns = {"rent": np.array([8.0]), "area": np.array([2.0]), "gone": np.array([np.nan])}
    assert np.array_equal(Expression.parse(text).evaluate(columns), [value], equal_nan=True)


@pytest.mark.parametrize(
    "text", ["rent ** 2", "log(rent)", "rent > 3", "rent.x", "rent if area else 1", "'rent'", "rent + True"]
)
def test_what_is_outside_the_grammar_is_named(text):
    with pytest.raises(ValueError, match=r"is outside the grammar \| Use column names"):
        Expression.parse(text)


@pytest.mark.parametrize("text", ["", "rent +", "rent area", "(" * 900 + "rent" + ")" * 900])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="cannot be read"):
        Expression.parse(text)


@pytest.mark.case("an expression that no computer could mean")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rent / " + "9" * 400, "holds a number beyond what a computer can hold"),
        ("rent / 1e999", "holds a number beyond what a computer can hold"),
        ("rent / " + "9" * 5000, "has 5,007 characters, more than 2,000"),
        ("(" * 50_000 + "rent" + ")" * 50_000, "has 100,004 characters, more than 2,000"),
        ("-" * 1900 + "rent", "has more than 50 operations within each other"),
        (" + ".join(["rent"] * 280), "has more than 50 operations within each other"),
    ],
    ids=["400 digits", "1e999", "5,000 digits", "100,000 characters", "1,900 signs", "280 terms"],
)
def test_what_is_too_large_or_too_deep_is_one_clear_fault(outcome, text, message):
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        Expression.parse(text)
    outcome(error.value)
    assert len(str(error.value)) < 250


def test_a_rule_without_a_column_measures_nothing():
    with pytest.raises(ValueError, match="names no column"):
        Expression.parse("3 / 4")


def test_columns_are_named_once_in_order_of_use():
    assert Expression.parse("area * rent / area").columns == ("area", "rent")


def test_an_absent_column_is_never_guessed():
    with pytest.raises(KeyError, match="rent"):
        Expression.parse("area + rent").evaluate({"area": np.zeros(2)})
