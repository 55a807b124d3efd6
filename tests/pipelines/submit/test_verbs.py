"""The verbs over runs of a cluster, from the command line to what the server holds. Nothing here trains a model."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from model.errors import Problem
from pipelines.submit.kubeflow.client import KubeflowClient
from pipelines.submit.kubeflow.service import KubeflowService
from pipelines.submit.kubeflow.settings import KubeflowSettings
from pipelines.submit.package import CompiledPipeline
from pipelines.submit.request import submit_missing
from pipelines.submit.service import Package, RunRequest, SubmitError, UnreachableError
from tests.contracts.pipeline_service import finished
from tests.graphs import BASE
from tests.model.specs import GOOD
from tests.pipelines.golden import IMAGE, STORE
from tests.pipelines.submit.tiny import compile_tiny, compile_tiny_fleet
from tests.services.kfp_server.server import kfp_server

ROOT = Path(__file__).resolve().parents[3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Its runs start and are killed at once: no step of these graphs could run here."""
    with kfp_server(tmp_path_factory.mktemp("runs"), executes=False) as server:
        yield server


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("spec")
    (folder / "spec.yaml").write_text(GOOD)
    (folder / "training.sql").write_text("SELECT 1")
    return folder


def where(spec: Path) -> list[str]:
    return ["--spec", str(spec), "--image", IMAGE, "--base", BASE, "--to", STORE, "--bigquery", "p.logs@EU"]


@pytest.fixture
def kamado(server, spec, capsys):
    """A verb with --json: its exit code, and the value that it printed."""

    def call(verb, *words, compiles=True, **environ):
        environment = {"KFP_HOST": server.host, "KAMADO_COMMIT": COMMIT, **environ}
        code = main([verb, *(where(spec) if compiles else []), *words, "--json"], environment)
        return code, json.loads(capsys.readouterr().out)

    return call


def codes(answer) -> list[str]:
    return [problem["code"] for problem in answer["problems"]]


def test_submitting_prints_the_link_and_uploads_the_version_of_the_commit(kamado, server):
    code, answer = kamado("submit", "--end", "2026-07-01", "--experiment", "team")
    assert (code, answer["outcome"]) == (0, "submitted")
    assert answer["run"]["link"] == f"{server.host}/#/runs/details/{answer['run']['id']}"
    (run,) = [run for run in server.kubeflow.runs if run.id == answer["run"]["id"]]
    assert run.name == "rent-conversion 2026-07-01"
    assert run.parameters == {"end": "2026-07-01"}
    assert COMMIT[:12] in [version.name for version in server.kubeflow.versions]
    assert "team" in [experiment.name for experiment in server.kubeflow.experiments]


@pytest.mark.case("a submission with everything wrong")
def test_every_problem_is_reported_at_once_and_nothing_is_sent(kamado, server, outcome):
    before = len(server.kubeflow.requests)
    code, answer = kamado(
        *("submit", "--spec", "/nowhere", "--image", "steps:1", "--end", "soon", "--set", "x", "--nope"),
        KFP_HOST="",
        KAMADO_COMMIT=f"{COMMIT}-dirty",
    )
    assert code == 2
    assert {"argument-unknown", "kfp-host-missing", "commit-dirty", "end-unreadable", "image-without-digest"} <= set(
        codes(answer)
    )
    assert "parameter-unreadable" in codes(answer)
    assert len(server.kubeflow.requests) == before
    outcome(answer["message"])


def test_a_wrong_parameter_is_refused_before_anything_is_sent(kamado, server):
    before = len(server.kubeflow.requests)
    for word, problem in (("trials=3", "parameter-unknown"), ("end=1066-01-01", "end-unreadable")):
        code, answer = kamado("submit", "--set", word)
        assert (code, codes(answer)) == (2, [problem])
    assert len(server.kubeflow.requests) == before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("submit", "--target", "nope", "--end", "soon"), ["target-unknown", "end-unreadable"]),
        (("submit", "--experiment", "a\nb"), ["experiment-unreadable"]),
        (("submit", "--set", "end=1066-01-01"), ["end-unreadable"]),
        (("submit", "--set", "end=2026-07-01", "--end", "2026-07-02"), ["parameter-twice"]),
        (("submit", "--set", "champion=a", "--set", "champion=b"), ["parameter-twice"]),
        (("submit", "--specs="), ["specs-twice", "specs-empty"]),
        (("submit", "--retries", "2"), ["retries-unwatched"]),
        (("submit", "--wait", "--retries", "9"), ["argument-value"]),
        (("schedule", "--cron", "0 18 * * 1", "--backfill", "2126-01-01..2126-01-09"), ["backfill-unreadable"]),
    ],
)
def test_an_argument_that_no_run_can_have_is_refused(kamado, words, expected):
    code, answer = kamado(*words)
    assert (code, codes(answer)) == (2, expected)


@pytest.mark.case("a schedule of a spec with an end of its own")
def test_a_schedule_does_not_train_on_the_same_window_for_ever(kamado, tmp_path, outcome):
    (tmp_path / "spec.yaml").write_text(GOOD.replace("window_days: 90", "window_days: 90, end: 2026-07-01"))
    (tmp_path / "training.sql").write_text("SELECT 1")
    code, answer = kamado("schedule", "--cron", "0 18 * * 1", "--spec", str(tmp_path))
    assert (code, codes(answer)) == (2, ["schedule-end"])
    outcome(answer["message"])
    assert kamado("submit", "--spec", str(tmp_path), "--allow-dirty", KAMADO_COMMIT=f"{COMMIT}-dirty")[0] == 0


def test_changes_that_are_in_no_commit_are_marked(kamado, server):
    code, _ = kamado("submit", "--allow-dirty", KAMADO_COMMIT=f"{COMMIT}-dirty")
    assert code == 0
    assert server.kubeflow.versions[-1].name.startswith(f"{COMMIT[:12]}-dirty-")


def test_a_schedule_is_made_once_and_its_past_days_run_once(kamado, server):
    words = ("schedule", "--cron", "0 18 * * 1", "--backfill", "2026-06-01..2026-06-10")
    code, answer = kamado(*words)
    assert (code, answer["change"], answer["cron"], len(answer["runs"])) == (0, "created", "0 18 * * 1", 2)
    assert (answer["outcome"], answer["exit_code"], answer["failed"]) == ("scheduled", 0, [])
    recurring = server.kubeflow.recurring[-1]
    assert recurring.body["trigger"]["cron_schedule"]["cron"] == "0 0 18 * * 1"
    assert recurring.body["no_catchup"] is True
    assert [run.parameters for run in server.kubeflow.runs[-2:]] == [{"end": "2026-06-01"}, {"end": "2026-06-08"}]
    code, again = kamado(*words)
    assert (code, again["change"], again["id"], again["runs"]) == (0, "unchanged", answer["id"], [])
    server.kubeflow.runs[-1].state = "FAILED"
    code, third = kamado(*words)
    assert [(run["name"], run["state"]) for run in third["failed"]] == [("rent-conversion 2026-06-08", "failed")]
    code, other = kamado("schedule", "--cron", "0 6 * * *", "--catch-up")
    assert (code, other["change"]) == (0, "replaced")
    assert [item.body["no_catchup"] for item in server.kubeflow.recurring] == [False]


def test_a_backfill_that_stops_names_the_day_it_ended_at_and_those_that_it_did_not_start():
    """Those before it go on."""

    class Service:
        def __init__(self):
            self.submitted = []

        def runs(self, pipeline, newest):
            return ()

        def submit(self, request):
            if self.submitted:
                raise UnreachableError(Problem("host", "answered 503", "Wait", "kfp-unavailable"))
            self.submitted.append(request.name)

    requests = [RunRequest(Package("kamado-tiny", "1", ""), f"tiny 2026-06-0{day}", "tiny") for day in (1, 2, 3)]
    with pytest.raises(SubmitError) as error:
        submit_missing(Service(), requests)
    assert [problem.code for problem in error.value.problems] == ["kfp-unavailable", "backfill-stopped"]
    assert error.value.problems[1].problem == "ended at tiny 2026-06-02, before tiny 2026-06-03"


def test_a_run_has_an_id(kamado):
    assert [codes(kamado(verb, "", compiles=False)[1]) for verb in ("retry", "stop")] == [["argument-value"]] * 2


def test_a_schedule_without_a_time_is_refused(kamado):
    code, answer = kamado("schedule", "--backfill", "x")
    assert (code, codes(answer)) == (2, ["cron-unreadable", "backfill-unreadable"])


def test_a_schedule_with_one_window_for_all_its_runs_is_refused(kamado, server):
    before = len(server.kubeflow.requests)
    code, answer = kamado("schedule", "--cron", "0 18 * * 1", "--set", "end=2026-07-01")
    assert (code, codes(answer)) == (2, ["schedule-end"])
    assert len(server.kubeflow.requests) == before


def test_runs_are_listed(kamado, server):
    newest = kamado("submit")[1]["run"]
    code, answer = kamado("runs", "rent-conversion", "--newest", "1", compiles=False)
    assert code == 0
    assert [run["id"] for run in answer] == [newest["id"]]
    assert kamado("runs", "nobody", compiles=False) == (0, [])


def test_a_run_is_stopped(kamado, server):
    run = kamado("submit")[1]["run"]
    code, answer = kamado("stop", run["id"], compiles=False)
    assert (code, answer["run"]["id"]) == (0, run["id"])
    assert server.kubeflow.runs[-1].state in ("CANCELING", "FAILED")


def test_a_list_of_specs_that_is_empty_is_refused_before_anything_is_sent(server, capsys):
    before = len(server.kubeflow.requests)
    assert main(["submit", "--specs=", "--json"], {"KFP_HOST": server.host, "KAMADO_COMMIT": COMMIT}) == 2
    assert "specs-empty" in codes(json.loads(capsys.readouterr().out))
    assert len(server.kubeflow.requests) == before


def test_the_newest_run_of_several_models_is_listed_with_each_of_them(tmp_path, capsys):
    compiled = CompiledPipeline(compile_tiny_fleet(tmp_path, ("hold", "killed"), name="kamado-fleet"))
    package = compiled.package("fleet", COMMIT, allow_dirty=False)
    with kfp_server(tmp_path / "runs") as server:
        service = KubeflowService(KubeflowClient(KubeflowSettings(server.host)))
        run = finished(service, service.submit(RunRequest(package, "fleet", "fleet")))
        assert main(["runs", "fleet"], {"KFP_HOST": server.host}) == 0
    screen = capsys.readouterr().out
    assert "of-hold: it is hold" in screen
    assert "of-killed: no outcome, build-image failed" in screen
    assert f"make pipeline-retry RUN={run.id}" in screen


def test_a_lost_step_is_retried_and_the_exit_code_is_the_runs_own(tmp_path, capsys):
    compiled = CompiledPipeline(compile_tiny(tmp_path, "kamado-tiny"))
    package = compiled.package("tiny", COMMIT, allow_dirty=False)
    parameters = {"outcome": "hold", "marker": str(tmp_path / "marker")}
    with kfp_server(tmp_path / "runs") as server:
        service = KubeflowService(KubeflowClient(KubeflowSettings(server.host)))
        run = finished(service, service.submit(RunRequest(package, "tiny", "tiny", parameters)))
        assert run.state == "failed"
        (tmp_path / "marker").unlink()  # it fails once more, and is retried by itself
        code = main(["retry", run.id, "--wait", "--json"], {"KFP_HOST": server.host})
    answer = json.loads(capsys.readouterr().out)
    assert (code, answer["run"]["retries"], answer["models"][0]["outcome"]) == (3, 2, "hold")


def test_an_interrupt_stops_the_watching_and_not_the_run(server, spec):
    command = [sys.executable, "-m", "cli", "submit", *where(spec), "--wait"]
    environ = {**os.environ, "KFP_HOST": server.host, "KAMADO_COMMIT": COMMIT}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=pipe, stderr=pipe, text=True) as process:
        link = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (130, "interrupted; a run that was started goes on\n")
    run = server.kubeflow.runs[-1]
    assert link == f"run {server.host}/#/runs/details/{run.id}\n"
    assert run.state == "PENDING"


def test_a_run_that_is_not_there_cannot_be_retried_or_stopped(kamado):
    for verb in ("retry", "stop"):
        code, answer = kamado(verb, "nope", compiles=False)
        assert (code, codes(answer)) == (1, ["kfp-not-found"])


def test_the_table_of_runs_is_for_people(server, spec, capsys):
    assert main(["runs", "rent-conversion"], {"KFP_HOST": server.host}) == 0
    assert "kamado-rent-conversion" in capsys.readouterr().out
