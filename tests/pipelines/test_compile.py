"""The compiled pipeline: strict, repeatable, and the same steps as the folders."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from google.protobuf import json_format
from kfp import pipeline_spec

from pipelines.compile import ROOT, compile_training, local_image
from pipelines.output import Output
from pipelines.run import pipeline_parameters
from tests.logs import spec_of

IMAGE = "registry.example/kamado/steps@sha256:" + "0" * 64


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("compiled") / "pipeline.yaml"
    compile_training(IMAGE, path)
    return path


def test_the_compiled_file_is_a_valid_pipeline_spec(compiled):
    documents = list(yaml.safe_load_all(compiled.read_text()))
    assert len(documents) == 1
    json_format.ParseDict(documents[0], pipeline_spec.pipeline_spec_pb2.PipelineSpec(), ignore_unknown_fields=False)


def test_every_step_runs_in_the_image_named_by_digest(compiled):
    executors = yaml.safe_load(compiled.read_text())["deploymentSpec"]["executors"]
    assert {executor["container"]["image"] for executor in executors.values()} == {IMAGE}


def test_an_image_named_by_tag_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(ValueError, match=r"not named by digest.*repository@sha256"):
        compile_training("kamado/steps:latest", tmp_path / "pipeline.yaml")
    assert not (tmp_path / "pipeline.yaml").exists()


def test_the_steps_are_the_folders_of_components(compiled):
    executors = yaml.safe_load(compiled.read_text())["deploymentSpec"]["executors"]
    steps = {re.sub(r"^exec-|-\d+$", "", name).replace("-", "_") for name in executors}
    assert steps == {path.parent.name for path in (ROOT / "components").glob("*/component.py")}


def test_steps_with_an_effect_outside_are_never_cached(compiled):
    components = yaml.safe_load(compiled.read_text())["components"]
    tasks = [task for one in components.values() for task in one.get("dag", {}).get("tasks", {}).values()]
    inside = [task for task in tasks if task["componentRef"]["name"].startswith(("comp-build-image", "comp-conclude"))]
    assert len(inside) == 4
    assert all(not task["cachingOptions"].get("enableCache") for task in inside)


def test_compiling_twice_gives_the_same_bytes(compiled, tmp_path):
    code = "import sys; from pipelines.compile import *; compile_training(sys.argv[1], Path(sys.argv[2]))"
    again = tmp_path / "again.yaml"
    subprocess.run([sys.executable, "-c", code, IMAGE, again], cwd=ROOT, check=True)
    assert again.read_bytes() == compiled.read_bytes()


def test_the_local_image_names_the_code_by_content():
    assert re.fullmatch(r"kamado/python-steps@sha256:[0-9a-f]{64}", local_image())
    assert local_image() == local_image()


def test_the_command_says_what_is_wrong_and_exits_1(tmp_path):
    command = [sys.executable, "-m", "pipelines.compile", "kamado/steps:latest", str(tmp_path / "p.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not named by digest" in done.stderr
    assert not Path(tmp_path / "p.yaml").exists()


def test_minutes_are_a_number_with_a_point_whatever_the_spec_writes(tmp_path):
    """KFP refuses 10 where 10.0 is declared."""
    asked = argparse.Namespace(end=None, trials=None, minutes=None, base="", champion="")
    for training in (None, {"minutes": 10}, {"minutes": 0.5}):
        given = pipeline_parameters(asked, spec_of(training=training), "duckdb:/data", Output(tmp_path))
        assert isinstance(given["minutes"], float)
