"""Health, metadata, versions and what is not there; the OpenAPI document."""

import pytest
import requests

from serving.oip.paths import probe_paths
from tests.serving.oip.conftest import outputs
from tests.serving.process import ROOT


@pytest.fixture
def get(server):
    return lambda path: requests.get(server.url + path, timeout=30)


def test_the_server_and_its_model_are_alive_and_ready(get, path, predictor):
    assert get("/v2/health/live").json() == {"live": True}
    assert get("/v2/health/ready").json() == {"live": True, "ready": True}
    ready = {"name": "rent-conversion", "ready": True}
    assert get(f"{path}/ready").json() == get(f"{path}/versions/{predictor.digest}/ready").json() == ready
    assert f"{path}/ready" in probe_paths(predictor.manifest.model, predictor.digest)


def test_the_server_says_what_it_is(get):
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert get("/v2").json() == get("/v2/").json()
    assert get("/v2").json()["name"] == "kamado"
    assert f"## {get('/v2').json()['version']}" in changes
    assert get("/v2").json()["extensions"] == ["binary_tensor_data"]


def test_the_model_says_what_it_takes_and_gives(get, path, predictor):
    metadata = get(path).json()
    assert metadata == get(f"{path}/versions/{predictor.digest}").json()
    assert metadata["versions"] == [predictor.digest]
    assert {"name": "json", "datatype": "BYTES", "shape": [-1]} in metadata["inputs"]
    assert [tensor["name"] for tensor in metadata["inputs"]] == [feature.name for feature in predictor.manifest.inputs]
    assert metadata["outputs"][0] == {"name": "probability", "datatype": "FP64", "shape": [-1]}


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("/v2/models/other", "model: is 'other', which is not served here. This server has one model: rent-conversion"),
        ("/v2/models/other/infer", "model: is 'other'"),
        ("/v2/models/rent-conversion/versions/1/ready", "version: is '1', which is not served here"),
        ("/v2/models/rent-conversion/explain", "/v2/models/rent-conversion/explain: is not a route of this server"),
        ("/v2/models", "/v2/models: is not a route"),
    ],
)
def test_what_is_not_there_is_named(get, infer, wrong, text):
    for answer in (get(wrong), infer({}, at=wrong)):
        assert answer.status_code == 404
        assert text in answer.json()["error"]


def test_the_document_has_the_protocol_and_an_example_that_is_accepted(get, infer, path, golden):
    document = get("/openapi.json").json()
    documented = {route for route in document["paths"] if route.startswith("/v2")}
    assert documented == {"/v2", "/v2/health/live", "/v2/health/ready", path, f"{path}/ready", f"{path}/infer"}
    operation = document["paths"][f"{path}/infer"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["examples"]["golden"]["value"]
    assert outputs(infer(example))["probability"] == [row.probability for row in golden[:3]]
    assert "400" in operation["responses"]
    assert "422" not in operation["responses"]
    error = operation["responses"]["400"]["content"]["application/json"]["schema"]["$ref"]
    assert set(document["components"]["schemas"][error.split("/")[-1]]["properties"]) == {"error"}
