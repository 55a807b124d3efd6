import pytest
import requests

from model.bundle.bundle import load
from model.bundle.predictor import Predictor
from tests.bundles import write_odd_names_bundle
from tests.serving.clock import Clock
from tests.serving.process import running


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    return write_odd_names_bundle(tmp_path_factory.mktemp("serving") / "bundle")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def golden(bundle):
    return load(bundle).golden


@pytest.fixture(scope="session")
def predictor(bundle):
    return Predictor(load(bundle))


@pytest.fixture(scope="session")
def server(bundle):
    with running(bundle) as server:
        yield server


@pytest.fixture(scope="session")
def http():
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="session")
def predict(server, http):
    """Bytes or a value -> the answer of /predict."""

    def post(body, path="/predict"):
        content = {"data": body} if isinstance(body, bytes) else {"json": body}
        return http.post(server.url + path, **content, timeout=30)

    return post


@pytest.fixture(scope="session")
def usual(golden):
    """A golden row with nothing missing and nothing unknown."""
    return next(row for row in golden if None not in row.input.values() and row.input["columns"] == "1K")


@pytest.fixture(scope="session")
def row(usual):
    return usual.input


@pytest.fixture(scope="session")
def problems(predict):
    """The problems of a refused body: where -> (problem, hint)."""

    def refuse(body, path="/predict", status=422):
        answer = predict(body, path)
        assert answer.status_code == status, answer.text
        return {problem["where"]: (problem["problem"], problem["hint"]) for problem in answer.json()["problems"]}

    return refuse


@pytest.fixture
def counted(server, http):
    """`counted()` -> series -> by how much it has grown since the test began. The server is shared by all tests."""

    def series():
        text = http.get(server.url + "/metrics", timeout=30).text
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    before = series()
    return lambda: {name: value - before.get(name, 0) for name, value in series().items()}
