"""Surplus keys: duplicates, and a hundred thousand unknown ones."""

import json
import tracemalloc

import pytest

from model.bundle.bundle import load
from serving.errors import RequestError
from serving.keys import Keys, SurplusKey, surplus_keys
from serving.parse import RequestParser

INPUTS = Keys({"a", "b"})
KEYS = Keys({"columns", "rows"}, {"columns": INPUTS, "rows": INPUTS})


@pytest.fixture(scope="module")
def parser(bundle):
    return RequestParser(load(bundle).manifest, max_rows=5000)


def surplus(text):
    keys = [*surplus_keys(text, KEYS)]
    return [(".".join(map(str, key.path)), key.is_duplicate) for key in keys if not key.is_nested]


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
        ('{"rows": [{"a": 1}, {"a": 1, "c": 3, "a": 4}]}', [("rows.1.c", False), ("rows.1.a", True)]),
        ('{"rows": [], "b": 1}', [("b", False)]),
        ('{"rows": [1, {"c": 1}]}', []),
        ("[" * 5000, []),
        ("", []),
    ],
)  # fmt: skip
def test_the_surplus_keys_of_a_text(text, problem):
    assert surplus(text) == problem


def test_a_surplus_key_is_named_by_its_path():
    assert list(surplus_keys('{"columns": {"a": 1, "a": 2}}', KEYS)) == [
        SurplusKey(("columns", "a"), is_duplicate=True)
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"columns": {"a": {"x": 1}}}', ("columns", "a")),
        ('{"columns": {"a": [1, "]{", {"x": 1}]}}', ("columns", "a")),
        ('{"rows": [{"a": 1}, {"b": [[]]}]}', ("rows", 1, "b")),
        ('{"x": [1, {}]}', ("x",)),
        ('{"columns": {"a": [1, "\\"[", null, 2.5e3], "b": "{"}}', None),
        ('{"columns": {"a": [1, "', None),
    ],
)
def test_the_scan_ends_with_the_first_nested_key(text, path):
    nested = [key.path for key in surplus_keys(text, KEYS) if key.is_nested]
    assert nested == ([] if path is None else [path])


@pytest.mark.case("a body with one key twice")
@pytest.mark.parametrize("body_of", ["row", "batch", "the whole of a batch"])
def test_a_duplicate_key_is_refused(predict, row, outcome, body_of):
    text = json.dumps(row)[1:-1]
    twice = json.dumps({"rent": row["rent"]})[1:-1]
    lists = json.dumps({name: [value] for name, value in row.items()})[1:-1]
    path, body, where = {
        "row": ("/predict", f"{{{text}, {twice}}}", "rent"),
        "batch": ("/predict:batch", f'{{"columns": {{{lists}, "rent": [1]}}}}', "columns.rent"),
        "the whole of a batch": ("/predict:batch", f'{{"columns": {{}}, "columns": {{{lists}}}}}', "columns"),
    }[body_of]
    answer = predict(body.encode(), path)
    outcome(f"{answer.status_code} {answer.json()['problems']}")
    assert answer.status_code == 422
    assert [(item["where"], item["problem"]) for item in answer.json()["problems"]] == [(where, "appears twice")]


def test_a_duplicate_key_is_listed_with_the_other_problems(problems, row):
    body = json.dumps({**row, "class": "x"})[:-1] + ', "rent": 1}'
    assert {where: problem for where, (problem, _) in problems(body.encode()).items()} == {
        "rent": "appears twice",
        "class": 'is "x"',
    }


def test_texts_with_colons_and_quotes_are_no_keys(predict, row):
    for text in ('a":b', ':"', '"rent":1,"rent":2', "10:30", '{"a":1}'):
        assert predict({**row, "json": text}).json()["flags"]["unknown_categories"] == ["json"]


MANY = ",".join(f'"k{number}":1' for number in range(600_000))


@pytest.mark.case("a body of 600,000 unknown keys")
@pytest.mark.parametrize("form", ["{%s}", '{"rows":[{%s}]}', '{"columns":{"rent":[1,{%s}]}}', '{"x":{%s}}'])
@pytest.mark.parametrize("route", ["row", "batch"])
def test_unknown_keys_without_end_cost_no_more_than_a_few(parser, outcome, route, form):
    body = (form % MANY).encode()
    tracemalloc.start()
    try:
        with pytest.raises(RequestError) as refusal:
            getattr(parser, route)(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    outcome(f"{len(refusal.value.problems)} problems, {peak / len(body):.1f} times the body in memory")
    is_listed = form == "{%s}" or (route == "batch" and "rows" in form)
    assert len(refusal.value.problems) == (21 if is_listed else 1)
    assert peak < 3 * len(body)


def test_an_input_may_have_the_name_of_a_key_of_batches(bundle):
    manifest = load(bundle).manifest
    names = ("log", "rows")
    features = tuple(manifest.features[0].model_copy(update={"name": name}) for name in names)
    parser = RequestParser(manifest.model_copy(update={"features": features, "position": None}), max_rows=5)
    assert parser.row(b'{"rows": 1, "log": 2}').tolist() == [[2.0, 1.0]]
    assert len(parser.batch(b'{"columns": {"log": [1], "rows": [2]}, "log": {"request": "a"}}').numbers) == 1
    for read, body, where in (
        (parser.row, b'{"rows": 1, "log": "2"}', "log"),
        (parser.batch, b'{"columns": {"log": ["1"], "rows": [2]}}', "columns.log[0]"),
        (parser.batch, b'{"rows": [{"log": "1", "rows": 2}]}', "rows[0].log"),
    ):
        with pytest.raises(RequestError) as refusal:
            read(body)
        assert [(problem.where, problem.code) for problem in refusal.value.problems] == [(where, "number")]


def test_a_model_of_many_inputs_does_not_describe_a_body_once_for_each(bundle):
    """The body is described once, and not copied for every input that is missing."""
    manifest = load(bundle).manifest
    number = manifest.features[0]
    many = tuple(number.model_copy(update={"name": f"input {index}"}) for index in range(1000))
    wide = RequestParser(manifest.model_copy(update={"features": many, "position": None}), max_rows=5000)
    tracemalloc.start()
    try:
        with pytest.raises(RequestError, match="has 981 more problems"):
            wide.row(b'{"x": [' + b"0.5," * 10_000 + b"1]}")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
