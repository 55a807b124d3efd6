"""The process that runs the compiled pipeline tells its own failures too, where no step is there to do it."""

import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.checking import checking
from pipelines.compile import ROOT, compile_graph
from pipelines.training import training
from tests.graphs import settings_of
from tests.load_spec.test_load_spec import wide_spec
from tests.logs import spec_of


def run_compiled(folder, arguments):
    """Run folder/pipeline.yaml as `make run` does; returns its events and the exit code."""
    (folder / "arguments.json").write_text(json.dumps(arguments))
    files = [folder / "pipeline.yaml", folder / "arguments.json", folder / "artifacts"]
    environment = {**os.environ, "KAMADO_EVENTS": str(folder / "events.jsonl"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pipelines.local.runner", *files]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()], done.returncode


@pytest.mark.case("1,800 features and a query with the runner's placeholder {{$}}, compiled in and run")
def test_a_long_spec_and_a_query_with_placeholders_run_as_they_stand(tmp_path, outcome):
    """As on a cluster: the compiled file is all there is, and the steps get the spec as an artifact."""
    spec = wide_spec(1_800, promotion={"slices": ["note"]})
    names = [name for name in spec.used_columns if name not in (*spec.features, "note")]
    days = pa.array([20_600 * 86_400_000_000] * 3).cast(pa.timestamp("us", tz="UTC"))
    ones = dict.fromkeys([*names, *spec.features], pa.array([1, 1, 1]))
    table = pa.table({**ones, "t": days, spec.columns.time: days})
    spec = spec.model_copy(update={"sql_text": spec.sql_text.replace("SELECT ", f"SELECT {', '.join(names)}, ")})
    (tmp_path / "data").mkdir()
    pq.write_table(table, tmp_path / "data" / "log.parquet")
    settings = settings_of(spec, source=f"duckdb:{tmp_path / 'data'}")
    compile_graph(checking, settings, tmp_path / "pipeline.yaml")
    events, _ = run_compiled(tmp_path, {"end": "2026-07-01"})
    assert ("extract", "finished") in [(event["step"], event["event"]) for event in events], events
    (rows,) = tmp_path.glob("artifacts/*/extract/rows/rows/*.parquet")
    extracted = pq.read_table(rows)
    outcome(f"{extracted.num_columns:,} columns extracted, note = {extracted['note'][0]}")
    assert set(extracted.column_names) == {*names, *spec.features, "note", "row_key", "broken", "raw texts"}
    assert set(extracted["note"].to_pylist()) == {"{{$}}"}


def test_what_fails_outside_of_the_steps_is_told_with_its_reason(tmp_path):
    compile_graph(training, settings_of(spec_of()), tmp_path / "pipeline.yaml")
    events, code = run_compiled(tmp_path, {"nobody": "asked for this"})
    assert code != 0
    assert [(event["step"], event["event"]) for event in events] == [("pipeline", "failed")]
    assert [problem["code"] for problem in events[0]["problems"]] == ["pipeline-failed"]
    assert "nobody" in events[0]["message"]
