"""The message at the end of a run, posted by the exit task of a compiled pipeline in KFP's own runner."""

import os
import subprocess
import sys

import pytest
import yaml
from kfp import compiler, dsl

from artifacts.run_result import RunResult
from components.fleet_conclude.component import fleet_conclude
from pipelines.cluster.settings import ClusterSettings
from pipelines.compile import ROOT
from pipelines.graph_step import at_the_end, graph_step
from tests.graphs import settings_of
from tests.logs import spec_of
from tests.services.chat import chat

CLUSTER = ClusterSettings.model_validate(
    {"notification": {"webhook": {"secret": "chat", "key": "address"}, "api": None, "ui": "https://ui.example"}}
)
REFUSED = RunResult(model="small", outcome="refused", reason="too few rows").line()


@pytest.fixture
def compiled(tmp_path):
    """Of a graph whose one step makes the run red."""

    def compile_with(**settings):
        shared = settings_of(spec_of(), cluster=CLUSTER, **settings)

        @dsl.pipeline(name="small")
        def graph() -> None:
            with at_the_end(shared, "small"):
                graph_step(shared, fleet_conclude(results=[REFUSED]), "Conclude", cached=False)

        compiler.Compiler().compile(graph, str(tmp_path / "pipeline.yaml"))
        return tmp_path / "pipeline.yaml"

    return compile_with


def test_a_red_run_posts_its_end_and_stays_red(compiled, tmp_path, outcome):
    (tmp_path / "arguments.json").write_text("{}")
    with chat() as room:
        environment = {
            **os.environ,
            "KAMADO_WEBHOOK": room.address,
            "KAMADO_EVENTS": str(tmp_path / "events.jsonl"),
            "PYTHONPATH": str(ROOT),
        }
        files = [compiled(notify=True), tmp_path / "arguments.json", tmp_path / "artifacts"]
        command = [sys.executable, "-m", "pipelines.local.runner", *files]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    outcome(room.posted)
    assert done.returncode == 1
    (posted,) = room.posted
    assert posted["text"] == "small: failed"
    assert "<https://ui.example/#/runs/details/" in posted["blocks"][0]["text"]["text"]


@pytest.mark.parametrize(("notify", "tasks"), [(True, {"exit-handler-1", "notify"}), (False, {"fleet-conclude"})])
def test_the_exit_task_is_there_where_the_settings_want_it(compiled, notify, tasks):
    pipeline = next(yaml.safe_load_all(compiled(notify=notify).read_text()))
    assert set(pipeline["root"]["dag"]["tasks"]) == tasks
