import json

import pytest


def test_golden_rows_come_back_to_the_last_digit(predict, golden):
    for stored in golden:
        assert predict(stored.input).json()["probability"] == stored.probability


def test_the_answer_names_model_and_digest(predict, predictor, usual):
    assert predict(usual.input).json() == {
        "model": "rent-conversion",
        "digest": predictor.digest,
        "probability": usual.probability,
        "flags": {"unknown_categories": [], "outside_range": [], "outside_bounds": []},
    }


def test_the_order_of_keys_does_not_matter(predict, golden):
    for stored in golden[:10]:
        turned = dict(reversed(stored.input.items()))
        assert predict(turned).json()["probability"] == stored.probability


def test_null_is_a_missing_value_for_every_input(predict, predictor, row):
    for name in row:
        incomplete = {**row, name: None}
        expected = predictor.probability(predictor.encode({key: [value] for key, value in incomplete.items()}))
        assert predict(incomplete).json()["probability"] == expected[0]


def test_whole_numbers_are_numbers(predict, row):
    assert predict({**row, "class": 3}).json() == predict({**row, "class": 3.0}).json()


def test_numbers_beyond_single_precision_are_scored(predict, row):
    assert 0 <= predict({**row, "class": 1e300}).json()["probability"] <= 1
    assert 0 <= predict({**row, "class": -1e300}).json()["probability"] <= 1


def test_an_unknown_category_is_scored_as_other_and_flagged(predict, row):
    unseen = predict({**row, "json": "Atlantis"}).json()
    assert unseen["flags"]["unknown_categories"] == ["json"]
    assert unseen["probability"] == predict({**row, "json": "Lemuria"}).json()["probability"]
    assert unseen["probability"] != predict({**row, "json": None}).json()["probability"]


def test_many_rows_are_sent_to_their_own_route(problems, row):
    problem, hint = problems({"rows": [row]})["rows"]
    assert problem == "is not an input of this model"
    assert hint.startswith("Send many rows to /predict:batch")


def test_a_large_body_is_read_like_any_other(predict, problems, row):
    assert predict({**row, "json": "x" * 30_000}).json()["flags"]["unknown_categories"] == ["json"]
    assert problems({**row, "json": ["x" * 30_000]})["json"][0] == "is a list of 1"


def test_a_number_outside_what_training_saw_is_scored_and_flagged(predict, predictor, row):
    for feature in predictor.manifest.inputs[:4]:
        for beyond in (feature.minimum - 1, feature.maximum + 1):
            answer = predict({**row, feature.name: beyond}).json()
            assert answer["flags"]["outside_range"] == [feature.name]
        for seen in (feature.minimum, feature.maximum, None):
            assert predict({**row, feature.name: seen}).json()["flags"]["outside_range"] == []


def test_a_row_that_training_rejects_is_scored_and_flagged(predict, row):
    rare = {**row, "rent": 5.0, "model_config": 50.0}
    assert predict(rare).json()["flags"]["outside_bounds"] == ["rent per m2", "rent"]


def test_what_cannot_be_measured_is_not_outside(predict, row):
    for area in (None, 0.0):
        answer = predict({**row, "rent": 50_000.0, "model_config": area})
        assert answer.json()["flags"]["outside_bounds"] == []


def test_every_problem_is_listed_with_a_hint(problems):
    assert problems({"rent": "80000", "model_config": True, "class": [], "_agee": 3, "json": 3, "position": 2}) == {
        "rent": ('is "80000"', "Send a number, or null when it is not known"),
        "model_config": ("is true", "Send a number, or null when it is not known"),
        "class": ("is []", "Send a number, or null when it is not known"),
        "_age": ("is missing", "Send it, as null when it is not known"),
        "json": ("is 3", "Send a string in quotes, or null when it is not known"),
        "columns": ("is missing", "Send it, as null when it is not known"),
        "_agee": ("is not an input of this model", "Did you mean _age?"),
        "position": ("is not an input of this model", "Remove it: every row is scored as if shown at position 1"),
    }


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
def test_numbers_without_a_value_are_refused(problems, row, literal):
    body = json.dumps({**row, "rent": 0}).replace('"rent": 0', f'"rent": {literal}').encode()
    assert problems(body)["rent"][1] == "Send a finite number, or null when it is not known"


@pytest.mark.parametrize("body", [b"", b"{", b"rent=1", b"\xff\xfe", b"[" * 5000, b'{"rent": "\\ud800"}'])
def test_what_is_not_json_is_refused(problems, body):
    problem, hint = problems(body)["body"]
    assert problem.startswith("is not JSON (")
    assert hint == "Send one JSON object"


@pytest.mark.parametrize("body", [b"[]", b"3", b"null", b'"rent"'])
def test_what_is_not_an_object_is_refused(problems, body):
    assert problems(body)["body"] == (f"is {body.decode()}", "Send a JSON object with every input by name")


def test_a_body_full_of_problems_gets_a_bounded_answer(predict):
    listed = predict({f"x{number}": 1 for number in range(5000)}).json()["problems"]
    assert len(listed) == 21
    assert listed[-1]["problem"] == "has more problems"


def test_the_problems_beyond_the_first_are_counted(predict, row):
    unknown = {f"x{number}": [1] for number in range(20 - len(row))}
    listed = predict({"columns": dict.fromkeys(row, True) | unknown | {"y": 1}}, "/predict:batch").json()["problems"]
    assert len(listed) == 21
    assert listed[-1]["problem"] == "has 1 more problems"


def test_other_methods_and_paths_are_not_found(server, http):
    assert http.get(server.url + "/predict", timeout=30).status_code == 405
    answer = http.get(server.url + "/nothing", timeout=30)
    assert answer.status_code == 404
    problem = {
        "where": "GET /nothing",
        "problem": "is not a route of this server",
        "hint": "/docs lists the routes",
        "code": "route",
    }
    assert answer.json()["problems"] == [problem]
