"""The arguments of a pipeline for a cluster: every problem of them, of cluster.yaml and of the specs is reported."""

from dataclasses import replace

import pytest

from model.errors import SpecError, UsageError
from pipelines.cluster.read import ClusterError
from pipelines.cluster.request import PipelineArguments, read_pipeline_settings
from pipelines.graph_settings import FleetSettings
from tests.graphs import BASE
from tests.model.specs import GOOD
from tests.pipelines.golden import IMAGE, STORE


@pytest.fixture
def specs(tmp_path):
    """A folder with three specs: a good one, a wrong one, and one with the name of the first."""
    for folder, text in {"a": GOOD, "b": GOOD.replace("reject_budget: 5%", "reject_budget: 500%"), "c": GOOD}.items():
        (tmp_path / "specs" / folder).mkdir(parents=True)
        (tmp_path / "specs" / folder / "spec.yaml").write_text(text)
        (tmp_path / "specs" / folder / "training.sql").write_text("SELECT 1")
    return tmp_path / "specs"


@pytest.fixture
def good(specs):
    return PipelineArguments(
        spec=str(specs / "a"), image=IMAGE, base=BASE, destination=STORE, bigquery="project.logs@EU"
    )


def problems(arguments, kind):
    with pytest.raises(kind) as refusal:
        read_pipeline_settings(arguments)
    return [(problem.where, problem.code) for problem in refusal.value.problems]


def test_good_arguments_become_the_settings_of_one_model(good):
    settings = read_pipeline_settings(good)
    assert (settings.name, settings.source) == ("kamado-rent-conversion", "bigquery:project.logs@EU")
    assert (settings.destination, settings.champion, settings.notify) == (STORE, "", False)


def test_threads_follow_the_processors_of_the_spec_and_a_fleet_has_the_most(good, specs):
    with (specs / "a" / "spec.yaml").open("a") as file:
        file.write("resources: {train: {cpu: 12}}\n")
    (specs / "c" / "spec.yaml").write_text(GOOD.replace("rent-conversion", "other"))
    assert read_pipeline_settings(good).threads == 12
    fleet = read_pipeline_settings(replace(good, spec="", specs=f"{specs}/a, {specs}/c"))
    assert isinstance(fleet, FleetSettings)
    assert [model.threads for model in fleet.models] == [12, 12]
    assert [model.spec.model for model in fleet.models] == ["rent-conversion", "other"]
    assert fleet.name == "kamado-fleet"


def test_a_folder_of_specs_stands_for_all_in_it_and_every_wrong_one_is_named(good, specs, outcome):
    """Nothing of a run starts with a bad spec among good ones."""
    several = replace(good, spec="", specs=str(specs))
    outcome(problems(several, SpecError))
    assert problems(several, SpecError) == [
        (f"{specs}/b: reject_budget", "spec-value"),
        (f"{specs}/c", "specs-same-model"),
    ]


@pytest.mark.parametrize("empty", ["", " ", ",", "\n"])
def test_a_list_without_a_model_is_refused(good, empty):
    assert problems(replace(good, spec="", specs=empty), UsageError) == [("SPECS", "specs-empty")]


def test_one_spec_twice_is_refused(good, specs):
    assert problems(replace(good, spec="", specs=f"{specs}/a {specs}/a"), SpecError) == [
        (f"{specs}/a", "specs-same-model")
    ]


def test_a_model_with_the_name_of_several_models_is_refused(good, specs):
    (specs / "a" / "spec.yaml").write_text(GOOD.replace("rent-conversion", "fleet"))
    assert problems(good, SpecError) == [(f"{specs}/a", "model-reserved")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"image": "kamado/steps:1"}, [("STEPS_IMAGE", "image-without-digest")]),
        ({"image": ""}, [("STEPS_IMAGE", "image-without-digest")]),
        ({"base": ""}, [("BASE_IMAGE", "base-without-digest")]),
        ({"base": "registry.example/server:latest"}, [("BASE_IMAGE", "base-without-digest")]),
        ({"destination": "oci:out/images"}, [("TO", "destination-pod")]),
        ({"destination": ""}, [("TO", "destination-missing")]),
        ({"destination": "ecr://1.EU/kamado"}, [("TO=ecr://1.EU/kamado", "store-unknown")]),
        ({"champion": "registry://"}, [("CHAMPION=registry://", "store-unknown")]),
        ({"champion": "out/bundle"}, [("CHAMPION", "champion-missing")]),
        ({"bigquery": ""}, [("BIGQUERY and DATA", "data-missing")]),
        ({"data": "/data"}, [("BIGQUERY and DATA", "data-twice")]),
        ({"bigquery": "", "data": "data"}, [("DATA", "data-missing")]),
        ({"bigquery": "", "data": "/data/*"}, [("DATA=/data/*", "path-pattern")]),
        ({"bigquery": "project"}, [("BIGQUERY", "source-unknown")]),
        ({"specs": "specs"}, [("SPEC and SPECS", "specs-twice")]),
        ({"specs": ""}, [("SPEC and SPECS", "specs-twice")]),
    ],
    ids=str,
)
def test_what_no_cluster_could_run_is_refused(good, changes, expected):
    assert problems(replace(good, **changes), UsageError)[: len(expected)] == expected


def test_a_spec_may_name_the_project_of_its_tables_itself(good, specs):
    without = replace(good, bigquery="")
    assert problems(without, UsageError) == [("BIGQUERY and DATA", "data-missing")]
    (specs / "a" / "spec.yaml").write_text(GOOD.replace("source: {", "source: {bigquery: my-project.logs@EU, "))
    assert read_pipeline_settings(without).source == "bigquery:my-project.logs@EU"
    assert read_pipeline_settings(good).source == f"bigquery:{good.bigquery}"
    assert read_pipeline_settings(replace(without, data="/data")).source == "duckdb:/data"


def test_of_several_models_those_without_a_project_are_named(good, specs):
    (specs / "b" / "spec.yaml").write_text(GOOD.replace("rent-conversion", "other"))
    (specs / "c" / "spec.yaml").write_text(GOOD.replace("rent-conversion", "third"))
    with pytest.raises(UsageError) as refusal:
        read_pipeline_settings(replace(good, bigquery="", spec="", specs=str(specs)))
    assert "are both missing for rent-conversion, other, third" in str(refusal.value)


def test_the_problems_of_all_files_come_with_those_of_the_arguments(good, specs, tmp_path):
    (tmp_path / "cluster.yaml").write_text("ttl_days: 0\n")
    wrong = replace(good, spec=str(specs / "b"), cluster=str(tmp_path / "cluster.yaml"))
    assert problems(replace(wrong, destination=""), UsageError) == [
        ("TO", "destination-missing"),
        (f"{tmp_path}/cluster.yaml:1 ttl_days", "cluster-value"),
        ("reject_budget", "spec-value"),
    ]
    assert [code for _, code in problems(wrong, ClusterError)] == ["cluster-value", "spec-value"]


def test_a_notification_of_the_cluster_is_compiled_in(good, tmp_path):
    (tmp_path / "cluster.yaml").write_text("notification: {webhook: {secret: chat, key: address}}\n")
    settings = read_pipeline_settings(replace(good, cluster=str(tmp_path / "cluster.yaml")))
    assert settings.notify
    assert not settings.without_kubernetes().notify
