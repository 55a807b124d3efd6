import pytest
import requests

from model.bundle.bundle import load
from model.bundle.predictor import Predictor
from tests.bundles import write_odd_names_bundle
from tests.serving.process import running


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    return write_odd_names_bundle(tmp_path_factory.mktemp("serving") / "bundle")


@pytest.fixture(scope="session")
def golden(bundle):
    return load(bundle).golden


@pytest.fixture(scope="session")
def predictor(bundle):
    return Predictor(load(bundle))


@pytest.fixture(scope="session")
def server(bundle):
    with running(bundle) as started:
        yield started


@pytest.fixture(scope="session")
def http():
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="session")
def predict(server, http):
    """Bytes or a value -> the answer of /predict."""

    def post(body, path="/predict"):
        given = {"data": body} if isinstance(body, bytes) else {"json": body}
        return http.post(server.url + path, **given, timeout=30)

    return post


@pytest.fixture(scope="session")
def usual(golden):
    """A golden row with nothing missing and nothing unknown."""
    return next(one for one in golden if None not in one.input.values() and one.input["columns"] == "1K")


@pytest.fixture(scope="session")
def row(usual):
    return usual.input


@pytest.fixture(scope="session")
def problems(predict):
    """The problems of a refused body: where -> (found, way out)."""

    def told(body, path="/predict", status=422):
        answer = predict(body, path)
        assert answer.status_code == status, answer.text
        return {one["where"]: (one["problem"], one["hint"]) for one in answer.json()["problems"]}

    return told
