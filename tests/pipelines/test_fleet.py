"""Several models in one run: one that is refused does not stop the others, and the run ends red with a table."""

import json
import os
import random
import subprocess
import sys
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import yaml

from artifacts.run_result import RunResult
from components.fleet_conclude.fleet_conclude import NotAllPromoted, fleet_conclude
from components.fleet_summary.fleet_summary import table
from pipelines.cluster.compiled import CompiledPipelineError, check_compiled
from pipelines.cluster.settings import ClusterSettings
from pipelines.cluster.write import compiled
from pipelines.compile import ROOT, compile_graph
from pipelines.fleet import fleet
from pipelines.graph_settings import FleetSettings
from tests.graphs import BASE, settings_of
from tests.logs import log, spec_of
from tests.pipelines.golden import IMAGE

QUERY = "SELECT * FROM log WHERE shown_at >= @start AND shown_at < @end"
FEW = RunResult(model="small", outcome="insufficient-data", reason="too few conversions")
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


def test_the_table_puts_first_what_needs_a_person(outcome):
    lines = table([BUILT, FEW, REFUSED]).splitlines()
    outcome(lines[-3])
    assert lines[0] == "# 3 models: 1 insufficient-data, 1 promote, 1 refused"
    assert table([BUILT]).startswith("# 1 model: 1 promote\n")
    assert lines[4:] == [
        "| other | refused | extract: a\\|b \\<c\\> |  |",
        "| small | insufficient-data | too few conversions |  |",
        "| best | promote | all rules hold | `t` `sha256:0` |",
    ]


def test_every_outcome_is_printed_and_red_ones_are_all_named(capsys):
    fleet_conclude([BUILT, FEW])
    assert capsys.readouterr().out.splitlines() == [
        "best: promote, all rules hold",
        "small: insufficient-data, too few conversions",
    ]
    rejected = REFUSED.model_copy(update={"model": "third", "outcome": "reject"})
    with pytest.raises(NotAllPromoted) as refusal:
        fleet_conclude([REFUSED, BUILT, rejected])
    assert [(problem.where, problem.problem) for problem in refusal.value.problems] == [
        ("other", "refused: extract: a|b <c>"),
        ("third", "reject: extract: a|b <c>"),
    ]


def test_models_run_two_at_a_time_unless_the_cluster_says_otherwise(tmp_path):
    settings = settings_of(spec_of(), image=IMAGE, base=BASE)
    for cluster, limit in ((None, 2), (ClusterSettings(models_at_once=4), 4)):
        models = (replace(settings, cluster=cluster),)
        compile_graph(fleet, FleetSettings(models), tmp_path / "fleet.yaml")
        pipeline = next(yaml.safe_load_all((tmp_path / "fleet.yaml").read_text()))
        tasks = pipeline["root"]["dag"]["tasks"].items()
        ((name, loop),) = [(name, task) for name, task in tasks if name.startswith("for-loop")]
        assert loop["taskInfo"]["name"] == name, "drivers find a loop under another name by its key alone, and fail"
        assert loop["iteratorPolicy"]["parallelismLimit"] == limit


def test_five_long_specs_that_no_argument_could_hold_are_refused():
    long = spec_of(sql_text="SELECT " + ", ".join(f"{random.random()} AS c{i}" for i in range(4000)))
    models = tuple(settings_of(long.model_copy(update={"model": f"m{i}"}), image=IMAGE, base=BASE) for i in range(5))
    with pytest.raises(CompiledPipelineError, match="of at most 120,000 that one argument"):
        check_compiled(compiled(fleet, FleetSettings(models)), "fleet.yaml")
