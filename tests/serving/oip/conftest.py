import pytest


def tensors(rows, **changes):
    """Rows of inputs as the protocol's tensors."""
    inputs = []
    for name in rows[0]:
        values = [row[name] for row in rows]
        datatype = "BYTES" if name in ("json", "columns") else "FP64"
        inputs.append({"name": name, "shape": [len(rows)], "datatype": datatype, "data": values})
    return {"inputs": inputs, **changes}


@pytest.fixture(scope="session")
def path(predictor):
    return f"/v2/models/{predictor.manifest.model}"


@pytest.fixture(scope="session")
def infer(server, http, path):
    """A body, or bytes with headers -> the answer."""

    def post(body, *, at=path + "/infer", headers=None):
        content = {"data": body, "headers": headers} if isinstance(body, bytes) else {"json": body}
        return http.post(server.url + at, **content, timeout=30)

    return post


@pytest.fixture(scope="session")
def error(infer):
    """The text of a refusal."""

    def refuse(body, status=400, **more):
        answer = infer(body, **more)
        assert answer.status_code == status, answer.text
        assert set(answer.json()) == {"error"}
        return answer.json()["error"]

    return refuse


def outputs(answer):
    """Output name -> its data."""
    assert answer.status_code == 200, answer.text
    return {output["name"]: output["data"] for output in answer.json()["outputs"]}
