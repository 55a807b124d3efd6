"""The steps as containers: every step in its image; in the engine nothing is left, and no failure is lost."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import docker
import kfp
import pyarrow.parquet as pq
import pytest
import yaml
from rich.console import Console

from artifacts.image import ImageDocument
from artifacts.verdict import Verdict
from cli.main import main
from pipelines.compile import ROOT
from pipelines.local.containers import LABEL, Containers
from pipelines.local.docker_runner import KFP, run_container
from pipelines.local.local_settings import local_settings
from pipelines.local.progress import ProgressDisplay
from pipelines.local.run import collect
from pipelines.local.run_log import RunLog
from pipelines.local.steps_image import ContainerRunError, StepsImage
from pipelines.local.subprocess_runner import PipelineProcess
from pipelines.training import training
from tests.logs import END, SMALL, log, spec_of

COLUMNS = (
    *("shown_at", "list_id", "listing_id", "user_id", "position", "explore", "rent", "area", "layout", "inquired"),
)
SQL = f"SELECT {', '.join(COLUMNS)} FROM log WHERE shown_at >= @start AND shown_at < @end"
FAILING = 20
MISSING = f"registry.example/steps@sha256:{'0' * 64}"
PATIENCE = 60.0  # seconds, on a busy machine


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    folder.chmod(0o755)  # any user of a container can read it
    pq.write_table(log(lists=2_000, seed=1), folder / "log.parquet")
    return folder


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    """The small spec as a person has it, a folder."""
    folder = tmp_path_factory.mktemp("spec")
    (folder / "training.sql").write_text(SQL)
    values = {name: value for name, value in SMALL.items() if name != "sql_text"}
    values["source"] = {**SMALL["source"], "sql": "training.sql"}
    (folder / "spec.yaml").write_text(yaml.safe_dump(values))
    return folder


@pytest.fixture
def steps(engine_address, component_image, monkeypatch):
    """The image of the steps, in the engine that every command of the test uses."""
    monkeypatch.setenv("DOCKER_HOST", engine_address)
    return StepsImage.look_up(f"kamado/component@{component_image}")


def test_every_step_runs_as_on_a_cluster(steps, server_layout, data, engine_client, tmp_path):
    """The command of the compiled file, as the image's user, on a root that is read-only, without a network."""
    out = tmp_path / "out"
    run, base = out / "runs" / "000001", f"oci:{server_layout}:server"
    for folder in (run / "artifacts", out / "images", tmp_path / "cache"):
        folder.mkdir(parents=True)
    containers = Containers.of_run(
        steps, run, out=out, cache=tmp_path / "cache", inputs=[f"duckdb:{data}", base], environ={}
    )
    containers = replace(containers, user="65532", network="none")
    settings = local_settings(run, spec_of(sql_text=SQL), source=f"duckdb:{data}", base=base, image=steps.reference)
    parameters = {"end": f"{END:%Y-%m-%d}", "champion": "", "destination": f"oci:{out / 'images'}"}
    progress = ProgressDisplay(Console(file=io.StringIO()))
    with PipelineProcess(run, training, settings, parameters, containers) as pipeline:
        for path in [run / "artifacts", run / "events.jsonl", run / "tmp", out / "images", tmp_path / "cache"]:
            path.chmod(0o777)
        pipeline.watch(progress, RunLog(run / "run.log"))
    assert collect(run)
    verdict = Verdict.read(run)
    assert verdict.verdict == "promote", verdict.reasons
    assert ImageDocument.read(run).smoke_test.way == "process"
    assert (run / "bundle").stat().st_uid == 65532
    assert not left(engine_client, containers.run)


class TestRun:
    """`kamado run` on containers ends as it does on processes."""

    def command(self, spec, data, out, steps, *more):
        words = ["run", "--spec", spec, "--data", data, "--out", out, "--runner", "docker", "--steps-image", steps]
        return [str(word) for word in (*words, *more)]

    def test_a_step_that_refuses_ends_it_with_its_problems(self, steps, spec, engine_client, tmp_path, capsys):
        (tmp_path / "empty").mkdir()
        words = self.command(spec, tmp_path / "empty", tmp_path / "out", steps.reference, "--json")
        assert main(words, os.environ) == 1
        shown = capsys.readouterr()
        refusal = json.loads(shown.out)
        assert (refusal["outcome"], refusal["step"]) == ("refused", "resolve"), shown.err
        assert "log" in refusal["problems"][0]["problem"] + refusal["problems"][0]["where"]
        assert f"steps run in {steps.reference}, of commit {'0' * 40}" in shown.err
        assert not (tmp_path / "out" / "latest").exists()
        (settings,) = tmp_path.glob("out/runs/*/containers.json")
        assert not left(engine_client, Containers.read(settings).run)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
    def test_no_container_outlives_it(self, steps, spec, data, engine_client, tmp_path, number):
        words = self.command(spec, data, tmp_path / "out", steps.reference)
        with subprocess.Popen([sys.executable, "-m", "cli", *words], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            wait(lambda: process.poll() is not None or list(tmp_path.glob("out/runs/*/containers.json")))
            (settings,) = tmp_path.glob("out/runs/*/containers.json")
            run = Containers.read(settings).run
            wait(lambda: left(engine_client, run))
            process.send_signal(number)
        assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
        wait(lambda: not left(engine_client, run))

    def test_an_image_that_the_engine_lacks_is_told_before_anything_starts(self, steps, spec, data, tmp_path, capsys):
        assert main(self.command(spec, data, tmp_path / "out", MISSING), os.environ) == 2
        assert f"docker pull {MISSING}" in capsys.readouterr().err
        assert main(self.command(spec, data, tmp_path / "out", "kamado/component:latest"), os.environ) == 2
        assert "is not named by digest" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()

    def test_without_an_engine_it_says_so(self, spec, data, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
        assert main(self.command(spec, data, tmp_path / "out", ""), os.environ) == 2
        assert "container engine: does not answer" in capsys.readouterr().err


class TestFailures:
    """KFP's own function reports some of these as a success: bench/docker_failures.py counts how many."""

    def test_the_function_that_is_replaced_is_the_one_that_was_read(self):
        assert kfp.__version__ == KFP

    def test_every_container_that_fails_is_reported_and_removed(self, engine_address, engine_client, python_base):
        run = str(os.getpid())

        def failing(number):
            with contextlib.closing(docker.DockerClient(engine_address)) as client:
                command = ["sh", "-c", f"echo {number}; exit 3"]
                settings = {"network_mode": "none", "labels": {LABEL: run}}
                return run_container(client, python_base, command, {}, **settings)

        with ThreadPoolExecutor(6) as pool:
            assert Counter(pool.map(failing, range(FAILING))) == {3: FAILING}
        assert not left(engine_client, run)

    def test_an_engine_that_fails_is_told(self, engine_client):
        with pytest.raises(ContainerRunError, match=r"engine-failed.*No such image"):
            run_container(engine_client, f"sha256:{'0' * 64}", ["true"], {}, network_mode="none")

    def test_what_a_container_prints_is_printed(self, engine_client, python_base, capsys):
        run_container(engine_client, python_base, ["sh", "-c", "echo out; echo err >&2"], {}, network_mode="none")
        assert sorted(capsys.readouterr().out.split()) == ["err", "out"]


def left(client, run):
    return client.containers.list(all=True, filters={"label": f"{LABEL}={run}"}, ignore_removed=True)


def wait(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.05)
