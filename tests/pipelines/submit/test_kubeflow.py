"""Kubeflow Pipelines: the contract on the stand-in and on a live one, and what only Kubeflow refuses."""

import io
import os
from dataclasses import replace

import pytest
from rich.console import Console

from model.errors import UsageError
from pipelines.submit.kubeflow.client import KubeflowClient
from pipelines.submit.kubeflow.run import run_of
from pipelines.submit.kubeflow.service import KubeflowService
from pipelines.submit.kubeflow.settings import KubeflowSettings
from pipelines.submit.outcome import finish, follow
from pipelines.submit.package import CompiledPipeline
from pipelines.submit.service import RunOutputs, RunRequest, SubmitError
from tests.contracts.pipeline_service import (
    COMMIT,
    LoopbackContract,
    PipelineServiceContract,
    codes,
    finished,
    nobody_listens,
    refusal,
)
from tests.pipelines.submit.tiny import compile_tiny_fleet
from tests.services.kfp_server.server import kfp_server
from tests.services.seaweedfs import S3Store


def service_at(host: str, **settings) -> KubeflowService:
    return KubeflowService(KubeflowClient(KubeflowSettings(host, **settings)))


class TestLoopback(LoopbackContract):
    """Versions up to 2.17, with ML Metadata."""

    native, unreachable, service_at = False, "kfp-unreachable", staticmethod(service_at)

    @pytest.fixture(scope="class")
    @classmethod
    def service(cls, tmp_path_factory):
        with kfp_server(tmp_path_factory.mktemp("runs"), native=cls.native) as server:
            yield service_at(server.host)


class TestLoopbackAfterMetadata(TestLoopback):
    """The line after 2.17, whose API has the outputs."""

    native = True


@pytest.mark.skipif("KFP_HOST" not in os.environ, reason="needs KFP_HOST, a live Kubeflow; nothing to fix")
class TestLive(PipelineServiceContract):
    """KAMADO_KFP_IMAGE is an image with Python and kfp, by digest, for its steps."""

    image = os.environ.get("KAMADO_KFP_IMAGE", "")

    @pytest.fixture(scope="class")
    @classmethod
    def service(cls):
        return KubeflowService(KubeflowClient(KubeflowSettings.read(os.environ)))


@pytest.fixture(scope="module")
def multi_user(tmp_path_factory):
    """Kubeflow with a login and a namespace for each team."""
    settings = {"token": "right", "cookies": "authservice_session=1", "namespaces": ("team-a",)}
    with kfp_server(tmp_path_factory.mktemp("runs"), **settings) as server:
        yield server


def nothing_was_made(server) -> bool:
    kubeflow = server.kubeflow
    return not (kubeflow.pipelines or kubeflow.versions or kubeflow.experiments or kubeflow.runs or kubeflow.recurring)


def test_an_expired_token_a_foreign_namespace_and_none_are_refused_and_nothing_is_made(multi_user, request_):
    right = service_at(multi_user.host, token="right", namespace="team-a")
    for settings, code in (
        ({"token": "expired", "namespace": "team-a"}, "kfp-unauthorized"),
        ({"cookies": "authservice_session=2", "namespace": "team-a"}, "kfp-unauthorized"),
        ({"token": "right", "namespace": "team-b"}, "kfp-forbidden"),
        ({"token": "right"}, "kfp-refused"),
    ):
        assert refusal(service_at(multi_user.host, **settings), request_) == [code]
    assert refusal(right, replace(request_, parameters={"nope": 1})) == ["kfp-refused"]
    assert not multi_user.kubeflow.runs


def test_a_token_or_cookies_let_in(multi_user, request_):
    service = service_at(multi_user.host, namespace="team-a", token="right")
    run = finished(service, service.submit(request_))
    assert run.state == "succeeded"
    by_cookies = service_at(multi_user.host, namespace="team-a", cookies="authservice_session=1")
    assert by_cookies.outputs(run.id) == service.outputs(run.id)
    assert [run.id for run in by_cookies.runs("kamado-tiny", 1)] == [run.id]


def test_the_start_of_a_run_that_is_not_answered_may_have_been_one(tmp_path, request_):
    """A gateway gave up, and the run is there: another submission would train twice."""
    with kfp_server(tmp_path, executes=False, unanswered={"POST /apis/v2beta1/runs"}) as server:
        assert refusal(service_at(server.host), request_) == ["kfp-unavailable", "run-unknown"]
        assert len(server.kubeflow.runs) == 1


def test_a_run_that_somebody_stops_is_not_retried_by_itself(tmp_path, request_):
    """Up to 2.17 it ends as FAILED, which no refusal did."""
    with kfp_server(tmp_path, executes=False) as server:
        service, lines = service_at(server.host), []
        run = service.submit(request_)
        service.stop(run.id)
        assert server.kubeflow.runs[0].state == "FAILED"
        end = follow(service, run, Console(file=io.StringIO()), retries=3, report=lines.append)
    assert (end.run.state, end.may_be_retried, lines) == ("cancelled", False, [])


def test_a_retry_that_is_not_answered_is_watched_where_it_began(tmp_path, request_):
    (marker := tmp_path / "marker").parent.mkdir(exist_ok=True)
    with kfp_server(tmp_path / "runs", unanswered={":retry"}) as server:
        service, lines = service_at(server.host), []
        run = service.submit(replace(request_, parameters={"marker": str(marker)}))
        end = follow(service, run, Console(file=io.StringIO()), retries=1, report=lines.append, sleep=lambda _: None)
        assert [request.rpartition(":")[2] for request in server.kubeflow.requests].count("retry") == 1
    assert (end.run.state, end.run.retries, end.exit_code) == ("succeeded", 1, 0)


@pytest.mark.parametrize(
    ("history", "state", "retries"),
    [
        (["RUNNING", "FAILED", "FAILED"], "failed", 0),  # older versions repeat a state
        (["RUNNING", "FAILED", "FAILED", "RUNNING", "FAILED"], "failed", 1),
        (["RUNNING", "CANCELING", "FAILED"], "cancelled", 0),
        (["RUNNING", "CANCELING"], "cancelled", 0),  # the end is not in the history yet
        (["RUNNING", "CANCELING", "FAILED", "RUNNING", "FAILED"], "failed", 1),  # retried in Kubeflow's pages
        ([], "failed", 0),
    ],
)
def test_the_state_of_a_run_and_its_retries_follow_from_its_history(history, state, retries):
    import kfp_server_api as models

    statuses = [models.V2beta1RuntimeStatus(state=name) for name in history]
    run = run_of(models.V2beta1Run(run_id="1", state="FAILED", state_history=statuses), "kamado-tiny", "http://host")
    assert (run.state, run.retries) == (state, retries)


def test_a_login_page_in_place_of_an_answer_is_an_expired_login(tmp_path, request_):
    with kfp_server(tmp_path, login_page=True) as server:
        assert refusal(service_at(server.host), request_) == ["kfp-unauthorized"]


def test_an_api_server_without_the_ui_gives_no_outputs(tmp_path, request_):
    with kfp_server(tmp_path, executes=False, metadata=False) as server:
        service = service_at(server.host)
        run = service.submit(request_)
        with pytest.raises(SubmitError) as error:
            service.outputs(run.id)
    assert codes(error) == ["kfp-no-metadata"]


@pytest.mark.parametrize("status", [404, 501])
def test_without_tasks_of_its_own_the_server_ml_metadata_is_read(tmp_path, request_, status):
    with kfp_server(tmp_path, executes=False, without_tasks=status) as server:
        service = service_at(server.host)
        run = service.submit(request_)
        assert service.outputs(run.id) == service.outputs(run.id) == RunOutputs()
        routes = [request.rpartition("/")[2] for request in server.kubeflow.requests]
    assert (routes.count("tasks"), routes.count("GetContextByTypeAndName")) == (1, 2)


def test_a_pipeline_that_kamado_did_not_make_is_left_alone(tmp_path, request_):
    with kfp_server(tmp_path) as server:
        from kfp.client import Client

        file = tmp_path / "theirs.yaml"
        file.write_text(request_.package.text)
        with pytest.warns(FutureWarning):
            client = Client(host=server.host)
        client.upload_pipeline(str(file), pipeline_name="kamado-tiny", description="of others")
        before = len(server.kubeflow.versions)
        assert refusal(service_at(server.host), request_) == ["pipeline-foreign"]
        assert (len(server.kubeflow.versions), server.kubeflow.experiments, server.kubeflow.runs) == (before, [], [])


def test_a_refused_upload_leaves_no_empty_pipeline(tmp_path, request_):
    with kfp_server(tmp_path) as server:
        text = request_.package.text.replace("schemaVersion: 2.1.0", "schemaVersion: 1")
        broken = replace(request_.package, text=text)
        assert refusal(service_at(server.host), replace(request_, package=broken)) == ["kfp-refused"]
        assert nothing_was_made(server)


def test_an_object_store_that_is_away_fails_the_step_and_says_so(tmp_path, request_):
    with nobody_listens() as address:
        away = S3Store(address)
        with kfp_server(tmp_path, away.put) as server:
            service = service_at(server.host)
            run = finished(service, service.submit(request_))
    assert run.state == "failed"
    (task,) = run.tasks
    assert task.name == "build-image"
    assert task.message.startswith("failed to upload output artifact: Could not connect to the endpoint")


@pytest.fixture(scope="module", params=[False, True], ids=["metadata", "native"])
def fleet(request, tmp_path_factory):
    """A run of three models whose third one lost its pod: the service, and the run at its end."""
    compiled = CompiledPipeline(
        compile_tiny_fleet(tmp_path_factory.mktemp("fleet"), ("promote", "hold", "killed")),
    )
    package = compiled.package("fleet", COMMIT, allow_dirty=False)
    with kfp_server(tmp_path_factory.mktemp("runs"), native=request.param) as server:
        service = service_at(server.host)
        yield service, finished(service, service.submit(RunRequest(package, "fleet", "fleet")))


def test_every_step_of_a_loop_has_its_outputs_and_its_model(fleet):
    service, run = fleet
    assert len({(artifact.task, artifact.uri) for artifact in service.outputs(run.id).artifacts}) == 2
    models = {(task.name, task.model, task.state) for task in run.tasks}
    assert models == {
        ("build-image", "of-promote", "succeeded"),
        ("build-image", "of-hold", "succeeded"),
        ("build-image", "of-killed", "failed"),
    }


def test_a_model_that_lost_its_pod_is_named_beside_what_the_others_came_to(fleet, outcome):
    service, run = fleet
    end, screen = finish(service, run), io.StringIO()
    end.show(Console(file=screen, width=200))
    outcome(screen.getvalue())
    assert [(result.model, result.outcome) for result in end.models] == [("of-hold", "hold"), ("of-promote", "promote")]
    assert [(model.model, model.step) for model in end.lost] == [("of-killed", "build-image")]
    assert (end.exit_code, end.is_final, end.may_be_retried) == (1, False, True)
    assert "  of-killed: no outcome, build-image failed (Error (exit code 1))\n" in screen.getvalue()
    assert f"make pipeline-retry RUN={run.id} goes on where it stopped\n" in screen.getvalue()


def test_every_iteration_of_a_loop_has_its_outputs(tmp_path):
    compiled = CompiledPipeline(compile_tiny_fleet(tmp_path, ("promote", "hold", "refused")))
    package = compiled.package("fleet", COMMIT, allow_dirty=False)
    with kfp_server(tmp_path / "runs") as server:
        service = service_at(server.host)
        run = finished(service, service.submit(RunRequest(package, "fleet", "fleet")))
        end = finish(service, run)
        assert len({(artifact.task, artifact.uri) for artifact in service.outputs(run.id).artifacts}) == 3
    assert sorted(result.outcome for result in end.models) == ["hold", "promote", "refused"]
    assert [task.name for task in run.tasks] == ["build-image"] * 3 + ["table"]
    assert sorted(task.model for task in run.tasks) == ["", "of-hold", "of-promote", "of-refused"]


def test_the_version_is_uploaded_once_and_has_the_tags(tmp_path, request_):
    with kfp_server(tmp_path) as server:
        service = service_at(server.host)
        for _ in range(2):
            service.stop(service.submit(replace(request_, parameters={"wait": 60.0})).id)
        (pipeline,), (version,) = server.kubeflow.pipelines, server.kubeflow.versions
        assert pipeline.description == "Made by Kamado: tiny"
        assert (version.name, version.tags) == (COMMIT[:12], {"model": "tiny", "commit": COMMIT})
        assert len(server.kubeflow.experiments) == 1


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ["kfp-host-missing"]),
        ({"KFP_HOST": "ftp://x"}, ["kfp-host-unreadable"]),
        ({"KFP_HOST": "http://"}, ["kfp-host-unreadable"]),
        ({"KFP_HOST": "http://user:word@x"}, ["kfp-host-unreadable"]),
        ({"KFP_HOST": "x:99999"}, ["kfp-host-unreadable"]),
        ({"KFP_TOKEN": "a", "KFP_COOKIES": "b"}, ["kfp-host-missing", "kfp-setting"]),
        ({"KFP_HOST": "x", "KFP_TOKEN": "a\nb"}, ["kfp-setting"]),
    ],
)
def test_settings_that_cannot_be_used(environ, expected, tmp_path):
    with pytest.raises(UsageError) as error:
        KubeflowSettings.read(environ, tmp_path)
    assert codes(error) == expected


def test_settings_of_a_person_and_of_a_pod(tmp_path):
    assert KubeflowSettings.read({"KFP_HOST": "k.example/pipeline/#/runs"}, tmp_path) == KubeflowSettings(
        "https://k.example/pipeline"
    )
    for path, text in {"kubeflow/pipelines/token": "t\n", "kubernetes.io/serviceaccount/namespace": "team-a"}.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    host = "http://ml-pipeline-ui.kubeflow"
    settings = KubeflowSettings.read({"KFP_HOST": host}, tmp_path)
    assert settings == KubeflowSettings(host, namespace="team-a", token_file=tmp_path / "kubeflow/pipelines/token")
    assert KubeflowSettings.read({"KFP_HOST": host, "KFP_COOKIES": "c"}, tmp_path).current_token == ""
    (tmp_path / "other").write_text("o")
    other = KubeflowSettings.read({"KFP_HOST": host, "KF_PIPELINES_SA_TOKEN_PATH": str(tmp_path / "other")}, tmp_path)
    assert (settings.current_token, other.current_token) == ("t", "o")


def test_a_token_that_kubernetes_renews_is_read_again(tmp_path):
    token = tmp_path / "token"
    token.write_text("old")
    with kfp_server(tmp_path / "runs", token="new") as server:
        service = service_at(server.host, token_file=token)
        with pytest.raises(SubmitError) as error:
            service.runs("kamado-tiny", 1)
        assert codes(error) == ["kfp-unauthorized"]
        token.write_text("new")
        assert service.runs("kamado-tiny", 1) == ()
