"""`make pipeline-submit WAIT=1` from the first byte to the exit code: real trainings on the stand-in for Kubeflow.

What the steps write is in a real S3 store, and the image in a real registry.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from build.image.base.build_base import build_base
from build.image.base.wheels import CannotMake
from build.oci.credentials import DockerLogin
from build.oci.image import Image
from build.oci.publish import publish
from build.oci.registry import RegistryStore
from build.oci.registry_client import RegistryClient
from build.settings import cache_folder
from pipelines.compile import ROOT
from tests.kamado import kamado
from tests.pipelines.small_model import write_promoted
from tests.services.kfp_server.server import Server, kfp_server
from tests.services.registry import registry
from tests.services.seaweedfs import S3Store, seaweedfs

IMAGE = "localhost/python-steps@sha256:" + "0" * 64


@dataclass(frozen=True)
class Cluster:
    kubeflow: Server
    store: S3Store
    registry: RegistryStore
    host: str
    base: str

    def run_of(self, answer):
        return next(run for run in self.kubeflow.kubeflow.runs if run.id == answer["run"]["id"])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    for name in ("registry", "weed", "login"):
        (folder / name).mkdir()
    try:
        base = build_base(cache_folder(os.environ), report=lambda _: None)
    except CannotMake as reason:
        pytest.skip(f"no base can be built here: {reason}")
    with (
        registry(folder / "registry") as host,
        seaweedfs(folder / "weed") as store,
        kfp_server(folder / "runs", store.put) as kubeflow,
    ):
        login = DockerLogin(host, folder / "login")
        bases, models = (
            RegistryStore(RegistryClient(host, name, login=login), locks=folder) for name in ("base", "models")
        )
        digest = publish(bases, Image(base.config.data, base.layers), "1").digest
        yield Cluster(kubeflow, store, models, host, f"{host}/base@{digest}")


@pytest.fixture(scope="module")
def answers(cluster, tmp_path_factory):
    """Exit code, JSON and screen of two submissions that were followed to their end, at the same time."""
    spec, data = write_promoted(tmp_path_factory.mktemp("submissions"))

    def submit(*more: str):
        command = [sys.executable, "-m", "cli", "submit", f"--spec={spec}", f"--image={IMAGE}", f"--data={data}"]
        command += [f"--base={cluster.base}", f"--to=registry://{cluster.host}/models"]
        command += ["--wait", "--json", *more]
        environ = {**os.environ, "KFP_HOST": cluster.kubeflow.host, "KAMADO_COMMIT": "0" * 40}
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout), done.stderr

    submissions = {"promote": (), "refused": ("--end=2036-07-01",)}
    with ThreadPoolExecutor() as pool:
        futures = {name: pool.submit(submit, *words) for name, words in submissions.items()}
        return {name: future.result() for name, future in futures.items()}


def test_a_promoted_model_ends_with_0_and_its_image_is_in_the_registry(cluster, answers):
    code, answer, screen = answers["promote"]
    (model,) = answer["models"]
    assert (code, answer["exit_code"], answer["run"]["state"], model["outcome"]) == (0, 0, "succeeded", "promote"), (
        screen
    )
    assert cluster.registry.resolve(model["tag"]) == model["digest"]
    assert model["reference"].endswith(f"{model['tag']}@{model['digest']}")


def test_every_step_is_seen_from_its_start_to_its_end(answers):
    _, answer, screen = answers["promote"]
    steps = [
        "load-spec",
        "resolve",
        "champion",
        "extract",
        "preprocess",
        "train",
        "evaluate",
        "refit",
        "build-image",
        "conclude",
    ]
    lines = [line.split() for line in screen.splitlines()]
    assert [words[0] for words in lines if words[1:] == ["succeeded"]] == steps
    assert lines[0] == ["run", answer["run"]["link"]]


def test_what_the_steps_wrote_is_in_the_store(cluster, answers):
    run = cluster.run_of(answers["promote"][1])
    artifacts = {(task.name, name): uri for task in run.tasks for name, uri, _ in task.artifacts}
    report = next(uri for (task, name), uri in artifacts.items() if (task, name) == ("build-image", "summary"))
    assert answers["promote"][1]["models"][0]["digest"] in cluster.store.get(report).decode()
    assert any(key.endswith("/bundle/manifest.json") for key in cluster.store.keys(artifacts["train", "trained"]))


def test_a_refusal_ends_with_1_its_reason_and_no_step_that_worked(cluster, answers):
    code, answer, screen = answers["refused"]
    (model,) = answer["models"]
    assert (code, answer["run"]["state"], model["outcome"]) == (1, "failed", "refused"), screen
    assert "lies in the future" in model["reason"]
    assert [(task.name, task.state) for task in cluster.run_of(answer).tasks][-1] == ("conclude", "FAILED")


def test_a_refusal_is_not_retried(cluster, answers):
    environ = {**os.environ, "KFP_HOST": cluster.kubeflow.host}
    answer = kamado("retry", answers["refused"][1]["run"]["id"], "--json", environ=environ)
    assert (answer.code, [problem["code"] for problem in json.loads(answer.out)["problems"]]) == (1, ["run-final"])
