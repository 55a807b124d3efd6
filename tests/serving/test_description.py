"""What the server says about itself: probes, card, metrics, OpenAPI, page."""

import re

import pydantic
import pytest
import requests
from fastapi.openapi.models import OpenAPI

from serving.schema import meaning
from tests.serving.process import running


@pytest.fixture(scope="module")
def document(server, http):
    return http.get(server.url + "/openapi.json", timeout=30).json()


def get(server, path):
    return requests.get(server.url + path, timeout=30)


def test_ready_says_that_golden_rows_came_out_as_stored(server, predictor):
    assert get(server, "/readyz").json() == {
        "ready": True,
        "model": "rent-conversion",
        "digest": predictor.digest,
        "golden_rows": len(predictor.golden),
        "largest_difference": 0.0,
    }


def test_the_card_tells_features_bounds_calibration_lineage_and_versions(server, predictor):
    card = get(server, "/model").json()
    manifest = predictor.manifest
    assert [one["name"] for one in card["features"]] == [one.name for one in manifest.inputs]
    assert card["position"] == {"feature": "position", "constant": 1}
    assert card["bounds"][0]["expression"] == "rent / model_config"
    assert card["calibration"]["method"] == "beta"
    assert card["lineage"]["cutoff"] == "2026-07-01T00:00:00Z"
    assert card["libraries"]["trained"] == manifest.libraries
    assert card["libraries"]["serving"]["xgboost"] == manifest.libraries["xgboost"]
    assert "within 14 days, if shown in place 1" in card["answers"]


def test_metrics_count_rows_marks_and_refusals(bundle, row):
    with running(bundle) as server:
        for changed in ({}, {"json": "Atlantis"}, {"rent": 5.0}, {"rent": "5"}):
            requests.post(server.url + "/predict", json={**row, **changed}, timeout=30)
        text = get(server, "/metrics").text
    assert "kamado_rows_total 3\n" in text
    assert 'kamado_unknown_category_total{feature="json"} 1\n' in text
    assert 'kamado_outside_bounds_total{rule="rent"} 1\n' in text
    assert 'kamado_refused_total{status="422"} 1\n' in text


def test_the_document_is_valid_openapi(document):
    OpenAPI.model_validate(document)
    references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(document)))
    assert references
    assert references <= set(document["components"]["schemas"])


def test_the_document_describes_each_input(document):
    schema = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["rent", "model_config", "class", "_age", "json", "columns"]
    assert schema["additionalProperties"] is False
    assert "The probability never rises when it grows." in schema["properties"]["rent"]["description"]
    assert schema["properties"]["json"]["examples"] == ["Kita", "Nakano", "Ota", 'the "old" town']
    assert "of the list" in document["components"]["schemas"]["Answer"]["properties"]["probability"]["description"]


def test_examples_of_the_document_are_accepted_as_they_stand(document, predict):
    for path in ("/predict", "/predict:batch"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        for example in body["examples"].values():
            answer = predict(example["value"], path)
            assert answer.status_code == 200
            if "x-probability" in example:
                assert answer.json()["probability"] == example["x-probability"]


def test_answers_are_what_the_document_says(document, predict, row):
    def typed(name, value):
        kinds = {"string": str, "number": float, "array": list, "object": dict}
        schema = document["components"]["schemas"][name]
        fields = {key: (kinds.get(one.get("type"), dict), ...) for key, one in schema["properties"].items()}
        made = pydantic.create_model(
            name, __config__={"extra": "forbid", "strict": True, "protected_namespaces": ()}, **fields
        )
        made.model_validate(value)

    typed("Answer", predict(row).json())
    typed("BatchAnswer", predict({"columns": {key: [value] for key, value in row.items()}}, "/predict:batch").json())
    typed("ErrorBody", predict({}).json())


def test_the_page_loads_nothing_from_elsewhere(server):
    start = get(server, "/")
    assert start.url == server.url + "/docs"
    assert not re.findall(r"""(?:https?:)?//[a-z0-9]|@import|url\(""", start.text)
    assert start.headers["content-security-policy"].startswith("default-src 'none';")


def test_what_the_page_asks_for_is_there(server):
    asked = set(re.findall(r'(?:ask|fetch)\("([a-z.]+)"', get(server, "/docs").text))
    assert asked == {"openapi.json", "model", "readyz", "predict"}
    for path in asked - {"predict"}:
        assert get(server, "/" + path).status_code == 200


def test_what_the_probability_means_follows_the_bundle(predictor):
    plain = predictor.manifest.model_copy(update={"position": None, "conversion_days": 0})
    assert meaning(predictor.manifest) == "Probability of `inquired` within 14 days, if shown in place 1 of the list."
    assert meaning(plain) == "Probability of `inquired`."
