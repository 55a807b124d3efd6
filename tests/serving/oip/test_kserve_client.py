"""KServe's own client scores with our server."""

import json
import os
import subprocess

import pytest

from build.settings import cache_folder
from tests.services.kserve_client import kserve_python
from tests.serving.process import ROOT

CALLS = ROOT / "tests" / "services" / "kserve_calls.py"
TEXTS = ("json", "columns")


@pytest.fixture(scope="module")
def rows(golden):
    """Golden rows that the client can send: its tensors have no missing texts."""
    return [row for row in golden if all(row.input[name] is not None for name in TEXTS)]


@pytest.fixture(scope="module")
def calls(server, rows, predictor):
    """What the client has seen."""
    columns = {name: [row.input[name] for row in rows] for name in rows[0].input}
    job = {
        "url": server.url,
        "model": predictor.manifest.model,
        "numbers": {name: values for name, values in columns.items() if name not in TEXTS},
        "texts": {name: columns[name] for name in TEXTS},
        "unknown": "rnt",
    }
    command = [kserve_python(cache_folder(os.environ)), "-P", str(CALLS)]  # -P: not with the modules beside it
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_server_and_its_model_are_live_and_ready(calls):
    answers = [calls[name] for name in ("live", "ready", "model_ready", "other_ready")]
    assert answers == [True, True, True, False]


@pytest.mark.parametrize("form", ["by_json", "by_binary"])
def test_golden_rows_have_the_bits_of_their_probability(calls, rows, form):
    assert calls[form]["probability"] == [row.probability for row in rows]


def test_the_wanted_outputs_and_the_id_come_back(calls):
    assert calls["ids"] == ["by-json", "by-binary"]
    assert list(calls["by_binary"]) == ["probability", "unknown_categories"]
    assert calls["by_json"]["unknown_categories"] == calls["by_binary"]["unknown_categories"]


def test_a_refusal_is_told_with_its_reason(calls):
    assert "rnt: is not an input of this model. Did you mean rent?" in calls["refusal"]
    assert "'400 Bad Request'" in calls["refusal"]
