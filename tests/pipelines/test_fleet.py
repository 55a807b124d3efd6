"""Several models in one run: one that is refused does not stop the others, and the run ends red with a table."""

import json
import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from artifacts.run_result import RunResult
from pipelines.compile import ROOT, compile_graph
from pipelines.fleet import fleet
from pipelines.graph_settings import FleetSettings
from tests.graphs import settings_of
from tests.logs import log, spec_of

QUERY = "SELECT * FROM log WHERE shown_at >= @start AND shown_at < @end"
HELD = RunResult(model="small", outcome="insufficient-data", reason="too few conversions")
REFUSED = RunResult(model="other", outcome="refused", reason="extract: a|b <c>")
BUILT = RunResult(
    model="best", outcome="promote", reason="all rules hold", reference="r:t@sha256:0", tag="t", digest="sha256:0"
)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The folder, events and exit code of a run with two models, one of which names a column that is not there."""
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "data").mkdir()
    pq.write_table(log(), folder / "data" / "log.parquet")
    small = spec_of(sql_text=QUERY, promotion={"min_conversions": 10**6}, training={"trials": 1, "folds": 2})
    other = spec_of(model="other", sql_text=QUERY, features={"colour": {"kind": "category"}})
    source = f"duckdb:{folder / 'data'}"
    models = tuple(settings_of(spec, source=source, threads=1) for spec in (other, small))
    compile_graph(fleet, FleetSettings(models), folder / "pipeline.yaml")
    (folder / "arguments.json").write_text(json.dumps({"destination": f"oci:{folder / 'images'}"}))
    environment = {**os.environ, "KAMADO_EVENTS": str(folder / "events.jsonl"), "PYTHONPATH": str(ROOT)}
    files = [folder / "pipeline.yaml", folder / "arguments.json", folder / "artifacts"]
    command = [sys.executable, "-m", "pipelines.local.runner", *files]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    lines = (folder / "events.jsonl").read_text().splitlines()
    return folder, [json.loads(line) for line in lines], done


def test_a_model_that_is_refused_does_not_stop_the_others(ended, outcome):
    folder, _, done = ended
    (path,) = folder.glob("artifacts/*/fleet-summary/summary")
    outcome(path.read_text())
    assert path.read_text().startswith("# 2 models: 1 insufficient-data, 1 refused\n"), done.stdout[-5000:]
    assert "| other | refused | extract: " in path.read_text()
    assert "| small | insufficient-data | " in path.read_text()


def test_the_run_is_red_at_its_very_end(ended):
    _, events, done = ended
    assert done.returncode == 1
    last = [event for event in events if event["step"] == "fleet_conclude"][-1]
    assert last["event"] == "refused"
    assert [(problem["where"], problem["code"]) for problem in last["problems"]] == [("other", "model-not-promoted")]
