"""The compiled pipeline: strict, repeatable, and the same steps as the folders."""

import re

import pytest
import yaml
from google.protobuf import json_format
from kfp import pipeline_spec

from components.load_spec.spec_uri import read
from model.spec.reader import read_spec
from model.spec.types import Spec
from pipelines.arguments import TrainingArguments, read_training_request
from pipelines.checking import checking
from pipelines.cluster.settings import ClusterSettings
from pipelines.compile import ROOT, ComponentImageError, compile_graph, local_image
from pipelines.training import training
from tests.graphs import BASE, settings_of
from tests.logs import spec_of

PORTAL = "examples/rental_portal"
SOURCE = "duckdb:/data"
IMAGE = "registry.example/kamado/steps@sha256:" + "0" * 64


def document(path):
    """The pipeline itself, which the settings of Kubernetes follow."""
    return next(yaml.safe_load_all(path.read_text()))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("compiled") / "pipeline.yaml"
    settings = settings_of(read_spec(ROOT / PORTAL), image=IMAGE, source=SOURCE, base=BASE, cluster=ClusterSettings())
    compile_graph(training, settings, path)
    return path


def test_the_compiled_file_is_a_valid_pipeline_spec(compiled):
    pipeline = pipeline_spec.pipeline_spec_pb2.PipelineSpec()
    json_format.ParseDict(document(compiled), pipeline, ignore_unknown_fields=False)


def test_every_step_runs_in_the_image_named_by_digest(compiled):
    executors = document(compiled)["deploymentSpec"]["executors"]
    assert {executor["container"]["image"] for executor in executors.values()} == {IMAGE}


def test_an_image_named_by_tag_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(ComponentImageError, match=r"not named by digest.*REPOSITORY@sha256"):
        compile_graph(training, settings_of(spec_of(), image="kamado/steps:latest"), tmp_path / "pipeline.yaml")
    assert not (tmp_path / "pipeline.yaml").exists()


def test_the_spec_is_compiled_in_and_its_size_burdens_the_first_step_alone(compiled):
    pipeline = document(compiled)
    uri = pipeline["root"]["dag"]["tasks"]["load-spec"]["inputs"]["parameters"]["uri"]["runtimeValue"]["constant"]
    assert Spec.from_json(read(uri).decode()) == read_spec(ROOT / PORTAL)
    for name, component in pipeline["components"].items():
        inputs = component.get("inputDefinitions", {})
        assert ("spec" in inputs.get("artifacts", {})) == bool(
            re.match(r"comp-(resolve|extract|preprocess|train|evaluate|refit)", name)
        )
        assert "spec" not in inputs.get("parameters", {})


def test_the_champion_is_brought_before_anything_that_takes_long(compiled):
    tasks = document(compiled)["root"]["dag"]["tasks"]
    assert {"champion", "resolve"} <= set(tasks["extract"]["dependentTasks"])
    refusal = tasks["extract"]["inputs"]["parameters"]["refusal"]  # also where that refused, and the task went well
    assert refusal["taskOutputParameter"]["producerTask"] == "champion"


def test_a_check_is_the_first_steps_of_training_as_they_are(compiled, tmp_path):
    path = tmp_path / "checking.yaml"
    compile_graph(checking, settings_of(spec_of(), image=IMAGE, cluster=ClusterSettings()), path)
    checked, trained = (document(file) for file in (path, compiled))
    assert set(checked["root"]["dag"]["tasks"]) == {"load-spec", "extract", "preprocess"}
    for step in ("load-spec", "extract", "preprocess"):
        assert checked["components"][f"comp-{step}"] == trained["components"][f"comp-{step}"]
        executors = (pipeline["deploymentSpec"]["executors"][f"exec-{step}"] for pipeline in (checked, trained))
        assert next(executors) == next(executors)


def test_steps_with_an_effect_outside_are_never_cached(compiled):
    """And so is the step that asks the outer world. There are no conditions, which would be DAGs of their own."""
    pipeline = document(compiled)
    tasks = pipeline["root"]["dag"]["tasks"]
    assert {name for name, task in tasks.items() if not task["cachingOptions"].get("enableCache")} == {
        "resolve",
        "build-image",
        "conclude",
    }
    assert not [name for name, component in pipeline["components"].items() if "dag" in component]


def test_a_person_sees_three_fields_with_help_and_defaults(compiled):
    fields = document(compiled)["root"]["inputDefinitions"]["parameters"]
    assert set(fields) == {"end", "champion", "destination"}
    assert all(field["isOptional"] and field["description"] for field in fields.values())


def test_every_step_has_a_title_and_every_parameter_of_it_a_description(compiled):
    pipeline = document(compiled)
    titles = [task["taskInfo"]["name"] for task in pipeline["root"]["dag"]["tasks"].values()]
    assert all(re.fullmatch(r"[A-Z][a-z, ]+", title) for title in titles)
    for component in pipeline["components"].values():
        for definitions in (component.get("inputDefinitions", {}), component.get("outputDefinitions", {})):
            assert all(parameter.get("description") for parameter in definitions.get("parameters", {}).values())


def test_what_an_uncached_step_gives_to_a_cached_one_is_a_value(compiled):
    """An artifact is a new one each time, so that the step behind it would never come from the cache."""
    tasks = document(compiled)["root"]["dag"]["tasks"]
    for name, task in tasks.items():
        if task["cachingOptions"].get("enableCache"):
            producers = [
                artifact["taskOutputArtifact"]["producerTask"]
                for artifact in task["inputs"].get("artifacts", {}).values()
            ]
            assert not {"resolve", "build-image", "conclude"}.intersection(producers), name


def test_a_graph_for_a_cluster_passes_refusals_on_and_a_local_one_does_not(compiled, tmp_path):
    compile_graph(training, settings_of(spec_of()), tmp_path / "local.yaml")
    for path, expected in (
        (compiled, [{"name": "KAMADO_REFUSALS", "value": "pass-on"}]),
        (tmp_path / "local.yaml", []),
    ):
        executors = document(path)["deploymentSpec"]["executors"]
        assert all(executor["container"].get("env", []) == expected for executor in executors.values())


def test_the_local_image_names_the_code_by_content():
    assert re.fullmatch(r"kamado/python-steps@sha256:[0-9a-f]{64}", local_image())
    assert local_image() == local_image()


def test_minutes_are_a_number_with_a_point_whatever_is_written(tmp_path):
    """10 and 10.0 are one spec, with one digest."""
    digests = set()
    for minutes in ("", "10", "10.0"):
        arguments = TrainingArguments(spec=str(ROOT / PORTAL), out=str(tmp_path), minutes=minutes)
        request = read_training_request(arguments, (), {})
        assert isinstance(request.data.spec.training.minutes, float)
        digests.add(request.data.spec.spec_sha256)
    assert len(digests) == 1
