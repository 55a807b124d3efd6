"""Vertex AI Pipelines: the contract on the stand-in and on a live project, and what only Vertex AI refuses.

The generated client's import costs seconds, so nothing here starts a process.
"""

import json
import os
from dataclasses import replace

import pytest

from cli.main import main
from pipelines.submit.open_service import open_service
from pipelines.submit.outcome import finish
from pipelines.submit.service import ScheduleRequest, SubmitError, UnreachableError
from pipelines.submit.vertex.client import VertexClient
from pipelines.submit.vertex.service import VertexService
from pipelines.submit.vertex.settings import VertexSettings
from tests.contracts.pipeline_service import (
    COMMIT,
    LoopbackContract,
    PipelineServiceContract,
    codes,
    finished,
    refusal,
)
from tests.graphs import BASE
from tests.model.specs import GOOD
from tests.pipelines.golden import IMAGE, STORE
from tests.pipelines.submit.vertex_project import ACCOUNT, ENVIRON, tiny_steps


@pytest.fixture(scope="module")
def vertex():
    """Address and state of one stand-in."""
    from tests.services.vertex.server import vertex_server

    with vertex_server(tiny_steps, accounts=(ACCOUNT,)) as server:
        yield server


@pytest.fixture
def server(vertex):
    """The same, empty again."""
    _, state = vertex
    state.jobs.items.clear()
    state.schedules.items.clear()
    state.requests.clear()
    return vertex


def service_at(address: str, **settings) -> VertexService:
    fields = {"project": "kamado-test", "location": "europe-west1", "root": "gs://kamado-test/runs", "token": "right"}
    return VertexService(VertexClient(VertexSettings(endpoint=address, **{**fields, **settings})))


@pytest.fixture(scope="module")
def service(vertex):
    return service_at(vertex[0])


class TestLoopback(LoopbackContract):
    unreachable, service_at = "vertex-unreachable", staticmethod(service_at)

    @pytest.fixture(scope="class")
    @classmethod
    def service(cls, vertex):
        return service_at(vertex[0])


@pytest.mark.skipif(
    not {"VERTEX_PROJECT", "KAMADO_VERTEX_IMAGE"} <= os.environ.keys(),
    reason="needs VERTEX_PROJECT, a live project, and KAMADO_VERTEX_IMAGE with Python and kfp; nothing to fix",
)
class TestLive(PipelineServiceContract):
    image = os.environ.get("KAMADO_VERTEX_IMAGE", "")

    @pytest.fixture(scope="class")
    @classmethod
    def service(cls):
        return open_service("vertex", os.environ)


def test_a_job_says_where_it_writes_who_it_runs_as_and_what_it_is_of(server, request_):
    address, state = server
    run = service_at(address, service_account=ACCOUNT).submit(request_)
    (job,) = state.jobs.items.values()
    assert (job.id, job.message.display_name) == (run.id, "tiny")
    assert job.message.runtime_config.gcs_output_directory == "gs://kamado-test/runs"
    assert job.message.service_account == ACCOUNT
    labels = dict(job.message.labels)
    assert len(labels.pop("kamado_content")) == 32
    assert labels == {
        "kamado_model": "tiny",
        "kamado_commit": COMMIT,
        "kamado_experiment": "tiny",
        "kamado_pipeline": "kamado-tiny",
        "kamado_version": COMMIT[:12],
    }
    assert run.link == (
        f"https://console.cloud.google.com/vertex-ai/locations/europe-west1/pipelines/runs/{run.id}?project=kamado-test"
    )


@pytest.mark.parametrize(
    ("outcome", "exit_code"), [("promote", 0), ("hold", 3), ("insufficient-data", 3), ("refused", 1), ("broken", 1)]
)
def test_the_outcome_is_that_of_the_run(service, server, request_, outcome, exit_code):
    run = finished(service, service.submit(replace(request_, parameters={"outcome": outcome})))
    assert finish(service, run).exit_code == exit_code


def test_verbs(server, tmp_path, capsys):
    """The compiled training is taken as it is; from the command line to what the service holds."""
    address, state = server
    environ = {**ENVIRON, "VERTEX_ENDPOINT": address, "VERTEX_SERVICE_ACCOUNT": ACCOUNT, "KAMADO_COMMIT": COMMIT}

    def kamado(verb, *words):
        code = main([verb, *words, "--target", "vertex", "--json"], environ)
        return code, json.loads(capsys.readouterr().out)

    (tmp_path / "spec.yaml").write_text(GOOD)
    (tmp_path / "training.sql").write_text("SELECT 1")
    (tmp_path / "cluster.yaml").write_text("service_account: of-kubernetes\n")
    words = ["--spec", str(tmp_path), "--image", IMAGE, "--base", BASE, "--to", STORE, "--bigquery", "p.logs@EU"]
    code, answer = kamado(
        "submit", *words, "--cluster", str(tmp_path / "cluster.yaml"), "--end", "2026-07-01", "--wait"
    )
    assert (code, answer["models"][0]["outcome"]) == (0, "promote")
    (job,) = state.jobs.items.values()
    assert job.message.service_account == ACCOUNT
    assert kamado("runs", "rent-conversion")[1][0]["id"] == job.id
    code, answer = kamado("stop", job.id)
    assert (code, answer["problems"][0]["code"]) == (1, "run-state")
    secret = "{secret: chat, key: address}"
    lost = f"secrets: {{KAMADO_SIGNING_KEY: {secret}}}\nnotification: {{webhook: {secret}}}\n"
    (tmp_path / "lost.yaml").write_text(lost)
    requests = len(state.requests)
    code, answer = kamado("submit", *words, "--cluster", str(tmp_path / "lost.yaml"))
    assert (code, [problem["code"] for problem in answer["problems"]]) == (2, ["vertex-cluster"] * 2)
    assert "secrets.KAMADO_SIGNING_KEY" in answer["problems"][0]["where"]
    assert len(state.requests) == requests
    code, answer = kamado("schedule", *words, "--cron", "0 18 * * *")
    assert (code, answer["change"], len(state.schedules.items)) == (0, "created", 1)


def test_every_wrong_parameter_is_refused_before_anything_is_sent(service, server, request_):
    wrong = replace(request_, parameters={"nope": 1, "wait": "5", "outcome": 1.0})
    assert refusal(service, wrong) == ["parameter-unknown", "parameter-type", "parameter-type"]
    assert server[1].requests == []


def test_a_package_with_settings_of_kubernetes_is_refused(service, server, request_):
    both = replace(request_.package, text=request_.package.text + "\n---\nplatforms: {}\n")
    assert refusal(service, replace(request_, package=both)) == ["vertex-document"]
    assert server[1].requests == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"token": "expired"}, "vertex-unauthorized"),
        ({"project": "of-others"}, "vertex-forbidden"),
        ({"service_account": "of@others.iam.gserviceaccount.com"}, "vertex-forbidden"),
        ({"location": "us-central1"}, "vertex-not-found"),
        ({"root": "s3://bucket"}, "vertex-refused"),
    ],
)
def test_a_refused_call_leaves_nothing(server, request_, settings, expected):
    address, state = server
    assert refusal(service_at(address, **settings), request_) == [expected]
    assert not state.jobs.items


def test_a_service_that_is_away(server, service, request_):
    _, state = server
    state.away = True
    try:
        with pytest.raises(UnreachableError) as error:
            service.submit(request_)
    finally:
        state.away = False
    assert codes(error) == ["vertex-unavailable"]


def test_no_credentials_at_all(server, request_, tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    assert refusal(service_at(server[0], token=""), request_) == ["vertex-unauthorized"]


def test_ids_of_no_run(service, server):
    for identifier in ('x" OR "', "../jobs", "kamado-tiny-1"):
        with pytest.raises(SubmitError) as error:
            service.run(identifier)
        assert codes(error) == ["vertex-not-found"]


def test_a_run_is_retried_by_another_job_that_asks_for_the_same(service, server, request_):
    run = finished(service, service.submit(replace(request_, parameters={"outcome": "broken"})))
    for number in (1, 2):
        service.retry(run.id)
        run = finished(service, service.run(run.id))
        assert (run.state, run.retries) == ("failed", number)
    first, _, last = (job.message for job in server[1].jobs.items.values())
    assert last.name == f"{first.name}-retry-2"
    assert (last.pipeline_spec, last.runtime_config) == (first.pipeline_spec, first.runtime_config)
    assert last.labels["kamado_retry_of"] == run.id
    assert service.run(f"{run.id}-retry-2") == run
    assert [(latest.id, latest.retries, latest.state) for latest in service.runs("kamado-tiny", 5)] == [
        (run.id, 2, "failed")
    ]


def test_lists_of_more_than_a_page(service, server, request_):
    run, (_, state) = service.submit(request_), server
    ids = [run.id, *(copy_job(state, run.id, f"{run.id}-{number}") for number in range(102))]
    assert [run.id for run in service.runs("kamado-tiny", 200)] == ids[::-1]


def copy_job(state, identifier: str, other: str) -> str:
    """Another job of the stand-in; its id."""
    job = state.jobs.items[identifier]
    message = type(job.message)()
    message.CopyFrom(job.message)
    message.name = job.message.name.replace(identifier, other)
    state.jobs.items[other] = replace(job, message=message)
    return other


def test_a_job_with_the_id_of_a_retry_is_left_alone(service, server, request_):
    run = finished(service, service.submit(replace(request_, parameters={"outcome": "broken"})))
    refused = server[1].jobs.create

    def create(query, document):  # between the look and the call another person retries
        copy_job(server[1], run.id, f"{run.id}-retry-1")
        return refused(query, document)

    server[1].jobs.create = create
    try:
        with pytest.raises(SubmitError) as error:
            service.retry(run.id)
    finally:
        server[1].jobs.create = refused
    assert codes(error) == ["vertex-conflict"]
    assert len(server[1].jobs.items) == 2


def test_a_schedule_that_was_paused_runs_again(service, server, request_):
    request = ScheduleRequest("nightly", "0 18 * * *", request_)
    first = service.schedule(request)
    schedule = server[1].schedules.items[first.id]
    assert (schedule.cron, schedule.max_concurrent_run_count, schedule.allow_queueing) == (
        "TZ=UTC 0 18 * * *",
        1,
        False,
    )
    assert schedule.create_pipeline_job_request.pipeline_job.labels["kamado_model"] == "tiny"
    schedule.state = 2
    assert (service.schedule(request).change, schedule.state) == ("replaced", 1)
    assert first.link.endswith(f"/pipelines/schedules/{first.id}?project=kamado-test")


def test_a_schedule_of_others_with_the_same_name_is_left_alone(service, server, request_):
    first = service.schedule(ScheduleRequest("nightly", "0 18 * * *", request_))
    theirs = server[1].schedules.items[first.id]
    theirs.create_pipeline_job_request.pipeline_job.labels.clear()
    assert service.schedule(ScheduleRequest("nightly", "0 6 * * *", request_)).change == "created"
    assert theirs.cron == "TZ=UTC 0 18 * * *"


def test_tasks_of_a_loop_have_the_names_of_those_they_are_in():
    from google.cloud import aiplatform_v1 as v1

    from pipelines.submit.vertex.run import outputs_of

    tasks = {name: {} for name in ("for-loop-1", "build-image")}
    job = v1.PipelineJob(pipeline_spec={"root": {"dag": {"tasks": tasks}}})
    details = v1.PipelineJob.pb(job).job_detail.task_details
    for number, (parent, name) in enumerate(
        [(0, "the-run"), (1, "for-loop-1"), (2, "build-image"), (2, "build-image"), (2, "unknown")], start=1
    ):
        detail = details.add(task_id=number, parent_task_id=parent, task_name=name, state="SUCCEEDED")
        detail.execution.metadata.update({"output:number": number, "input:number": 0})
    assert outputs_of(job).parameters == {
        "for-loop-1": {"number": "2"},
        "for-loop-1/build-image-0": {"number": "3"},
        "for-loop-1/build-image-1": {"number": "4"},
    }


def test_a_step_of_several_models_that_gets_its_model_s_name_is_told_with_it():
    from google.cloud import aiplatform_v1 as v1

    from pipelines.submit.vertex.run import run_of

    items = {"raw": json.dumps([{"model": "rent"}, {"model": "sale"}])}
    loop = {"componentRef": {"name": "comp-loop"}, "parameterIterator": {"items": items}}
    steps = {"dag": {"tasks": {"build-image": {}, "train": {}}}}
    specification = {"root": {"dag": {"tasks": {"for-loop-1": loop}}}, "components": {"comp-loop": steps}}
    job = v1.PipelineJob(name="jobs/1", pipeline_spec=specification)
    details = v1.PipelineJob.pb(job).job_detail.task_details
    for number, (name, model) in enumerate([("build-image", "sale"), ("train", "")], start=1):
        detail = details.add(task_id=number, task_name=name, state="SUCCEEDED")
        detail.execution.metadata.update({"input:model": model} if model else {})
    run = run_of(job, VertexSettings.read(ENVIRON), "kamado-fleet", "1", 0)
    assert run.models == ("rent", "sale")
    assert [task.label for task in run.tasks] == ["sale build-image", "train"]
