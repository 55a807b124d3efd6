"""Whatever is read in bulk, the types accept, and as the same numbers; whatever they refuse is refused."""

import json
import math

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from model.bundle.bundle import load
from serving.errors import RequestError
from serving.parse import RequestParser
from serving.types import columns_batch_type, row_type, rows_batch_type

ODD = st.sampled_from(
    [True, False, "1.5", "", "Ota", "nan", "true", ":", '":', [], [1.0], {}, {"a": 1}, 10**30, -(2**63)]
)
NUMBER = st.none() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
TEXT = (
    st.none()
    | st.sampled_from(["Ota", "Kita", "1K", "castle", "true", '": "'])
    | st.text(st.characters(codec="utf-8"), max_size=3)
)


@pytest.fixture(scope="module")
def manifest(bundle):
    return load(bundle).manifest


@pytest.fixture(scope="module")
def parser(manifest):
    return RequestParser(manifest, max_rows=5)


@pytest.fixture(scope="module")
def types(manifest):
    return [TypeAdapter(make(manifest)) for make in (row_type, columns_batch_type, rows_batch_type)]


def plain(feature, value):
    """The number of one value, as the model's own code has it."""
    code = feature.codes([value]) if feature.kind == "category" else [math.nan if value is None else float(value)]
    return float(code[0])


@st.composite
def rows_of(draw, manifest):
    """Up to six rows; in one of three a value is not right, a key is absent, or one is not an input."""
    values = {feature.name: NUMBER if feature.kind == "number" else TEXT for feature in manifest.inputs}
    rows = draw(st.lists(st.fixed_dictionaries(values), min_size=1, max_size=6))
    row, name = draw(st.sampled_from(rows)), draw(st.sampled_from([*values]))
    match draw(st.integers(0, 8)):
        case 0:
            row[name] = draw(ODD)
        case 1:
            del row[name]
        case 2:
            row["extra"] = 1
    return rows


def accepted(adapter, value):
    try:
        adapter.validate_python(json.loads(json.dumps(value)))
    except pydantic.ValidationError:
        return False
    return True


def numbers(read, value):
    """None when it is refused."""
    try:
        return read(json.dumps(value).encode())
    except RequestError:
        return None


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_bodies_are_read_as_the_types_say(manifest, parser, types, data):
    rows = data.draw(rows_of(manifest))
    row_adapter, columns_adapter, rows_adapter = types
    inputs = manifest.inputs

    def same(read, these):
        expected = [[plain(feature, row[feature.name]) for feature in inputs] for row in these]
        return json.dumps(read.tolist()) == json.dumps(expected)

    single = numbers(parser.row, rows[0])
    assert (single is not None) == accepted(row_adapter, rows[0])
    assert single is None or same(single, rows[:1])

    many = numbers(parser.batch, {"rows": rows})
    assert (many is not None) == (accepted(rows_adapter, {"rows": rows}) and len(rows) <= 5)
    assert many is None or same(many.numbers, rows)

    columns = {
        "columns": {name: [row[name] for row in rows if name in row] for name in {n for row in rows for n in row}}
    }
    even = len({len(values) for values in columns["columns"].values()}) == 1
    listed = numbers(parser.batch, columns)
    assert (listed is not None) == (accepted(columns_adapter, columns) and even and len(rows) <= 5)
    assert listed is None or same(listed.numbers, rows)
