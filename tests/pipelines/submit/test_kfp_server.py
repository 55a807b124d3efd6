"""The stand-in for Kubeflow refuses what the Go server refuses, from the unmodified client of KFP."""

import json

import kfp_server_api
import pytest
import requests
import yaml
from kfp.client import Client

from tests.pipelines.submit.tiny import compile_tiny
from tests.services.kfp_server.server import kfp_server
from tests.services.kfp_server.validate import MOST_BYTES


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with kfp_server(tmp_path_factory.mktemp("runs")) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    with pytest.warns(FutureWarning):
        return Client(host=server.host)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    compile_tiny(folder, "kamado-strict")
    return folder / "kamado-strict.yaml"


@pytest.fixture(scope="module")
def pipeline(client, file):
    return client.upload_pipeline(str(file), pipeline_name="strict")


def status(call, *args, **options) -> int:
    with pytest.raises(kfp_server_api.ApiException) as error:
        call(*args, **options)
    return error.value.status


def test_experiments_are_found_by_the_filter(client):
    first = client.create_experiment("one")
    assert client.create_experiment("two").experiment_id != first.experiment_id
    assert client.create_experiment("one").experiment_id == first.experiment_id
    assert client.get_experiment(experiment_name="two").display_name == "two"


def test_a_name_is_taken_once(client, file, pipeline):
    assert status(client.upload_pipeline, str(file), pipeline_name="strict") == 409
    client.upload_pipeline_version(str(file), "v1", pipeline_id=pipeline.pipeline_id)
    assert status(client.upload_pipeline_version, str(file), "v1", pipeline_id=pipeline.pipeline_id) == 409
    assert status(client.upload_pipeline_version, str(file), "v2", pipeline_id="nope") == 404


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schemaVersion: 2.1.0", "schemaVersion: 2.0.0"),
        ("name: kamado-strict", "name: Kamado Strict"),
        ("taskInfo:", "taskinfo:"),
        ("executorLabel: exec-conclude", "executor_lable: exec-conclude"),
        ("root:", "root: {}\nother:"),
        ("pipelineInfo:", "pipelineInfo: ["),
    ],
)
def test_a_spec_is_read_strictly(client, file, tmp_path, old, new):
    text = file.read_text()
    assert old in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(old, new))
    assert status(client.upload_pipeline, str(broken), pipeline_name="broken") == 400


def test_a_misspelt_setting_of_kubernetes_and_two_specs_are_refused(client, file, tmp_path):
    broken = tmp_path / "broken.yaml"
    for second in (
        {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-conclude": {"tolerance": []}}}}}},
        yaml.safe_load(file.read_text()),
    ):
        broken.write_text(file.read_text() + "\n---\n" + yaml.safe_dump(second))
        assert status(client.upload_pipeline, str(broken), pipeline_name="broken") == 400


def test_a_file_over_32_mib_is_refused(client, tmp_path):
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    assert status(client.upload_pipeline, str(large), pipeline_name="large") == 400


@pytest.mark.parametrize("parameters", [{"nope": 1}, {"outcome": 5}, {"wait": "5"}, {"wait": float("nan")}])
def test_parameters_are_checked(client, pipeline, parameters):
    experiment = client.create_experiment("one").experiment_id
    version = client.list_pipeline_versions(pipeline.pipeline_id).pipeline_versions[0].pipeline_version_id
    run = {"pipeline_id": pipeline.pipeline_id, "version_id": version, "params": parameters}
    assert status(client.run_pipeline, experiment, "run", **run) == 400
    del run["params"]
    assert status(client.run_pipeline, experiment, "run", **{**run, "version_id": "nope"}) == 404


@pytest.mark.parametrize("cron", ["0 18 * * *", "0 0 25 * * *", "0 61 * * * *"])
def test_cron_has_six_fields(client, pipeline, cron):
    experiment = client.create_experiment("one").experiment_id
    version = client.list_pipeline_versions(pipeline.pipeline_id).pipeline_versions[0].pipeline_version_id
    schedule = {"cron_expression": cron, "pipeline_id": pipeline.pipeline_id, "version_id": version}
    assert status(client.create_recurring_run, experiment, "nightly", **schedule) == 400


def test_unknown_fields_are_refused_at_every_depth(server, pipeline):
    for body in (
        {"nope": 1},
        {"runtime_config": {"parameters": {}, "nope": 1}},
        {"pipelineVersionReference": {"id": "x"}},
    ):
        answer = requests.post(
            f"{server.host}/apis/v2beta1/runs", data=json.dumps({"display_name": "x", **body}), timeout=10
        )
        assert answer.status_code == 400
        assert "unknown field" in answer.json()["message"]
    assert (
        requests.post(f"{server.host}/apis/v2beta1/runs", data='{"display_name": NaN}', timeout=10).status_code == 400
    )
