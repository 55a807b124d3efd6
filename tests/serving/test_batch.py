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


def test_rows_as_objects_are_not_guessed_at(problems, row):
    assert set(problems({"rows": [row]}, PATH)) == {"columns", "rows"}


def test_more_rows_than_the_limit_are_refused(problems, row):
    lists = {name: [value] * 5001 for name, value in row.items()}
    problem, hint = problems({"columns": lists}, PATH, status=413)["columns"]
    assert problem == "has 5001 rows"
    assert "at most 5000 rows" in hint


@pytest.mark.case("a batch whose inputs are beside `columns`: it was said that they are not inputs")
def test_inputs_beside_columns_are_sent_there(problems, golden, outcome):
    rent = problems({"rent": [1], "columns": columns(golden[:1])}, PATH)["rent"]
    outcome(rent)
    assert rent == ("is not inside of `columns`", "Put every input into `columns`")
