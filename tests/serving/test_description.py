"""How the server describes itself: probes, model, metrics, OpenAPI, page."""

import re

import pydantic
import pytest
import requests
from fastapi.openapi.models import OpenAPI

from model.bundle.bundle import load
from model.bundle.predictor import Predictor
from serving.model_info import model_info
from serving.score import LoadedModel, Scorer
from serving.server import started_line
from serving.settings import ServerLimits
from serving.types import describe_target


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


def test_the_model_is_described_with_features_bounds_calibration_lineage_and_versions(server, predictor):
    info = get(server, "/model").json()
    manifest = predictor.manifest
    assert [feature["name"] for feature in info["features"]] == [feature.name for feature in manifest.inputs]
    assert info["position"] == {"feature": "position", "constant": 1}
    assert info["bounds"][0]["expression"] == "rent / model_config"
    assert info["calibration"]["method"] == "beta"
    assert info["lineage"]["cutoff"] == "2026-07-01T00:00:00Z"
    assert info["libraries"]["trained"] == manifest.libraries
    assert info["libraries"]["serving"]["xgboost"] == manifest.libraries["xgboost"]
    assert "within 14 days, if shown at position 1" in info["target"]
    assert info["engine"] == {"name": predictor.engine, "reason": predictor.engine_reason}


def test_xgboost_in_place_of_the_kernel_is_named_with_the_reason(bundle):
    predictor = Predictor(load(bundle), engine="xgboost")
    model = LoadedModel(Scorer(predictor), 0.0, bundle)
    engine = model_info(model, ServerLimits()).engine
    assert (engine.name, engine.reason) == ("xgboost", "XGBoost was asked for")
    assert started_line("http://x", predictor).endswith(" rows reproduced), scored by XGBoost: XGBoost was asked for")


def test_metrics_count_rows_flags_and_refusals(predict, row, counted):
    for changes in ({}, {"json": "Atlantis"}, {"rent": 5.0}, {"rent": "5"}):
        predict({**row, **changes})
    growth = counted()
    assert growth["kamado_rows_total"] == 3
    assert growth['kamado_unknown_category_total{feature="json"}'] == 1
    assert growth['kamado_outside_bounds_total{rule="rent"}'] == 1
    assert growth['kamado_refused_total{code="number",status="422"}'] == 1


def test_metrics_have_the_latency_of_each_route(predict, row, server, counted):
    predict(row)
    predict(row)
    predict({"columns": {name: [value] for name, value in row.items()}}, "/predict:batch")
    get(server, "/nothing")
    growth = counted()
    routes = {"/predict": 2, "/predict:batch": 1, "other": 1}
    for route, requests_ in routes.items():
        assert growth[f'kamado_request_seconds_count{{route="{route}"}}'] == requests_
        assert growth[f'kamado_request_seconds_bucket{{le="+Inf",route="{route}"}}'] == requests_
        assert growth[f'kamado_request_seconds_sum{{route="{route}"}}'] > 0


def test_metrics_name_the_model_and_the_process(server, predictor):
    answer = get(server, "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.text
    assert f'kamado_model_info{{digest="{predictor.digest}",model="rent-conversion"}} 1.0\n' in text
    assert float(re.search(r"^process_resident_memory_bytes (.*)$", text, re.MULTILINE)[1]) > 0


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
        fields = {key: (kinds.get(schema["properties"][key].get("type"), dict), ...) for key in schema["required"]}
        config = {"extra": "forbid", "strict": True, "protected_namespaces": ()}
        pydantic.create_model(name, __config__=config, **fields).model_validate(value)

    typed("Answer", predict(row).json())
    typed("BatchAnswer", predict({"columns": {key: [value] for key, value in row.items()}}, "/predict:batch").json())
    refused = predict({}).json()
    typed("ErrorBody", refused)
    typed("ProblemBody", refused["problems"][0])


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_loads_nothing_from_elsewhere(server, path):
    page = get(server, path)
    assert page.url == server.url + path
    assert not re.findall(r"""(?:https?:)?//[a-z0-9]|@import|url\(""", page.text.replace("=http://127.0.0.1:8080", ""))
    assert page.headers["content-security-policy"].startswith("default-src 'none';")


def test_what_the_page_loads_is_there(server):
    text = get(server, "/").text + get(server, "/docs").text
    paths = set(re.findall(r'(?:fetch\(|<a href=)"([a-z][a-z.]*)', text))
    assert paths == {"openapi.json", "model", "docs", "metrics", "predict"}
    for path in paths - {"predict"}:
        assert get(server, "/" + path).status_code == 200


def test_the_description_of_the_probability_follows_the_bundle(predictor):
    plain = predictor.manifest.model_copy(update={"position": None, "conversion_days": 0})
    assert (
        describe_target(predictor.manifest)
        == "Probability of `inquired` within 14 days, if shown at position 1 of the list."
    )
    assert describe_target(plain) == "Probability of `inquired`."
