"""A pipeline for clusters is two files of one source: the same bytes each time, checked before they are written."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipelines.cluster.compiled import CompiledPipelineError, check_compiled
from pipelines.cluster.write import write_pipeline
from pipelines.compile import ROOT
from pipelines.training import training
from tests.graphs import BASE, settings_of
from tests.kamado import kamado
from tests.logs import SMALL, spec_of
from tests.pipelines import golden

FILES = sorted(path.relative_to(golden.FOLDER) for path in golden.FOLDER.glob("*/*.yaml"))
PORTAL = "examples/rental_portal"
WHERE = ["--image", golden.IMAGE, "--base", BASE, "--bigquery", "project@EU"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden")
    golden.write_golden(folder)
    return folder


def documents(folder, name):
    return list(yaml.load_all((folder / name).read_text(), Loader=yaml.CSafeLoader))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_what_is_compiled_is_what_is_kept(written, file):
    expected = (golden.FOLDER / file).read_bytes()
    assert (written / file).read_bytes() == expected, "if the change is meant: python -m tests.pipelines.golden"
    check_compiled(expected, str(file))


def test_both_files_of_both_graphs_are_kept(written):
    assert sorted(path.relative_to(written) for path in written.glob("*/*")) == FILES
    assert len(FILES) == 4


def test_vertex_gets_the_first_document_alone(written):
    kubeflow, vertex = (documents(written / "one-model", f"pipeline.{name}.yaml") for name in ("kfp", "vertex"))
    assert (len(kubeflow), len(vertex)) == (2, 1)
    assert kubeflow[0] == vertex[0]


def test_what_needs_kubernetes_is_not_in_the_file_for_vertex(written):
    kubeflow, vertex = ((written / "two-models" / f"pipeline.{name}.yaml").read_text() for name in ("kfp", "vertex"))
    for word in ("KAMADO_SIGNING_KEY", "exec-notify", "ALL_UPSTREAM_TASKS_COMPLETED"):
        assert word in kubeflow
        assert word not in vertex


def test_the_steps_are_the_folders_of_components(written):
    steps = {
        re.sub(r"^exec-|-\d+$", "", name).replace("-", "_")
        for graph in ("one-model", "two-models")
        for name in documents(written / graph, "pipeline.kfp.yaml")[0]["deploymentSpec"]["executors"]
    }
    assert steps == {path.parent.name for path in (ROOT / "components").glob("*/component.py")}


def test_a_step_of_several_models_takes_what_is_enough_for_each(written):
    pipeline, _ = documents(written / "two-models", "pipeline.kfp.yaml")
    resources = pipeline["deploymentSpec"]["executors"]["exec-train"]["container"]["resources"]
    assert (resources["resourceCpuRequest"], resources["resourceMemoryRequest"]) == ("16", "64Gi")
    (loop,) = [component for name, component in pipeline["components"].items() if name.startswith("comp-for-loop")]
    assert "retryPolicy" in loop["dag"]["tasks"]["train"]


def test_the_webhook_reaches_the_notification_and_the_key_reaches_no_training(written):
    _, kubernetes = documents(written / "two-models", "pipeline.kfp.yaml")
    pods = kubernetes["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert [name for name, pod in pods.items() if "secretAsEnv" in pod] == ["exec-notify"]
    assert [name for name, pod in pods.items() if "secretAsVolume" in pod] == ["exec-build-image", "exec-resolve"]


def test_a_pipeline_that_does_not_pass_is_not_written(tmp_path):
    with pytest.raises(CompiledPipelineError, match="not named by digest"):
        write_pipeline(training, settings_of(spec_of(), image="kamado/steps:latest"), tmp_path / "pipeline")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_the_same_bytes_from_the_files_of_a_spec(tmp_path):
    document = {name: value for name, value in SMALL.items() if name != "sql_text"}
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    (tmp_path / "training.sql").write_text(SMALL["sql_text"])
    arguments = ["--spec", tmp_path, *WHERE, "--out", tmp_path / "out", "--json"]
    environ = {**os.environ, "PYTHONHASHSEED": "7", "KAMADO_IMAGES": golden.STORE}
    command = [sys.executable, "-m", "cli", "compile", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for kind in ("kfp", "vertex"):
        path = Path(json.loads(done.stdout)[kind])
        assert path == tmp_path / "out" / "pipeline" / "kamado-small" / f"pipeline.{kind}.yaml"
        assert path.read_bytes() == (golden.FOLDER / "one-model" / path.name).read_bytes()


def test_the_command_tells_every_problem_and_writes_nothing(tmp_path, outcome):
    words = ["--specs", f"{PORTAL} {tmp_path}/absent", "--image", "kamado/steps:1", "--out", tmp_path / "o"]
    answer = kamado("compile", *words)
    outcome(answer.err)
    assert answer.code == 2
    for where in ("STEPS_IMAGE", "BASE_IMAGE", "BIGQUERY and DATA", "TO", f"{tmp_path}/absent/spec.yaml"):
        assert f"] {where}: " in answer.err
    assert list(tmp_path.iterdir()) == []
