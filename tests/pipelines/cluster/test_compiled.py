"""The checks of a compiled pipeline refuse what a cluster would refuse, or run to a wrong end."""

import copy

import pytest
import yaml
from kfp import compiler, dsl

from components.load_spec.component import load_spec
from model.spec.resources import PodResources
from pipelines.cluster.compiled import MOST_BYTES, CompiledPipelineError, check_compiled
from pipelines.cluster.pods import configure, pipeline_config
from pipelines.cluster.settings import ClusterSettings

IMAGE = "registry.example/kamado/steps@sha256:" + "0" * 64
POD = PodResources("1", "1Gi", minutes=10, retries=2, spot=True)


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """Of a small pipeline that passes: two steps of ours, one inside a group."""
    path = tmp_path_factory.mktemp("compiled") / "small.yaml"
    cluster = ClusterSettings.model_validate({"spot": {"tolerations": [{"operator": "Exists"}]}})

    @dsl.pipeline(name="small", pipeline_config=pipeline_config(cluster))
    def graph(share: float = 0.5) -> None:
        with dsl.ParallelFor([1, 2]):
            task = load_spec(uri="x").set_container_image(IMAGE).set_caching_options(True)
            configure(task, lambda _: POD, cluster)

    compiler.Compiler().compile(graph, str(path))
    return list(yaml.safe_load_all(path.read_text()))


@pytest.fixture
def problems(documents):
    """The problems after `change` was made to the two documents."""

    def refuse(change):
        changed = copy.deepcopy(documents)
        change(*changed)
        with pytest.raises(CompiledPipelineError) as refusal:
            check_compiled(yaml.safe_dump_all(changed).encode(), "small.yaml")
        assert all(problem.code for problem in refusal.value.problems)
        return [f"{problem.where}: {problem.problem}" for problem in refusal.value.problems]

    return refuse


def executor(pipeline):
    return pipeline["deploymentSpec"]["executors"]["exec-load-spec"]


def pod(kubernetes):
    return kubernetes["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-load-spec"]


def task(pipeline):
    return pipeline["components"]["comp-for-loop-2"]["dag"]["tasks"]["load-spec"]


def test_a_pipeline_as_it_was_compiled_passes_with_and_without_kubernetes(documents):
    check_compiled(yaml.safe_dump_all(documents).encode(), "small.yaml")
    check_compiled(yaml.safe_dump(documents[0]).encode(), "small.yaml")


@pytest.mark.parametrize(
    "change",
    [
        lambda pipeline, _: pipeline.update(schemaVerzion="2.1.0"),
        lambda pipeline, _: task(pipeline).update(retryPolici={}),
        lambda pipeline, _: executor(pipeline)["container"].update(imag="x"),
        lambda _, kubernetes: kubernetes.update(platform={}),
        lambda _, kubernetes: pod(kubernetes)["tolerations"][0].update(efect="NoSchedule"),
    ],
    ids=["of the pipeline", "of a task", "of a container", "of the platforms", "of a toleration"],
)
def test_a_field_that_no_server_knows_is_refused(problems, change, outcome):
    (problem,) = problems(change)
    outcome(problem)
    assert "cannot be parsed" in problem


@pytest.mark.parametrize("image", ["kamado/steps:latest", "kamado/steps", "{{$.inputs.parameters['image']}}", ""])
def test_an_image_that_can_move_is_refused(problems, image):
    (problem,) = problems(lambda pipeline, _: executor(pipeline)["container"].update(image=image))
    named = f"{image!r} is not named by digest" if image else "is missing"
    assert problem == f"small.yaml exec-load-spec image: {named}"


def test_a_step_with_an_effect_outside_is_not_taken_from_the_cache(problems):
    """Wherever it is in the graph."""

    def change(pipeline, kubernetes):
        for executors in (
            pipeline["deploymentSpec"]["executors"],
            kubernetes["platforms"]["kubernetes"]["deploymentSpec"]["executors"],
        ):
            executors["exec-build-image-2"] = executors.pop("exec-load-spec")
        pipeline["components"]["comp-load-spec"]["executorLabel"] = "exec-build-image-2"

    assert problems(change) == ["small.yaml load-spec: may come from the cache, although it has an effect outside"]


def test_a_value_that_is_not_a_number_is_refused(problems):
    def change(pipeline, _):
        pipeline["root"]["inputDefinitions"]["parameters"]["share"]["defaultValue"] = float("nan")

    (problem,) = problems(change)
    assert problem.endswith("share defaultValue: has the value nan")


def test_a_step_without_a_folder_is_refused(problems):
    def change(pipeline, kubernetes):
        executors = pipeline["deploymentSpec"]["executors"]
        executors["exec-lode-spec"] = executors.pop("exec-load-spec")
        pipeline["components"]["comp-load-spec"]["executorLabel"] = "exec-lode-spec"

    first, second = problems(change)
    assert first.startswith("small.yaml exec-lode-spec: has no folder in components/, which has build_image, ")
    assert second == "small.yaml platforms exec-load-spec: belongs to no step"


def test_a_third_document_an_old_schema_and_an_empty_graph_are_refused(documents, problems):
    with pytest.raises(CompiledPipelineError, match="has 3 documents"):
        check_compiled(yaml.safe_dump_all([*documents, {}]).encode(), "small.yaml")
    assert problems(lambda pipeline, _: pipeline.update(schemaVersion="2.0.0")) == [
        "small.yaml: has the schema '2.0.0', not 2.1.0"
    ]
    assert "small.yaml: has no tasks" in problems(lambda pipeline, _: pipeline["root"].pop("dag"))


def test_what_no_cluster_keeps_is_refused(documents):
    padding = b"\n" * (MOST_BYTES + 1)
    with pytest.raises(CompiledPipelineError, match="of at most 700,000 that a cluster keeps"):
        check_compiled(yaml.safe_dump_all(documents).encode() + padding, "small.yaml")
