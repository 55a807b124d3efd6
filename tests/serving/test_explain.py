"""`explain=1`: what each input adds to the log odds of a row."""

import pytest

from model.bundle.contributions import Explainer


@pytest.fixture
def explained(predict, row):
    return predict(row, "/predict?explain=1").json()


def test_contributions_are_those_of_the_model_and_add_up_exactly(explained, predictor, row):
    expected = Explainer(predictor).explain(predictor.encode({name: [value] for name, value in row.items()}))
    assert explained["contributions"] == expected.by_feature
    assert (explained["margin"], explained["base"]) == (expected.margin, expected.base)
    total = explained["base"] + sum(explained["contributions"].values()) + explained["rounding"]
    assert total == explained["margin"]


def test_every_input_and_the_position_has_its_part(explained, row, predictor):
    assert [*explained["contributions"]] == [*predictor.manifest.names]
    assert set(explained["contributions"]) == {*row, "position"}
    assert explained["contributions"]["position"] != 0


def test_the_rest_of_the_answer_is_that_without_contributions(explained, predict, row):
    plain = predict(row, "/predict?explain=0").json()
    assert plain == predict(row).json()
    assert {key: value for key, value in explained.items() if key in plain} == plain


def test_missing_and_unknown_values_have_contributions(predict, row):
    nothing = predict(dict.fromkeys(row), "/predict?explain=1").json()
    assert nothing["base"] + sum(nothing["contributions"].values()) + nothing["rounding"] == nothing["margin"]
    unknown = predict({**row, "json": "Atlantis"}, "/predict?explain=1").json()
    assert unknown["flags"]["unknown_categories"] == ["json"]


def test_another_value_is_refused(problems, row):
    assert problems(row, "/predict?explain=yes") == {"explain": ("is 'yes'", "Send explain=1, or leave it out")}


def test_the_document_describes_contributions(server, http, explained):
    document = http.get(server.url + "/openapi.json", timeout=30).json()
    schemas = document["components"]["schemas"]
    assert set(schemas["Answer"]["properties"]) == set(explained)
    assert not {"margin", "contributions"} & set(schemas["Answer"]["required"])
    assert set(schemas["Contributions"]["properties"]) == set(explained["contributions"])
    assert "shown at position 1" in schemas["Contributions"]["properties"]["position"]["description"]
    (parameter,) = document["paths"]["/predict"]["post"]["parameters"]
    assert parameter["name"] == "explain"
