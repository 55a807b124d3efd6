"""The message at the end of a run, posted to a stand-in of a chat, with what a stand-in of Kubeflow's API tells."""

import http.server
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import kfp_server_api
import pytest

from artifacts.run_result import RunResult
from components.notify.answers import RunTask
from components.notify.kubeflow import ApiError, tasks_of
from components.notify.message import EndOfRun, message
from components.notify.notify import notify
from components.notify.webhook import WebhookError, post
from tests.services.chat import chat
from tests.services.http import serving

START = datetime(2026, 7, 1, 3, tzinfo=UTC)
RUN = "0b4b7a5e-1111"
GREEN = EndOfRun("rent-conversion", RUN, "SUCCEEDED", "", "https://kubeflow.example/pipeline/")
RED = EndOfRun("rent-conversion", RUN, "FAILED", "Task run failed", "")
LINK = f"<https://kubeflow.example/pipeline/#/runs/details/{RUN}|Open the run>"
RESULT = RunResult(model="rent-conversion", outcome="hold", reason="log loss: no better than the champion's <b>")


def task(name, minutes, **more):
    """As Kubeflow before 3 sends it, in the fields of its own client."""
    detail = kfp_server_api.V2beta1PipelineTaskDetail(
        run_id=RUN, display_name=name, start_time=START, end_time=START + timedelta(minutes=minutes), **more
    )
    return kfp_server_api.ApiClient().sanitize_for_serialization(detail)


FAILED = task("Conclude", 1, state="FAILED", error={"message": "Error (exit code 1): no image was built"})
GROUPS = [task("kamado-rent-conversion-x7k2p", 90, state="FAILED"), task("root", 88), task("train-driver", 1)]
TASKS = [*GROUPS, task("Train", 62), task("executor", 61), task("executor(0)", 61), FAILED]
OLD = {f"/apis/v2beta1/runs/{RUN}": {"run_details": {"task_details": TASKS}}}
NEW = {
    f"/apis/v2beta1/runs/{RUN}/tasks?page_size=200": {
        "tasks": [
            {
                "name": "build-image",
                "display_name": "Build the image",
                "type": "RUNTIME",
                "state": "SUCCEEDED",
                "create_time": "2026-07-01T03:00:00Z",
                "end_time": "2026-07-01T03:05:00Z",
                "outputs": {"parameters": [{"parameter_key": "result", "value": RESULT.line(), "type": "OUTPUT"}]},
            }
        ]
    }
}


@pytest.fixture
def kubeflow():
    """A server that answers a GET with the JSON under its path, in `answers`, and 404 without one."""
    answers, tokens = {}, []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            tokens.append(self.headers["Authorization"])
            body = json.dumps(answers.get(self.path, {"code": 5, "message": "not found"})).encode()
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with serving(Handler) as host:
        yield f"http://{host}", answers, tokens


@pytest.fixture
def room():
    with chat() as state:
        yield state


def text_of(state):
    (posted,) = state.posted
    return posted["blocks"][0]["text"]["text"]


def test_a_green_run_is_told_with_its_verdict_reason_time_and_link(kubeflow, room, outcome):
    address, answers, _ = kubeflow
    answers.update(NEW)
    lines = []
    notify(GREEN, address, {"KAMADO_WEBHOOK": f"{room.address}\n"}, report=lines.append)
    outcome(text_of(room))
    assert room.posted[0]["text"] == "rent-conversion: hold"
    assert text_of(room).split("\n") == [
        "*rent-conversion: hold*",
        "rent-conversion: hold, log loss: no better than the champion's &lt;b&gt;",
        "Pods: 0.1 h (Build the image 5 min)",
        LINK,
    ]
    assert lines == ["posted"]


def test_a_red_run_of_an_older_kubeflow_is_told_with_the_error_of_its_task(kubeflow, room):
    address, answers, _ = kubeflow
    answers.update(OLD)
    notify(RED, address, {"KAMADO_WEBHOOK": room.address}, report=lambda _: None)
    assert text_of(room).split("\n") == [
        "*rent-conversion: failed*",
        "Conclude: Error (exit code 1): no image was built",
        "Pods: 1.1 h (Train 62 min, Conclude 1 min)",
    ]


@pytest.mark.parametrize(
    ("state", "tasks", "word"),
    [
        ("COMPLETE", (), "succeeded"),
        ("CANCELED", (), "was stopped"),
        ("RUNNING", (RunTask(display_name="Conclude", state="FAILED"),), "failed"),
        ("RUNNING", (), "ended"),
    ],
)
def test_a_state_that_ml_metadata_has_is_told_in_words_and_one_that_is_out_of_date_is_not(state, tasks, word):
    assert message(replace(GREEN, state=state), tasks).title == f"rent-conversion: {word}"


def test_without_the_api_the_message_has_the_status_alone(room):
    lines = []
    with serving(http.server.BaseHTTPRequestHandler) as gone:
        pass
    for api in ("", f"http://{gone}"):
        notify(RED, api, {"KAMADO_WEBHOOK": room.address}, report=lines.append)
    assert [posted["blocks"][0]["text"]["text"] for posted in room.posted] == [
        "*rent-conversion: failed*\nTask run failed"
    ] * 2
    assert "the message has the status alone" in lines[1]


def test_a_message_that_cannot_be_posted_changes_nothing_about_the_run(room):
    lines = []
    room.statuses = [403]
    notify(GREEN, "", {"KAMADO_WEBHOOK": room.address}, report=lines.append)
    notify(GREEN, "", {}, report=lines.append)
    assert lines == [
        "nothing was posted: the webhook answers 403",
        "KAMADO_WEBHOOK is not set: nothing was posted",
    ]
    assert (room.posted, room.requests) == ([], 1)


def test_a_busy_webhook_is_asked_again_after_the_time_that_it_names(room):
    waits = []
    room.statuses = [429, 503]
    post(room.address, message(GREEN, ()), wait=waits.append)
    assert (len(room.posted), waits) == (1, [7.0, 7.0])


def test_a_webhook_that_stays_away_is_given_up_and_its_address_stays_secret():
    with serving(http.server.BaseHTTPRequestHandler) as gone:
        pass
    waits = []
    with pytest.raises(WebhookError, match=r"^the webhook cannot be reached \(\w+\)$"):
        post(f"http://{gone}/secret", message(GREEN, ()), wait=waits.append)
    assert len(waits) == 2


def test_the_pod_s_token_is_sent_where_there_is_one(kubeflow, tmp_path):
    address, answers, tokens = kubeflow
    answers.update(OLD)
    (tmp_path / "token").write_text("abc\n")
    tasks_of(address, RUN, {"KF_PIPELINES_SA_TOKEN_PATH": str(tmp_path / "token")})
    tasks_of(address, RUN, {"KF_PIPELINES_SA_TOKEN_PATH": str(tmp_path / "absent")})
    assert tokens == ["Bearer abc", "Bearer abc", None, None]


FLEET = replace(RED, model="2 models", models=("rent", "sale"))


def nodes(*, last=()):
    """Of two models, as Argo's: the second one lost the pod of its training."""

    def node(name, following=(), **more):
        return task(name, 2, pod_name=name, task_id=name, **more) | {
            "child_tasks": [{"pod_name": child} for child in following]
        }

    lost = {"state": "FAILED", "error": {"message": "pod deleted"}}
    return [
        node("iteration-iterations(0:0)", ["Build the image"]),
        node("Build the image", last, state="SUCCEEDED"),
        node("iteration-iterations(1:1)", ["Train"]),
        node("Train", last, **lost),
        *(node(name, state="FAILED", error={"message": "not every model"}) for name in last),
    ]


def native_tasks():
    """The same of the line after 2.17, whose tasks have their outputs."""
    loop = {"task_id": "loop", "name": "for-loop-1", "display_name": "Loop", "type": "LOOP", "state": "FAILED"}
    result = {"parameters": [{"parameter_key": "result", "value": RESULT.line().replace("rent-conversion", "rent")}]}
    steps = (
        ("build-image", "Build the image", "SUCCEEDED", "", result),
        ("train", "Train", "FAILED", "pod deleted", {}),
    )
    return [loop] + [
        {"task_id": name, "parent_task_id": "loop", "name": name, "display_name": title, "type": "RUNTIME"}
        | {"type_attributes": {"iteration_index": str(number)}, "state": state, "outputs": outputs}
        | {"state_history": [{"state": state, "error": {"code": 13, "message": error}}] if error else []}
        for number, (name, title, state, error, outputs) in enumerate(steps)
    ]


@pytest.mark.parametrize(
    ("path", "document", "first"),
    [
        ("", {"run_details": {"task_details": nodes()}}, ["came to their end: rent"]),
        (
            "/tasks?page_size=200",
            {"tasks": native_tasks()},
            ["rent: hold, log loss: no better than the champion's &lt;b&gt;"],
        ),
    ],
    ids=["2.17", "after 2.17"],
)
def test_a_lost_pod_of_one_model_is_told_with_its_model_and_with_those_that_came_to_an_end(
    kubeflow, room, outcome, path, document, first
):
    address, answers, _ = kubeflow
    answers[f"/apis/v2beta1/runs/{RUN}{path}"] = document
    notify(FLEET, address, {"KAMADO_WEBHOOK": room.address}, report=lambda _: None)
    outcome(text_of(room))
    lines = text_of(room).split("\n")
    assert [line for line in lines if not line.startswith("Pods:")] == [
        "*2 models: failed*",
        *first,
        "sale, Train: pod deleted",
        f"make pipeline-retry RUN={RUN} goes on with what was lost",
    ]


def test_a_run_of_several_models_that_came_to_its_last_step_is_not_to_be_retried(kubeflow, room):
    address, answers, _ = kubeflow
    answers[f"/apis/v2beta1/runs/{RUN}"] = {"run_details": {"task_details": nodes(last=["Conclude"])}}
    notify(FLEET, address, {"KAMADO_WEBHOOK": room.address}, report=lambda _: None)
    assert "Conclude: not every model" in text_of(room).split("\n")
    assert "pipeline-retry" not in text_of(room)


def test_every_page_of_tasks_is_read(kubeflow):
    address, answers, _ = kubeflow
    route = f"/apis/v2beta1/runs/{RUN}/tasks?page_size=200"
    answers[route] = {"tasks": [{"name": "load-spec"}], "next_page_token": "2"}
    answers[f"{route}&page_token=2"] = {"tasks": [{"name": "train"}]}
    assert [task.name for task in tasks_of(address, RUN, {})] == ["load-spec", "train"]


def test_an_answer_that_is_no_run_is_refused(kubeflow):
    address, answers, _ = kubeflow
    with pytest.raises(ApiError, match="answers 404"):
        tasks_of(address, RUN, {})
    answers[f"/apis/v2beta1/runs/{RUN}"] = {"run_details": {"task_details": "none"}}
    with pytest.raises(ApiError, match="something else than a run"):
        tasks_of(address, RUN, {})


def test_a_message_of_several_models_counts_and_is_not_longer_than_a_chat_takes(room):
    end = EndOfRun("5 models", RUN, "FAILED", "x" * 10_000 + "<!channel>", "https://ui.example")
    post(room.address, message(end, ()))
    assert text_of(room).startswith("*5 models: failed*\n")
    assert "<!channel>" not in text_of(room)
