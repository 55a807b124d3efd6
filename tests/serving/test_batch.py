import json

import numpy as np
import pytest

PATH = "/predict:batch"


def columns(rows):
    return {name: [row.input[name] for row in rows] for name in rows[0].input}


@pytest.mark.parametrize("size", [1, 2, 7, 63, 64, 65, 120])
def test_a_batch_of_any_size_gives_each_row_its_own_probability(predict, golden, size):
    for start in range(0, len(golden), size):
        rows = golden[start : start + size]
        answer = predict({"columns": columns(rows)}, PATH).json()
        assert answer["probability"] == [row.probability for row in rows]


def test_many_rows_beside_the_event_loop_give_the_same(predict, golden):
    rows = [*golden] * 40
    answer = predict({"columns": columns(rows)}, PATH).json()
    assert answer["probability"] == [row.probability for row in rows]


def test_flags_name_their_rows(predict, row):
    lists = {name: [value] * 4 for name, value in row.items()}
    lists |= {"json": ["Ota", "Atlantis", None, "Lemuria"], "rent": [50_000.0, 5.0, None, 50_000.0]}
    lists |= {"model_config": [50.0] * 4}
    answer = predict({"columns": lists}, PATH).json()
    assert answer["flags"] == {
        "unknown_categories": {"json": [1, 3]},
        "outside_range": {"rent": [1]},
        "outside_bounds": {"rent per m2": [1], "rent": [1]},
    }


def test_every_column_reports_its_first_problem(problems, row):
    lists = {name: [value] * 3 for name, value in row.items()}
    lists |= {"rent": [1, "2", "3"], "class": 4, "json": ["Ota", None, 5], "_age": [], "extra": [1, 2, 3]}
    del lists["columns"]
    assert {where: problem for where, (problem, _) in problems({"columns": lists}, PATH).items()} == {
        "columns.rent[1]": 'is "2"',
        "columns.class": "is 4",
        "columns.json[2]": "is 5",
        "columns._age": "is empty",
        "columns.columns": "is missing",
        "columns.extra": "is not an input of this model",
    }


def test_columns_of_different_lengths_are_named(problems, row):
    lists = {name: [value] * 3 for name, value in row.items()} | {"class": [1.0], "json": ["Ota"] * 4}
    assert problems({"columns": lists}, PATH) == {
        "columns.class": ("has 1 values, rent has 3", "Send one value per row in every column"),
        "columns.json": ("has 4 values, rent has 3", "Send one value per row in every column"),
    }


def test_every_way_gives_the_bits_of_the_predictor(predict, predictor):
    random = np.random.default_rng(5)
    cells = {
        feature.name: [*feature.categories, "Atlantis", "", None] if feature.kind == "category" else
        [feature.minimum, feature.maximum, -1e300, 1e300, -0.0, 0, 7, 2**60, 1e-310, None, *random.lognormal(5, 4, 40)]
        for feature in predictor.manifest.inputs
    }  # fmt: skip
    lists = {
        name: [values[index] for index in random.integers(len(values), size=400)] for name, values in cells.items()
    }
    expected = predictor.probability(predictor.encode(lists)).tolist()
    rows = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    assert predict({"columns": lists}, PATH).json()["probability"] == expected
    assert predict({"rows": rows}, PATH).json()["probability"] == expected
    assert [predict(row).json()["probability"] for row in rows[:40]] == expected[:40]


@pytest.mark.parametrize("size", [1, 3, 64, 120])
def test_rows_as_objects_give_the_same(predict, golden, size):
    answer = predict({"rows": [row.input for row in golden[:size]]}, PATH).json()
    assert answer["probability"] == [row.probability for row in golden[:size]]


def test_columns_and_rows_together_are_refused(problems, row):
    both = problems({"rows": [row], "columns": {name: [value] for name, value in row.items()}}, PATH)
    assert both == {"rows": ("is beside `columns`", "Send the rows in one of the two forms")}


def test_a_body_in_another_form_is_refused(problems, row):
    assert set(problems({"instances": [row]}, PATH)) == {"columns", "instances"}
    assert set(problems({}, PATH)) == {"columns"}


def test_the_problems_of_the_first_wrong_row_are_reported(problems, row):
    wrong = {**row, "rent": "1", "json": 3, "extra": 1}
    del wrong["class"]
    assert problems({"rows": [row, wrong, {}]}, PATH) == {
        "rows[1].rent": ('is "1"', "Send a number, or null when it is not known"),
        "rows[1].json": ("is 3", "Send a string in quotes, or null when it is not known"),
        "rows[1].class": ("is missing", "Send it, as null when it is not known"),
        "rows[1].extra": ("is not an input of this model", "Remove it; /model lists the inputs"),
    }
    assert problems({"rows": [row, 3]}, PATH)["rows[1]"][0] == "is 3"
    assert problems({"rows": []}, PATH) == {"rows": ("is empty", "Send at least one row")}
    assert problems({"rows": row}, PATH)["rows"][1] == "Send a list of objects with every input by name"


def test_a_key_twice_in_one_of_many_rows_is_refused(problems, row):
    text = json.dumps({**row, "json": "10:30"})
    body = f'{{"rows": [{text}, {text[:-1]}, "rent": 1}}, {text}]}}'.encode()
    assert problems(body, PATH) == {"rows[1].rent": ("appears twice", "Send every key once")}


def test_texts_that_look_like_keys_are_scored(predict, row):
    like_key = {**row, "json": '","rent":'}
    answer = predict({"rows": [like_key, row]}, PATH).json()
    assert answer["flags"]["unknown_categories"] == {"json": [0]}


LOG = {"request": "r-1", "list": "l-1", "items": ["a", "b"], "positions": [1, 2]}


def test_what_the_prediction_log_takes_changes_no_score(predict, golden):
    rows = [row.input for row in golden[:2]]
    expected = [row.probability for row in golden[:2]]
    for log in (LOG, {}, {"items": ["a", "b"]}, None):
        assert predict({"rows": rows, "log": log}, PATH).json()["probability"] == expected
        assert predict({"columns": columns(golden[:2]), "log": log}, PATH).json()["probability"] == expected


def test_a_log_of_another_form_is_refused(problems, golden):
    lists = columns(golden[:2])
    wrong = {"request": 1, "list": None, "items": ["a"], "positions": [1.5, 2], "item": "a"}
    assert problems({"columns": lists, "log": wrong}, PATH) == {
        "log.request": ("is 1", "Send what the prediction log takes, or leave it out"),
        "log.positions[0]": ("is 1.5", "Send what the prediction log takes, or leave it out"),
        "log.item": ("is not a key of `log`", "Remove it"),
    }
    uneven = problems({"columns": lists, "log": {**LOG, "items": ["a"]}}, PATH)
    assert uneven == {"log.items": ("has 1 values for 2 rows", "Send one value per row")}
    twice = json.dumps({"columns": lists, "log": LOG})[:-2] + ', "list": "l-2"}}'
    assert set(problems(twice.encode(), PATH)) == {"log.list"}


def test_more_rows_than_the_limit_are_refused(problems, row):
    lists = {name: [value] * 5001 for name, value in row.items()}
    assert problems({"rows": [row] * 5001}, PATH, status=413)["rows"][0] == "has 5001 rows"
    problem, hint = problems({"columns": lists}, PATH, status=413)["columns"]
    assert problem == "has 5001 rows"
    assert "at most 5000 rows" in hint


@pytest.mark.case("a batch whose inputs are beside `columns`: it was said that they are not inputs")
def test_inputs_beside_columns_are_sent_there(problems, golden, outcome):
    rent = problems({"rent": [1], "columns": columns(golden[:1])}, PATH)["rent"]
    outcome(rent)
    assert rent == ("is not inside of `columns`", "Put every input into `columns`")


def test_a_batch_without_rows_says_what_to_send(problems):
    hint = "Send a list for every input in it, or `rows`: a list of objects"
    assert problems({}, "/predict:batch") == {"columns": ("is missing", hint)}
