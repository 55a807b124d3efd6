"""A key too many: given twice, or unknown a hundred thousand times."""

import json
import tracemalloc

import pytest

from model.bundle.bundle import load
from serving.errors import RequestError
from serving.keys import Keys, SurplusKey, surplus_keys
from serving.request_parser import Reader

KEYS = Keys({"columns"}, {"columns": Keys({"a", "b"})})


@pytest.fixture(scope="module")
def reader(bundle):
    return Reader(load(bundle).manifest, max_rows=5000)


def surplus(text):
    return [(".".join(key.path), key.twice) for key in surplus_keys(text, KEYS)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"columns": {"a": [1], "b": [2]}}', []),
        ('{"columns": {"a": [1], "a": [2]}}', [("columns.a", True)]),
        ('{"columns":{"a":["\\"a\\":"],"\\u0061":[]}}', [("columns.a", True)]),
        ('{ "columns" : {"c" :1, "c" : 2 } }', [("columns.c", False), ("columns.c", True)]),
        ('{"columns": [] ,"columns": 3}', [("columns", True)]),
        ('{"columns": {"a": {"x": 1, "x": 2}}}', []),
        ('{"columns": {"a": 1 "a": 2}}', []),
        ('{"columns": {"a": 1, "a"', [("columns.a", True)]),
        ("[" * 5000, []),
        ("", []),
    ],
)  # fmt: skip
def test_the_surplus_keys_of_a_text(text, problem):
    assert surplus(text) == problem


def test_a_surplus_key_is_named_by_its_path():
    assert list(surplus_keys('{"columns": {"a": 1, "a": 2}}', KEYS)) == [SurplusKey(("columns", "a"), twice=True)]


@pytest.mark.case("a body with one key twice")
@pytest.mark.parametrize("where", ["row", "batch", "the whole of a batch"])
def test_a_key_that_is_given_twice_is_refused(predict, row, outcome, where):
    text = json.dumps(row)[1:-1]
    twice = json.dumps({"rent": row["rent"]})[1:-1]
    lists = json.dumps({name: [value] for name, value in row.items()})[1:-1]
    path, body, problem = {
        "row": ("/predict", f"{{{text}, {twice}}}", "rent"),
        "batch": ("/predict:batch", f'{{"columns": {{{lists}, "rent": [1]}}}}', "columns.rent"),
        "the whole of a batch": ("/predict:batch", f'{{"columns": {{}}, "columns": {{{lists}}}}}', "columns"),
    }[where]
    answer = predict(body.encode(), path)
    outcome(f"{answer.status_code} {answer.json()['problems']}")
    assert answer.status_code == 422
    assert [(one["where"], one["problem"]) for one in answer.json()["problems"]] == [(problem, "is given twice")]


def test_a_key_given_twice_is_told_with_the_other_faults(problems, row):
    body = json.dumps({**row, "class": "x"})[:-1] + ', "rent": 1}'
    assert {where: found for where, (found, _) in problems(body.encode()).items()} == {
        "rent": "is given twice",
        "class": 'is "x"',
    }


def test_texts_with_colons_and_quotes_are_no_keys(predict, row):
    for text in ('a":b', ':"', '"rent":1,"rent":2', "10:30", '{"a":1}'):
        assert predict({**row, "json": text}).json()["marks"]["unknown_categories"] == ["json"]


@pytest.mark.case("a body of 600,000 unknown keys")
def test_unknown_keys_without_end_cost_no_more_than_a_few(reader, outcome):
    body = ("{" + ",".join(f'"k{number}":1' for number in range(600_000)) + "}").encode()
    tracemalloc.start()
    try:
        with pytest.raises(RequestError) as refusal:
            reader.row(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    outcome(f"{len(refusal.value.problems)} problems, {peak / len(body):.1f} times the body in memory")
    assert len(refusal.value.problems) == 21
    assert peak < 3 * len(body)


def test_a_model_of_many_inputs_does_not_describe_a_body_once_for_each(bundle):
    """What is missing is told of the whole body; it is not copied for every input that it lacks."""
    manifest = load(bundle).manifest
    number = manifest.features[0]
    many = tuple(number.model_copy(update={"name": f"input {place}"}) for place in range(1000))
    wide = Reader(manifest.model_copy(update={"features": many, "position": None}), max_rows=5000)
    tracemalloc.start()
    try:
        with pytest.raises(RequestError, match="has 981 more problems"):
            wide.row(b'{"x": [' + b"0.5," * 10_000 + b"1]}")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
