"""The log: what a line has, and that no value of a row ever gets into one."""

import json
import logging
import signal
import threading

import pytest
import requests

from serving.background import BackgroundWriter
from serving.log import FIELDS, ServerLog
from serving.request_id import request_id, trace
from serving.server import main
from tests.serving.process import running

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture(scope="module")
def logged(bundle, row):
    """The lines of a server that was asked six times, by event; and the answers."""
    with running(bundle, KAMADO_LOG="requests", KAMADO_MAX_BYTES="2000") as server:
        url = json.loads(server.line)["message"].split()[0]
        own = {"x-request-id": "order-7", "traceparent": TRACEPARENT}
        answers = [
            requests.post(url + "/predict", json=row, headers=own, timeout=30),
            requests.post(url + "/predict", json={**row, "rent": "secret-value"}, timeout=30),
            requests.post(url + "/predict", data=b"x" * 3000, timeout=30),
            requests.get(url + "/secret-path", timeout=30),
            requests.get(url + "/healthz", timeout=30),
            requests.post(url + "/v2/models/rent-conversion/infer", json={}, timeout=30),
        ]
        server.process.send_signal(signal.SIGTERM)
        text = server.line + server.process.stdout.read()
        assert server.process.wait(30) == 0
    return [json.loads(line) for line in text.splitlines()], answers


def of_event(lines, event):
    return [line for line in lines if line["event"] == event]


def test_a_start_and_a_stop_are_a_line_each(logged, predictor):
    lines, _ = logged
    events = [line["event"] for line in lines if line["event"] != "request"]
    assert events == ["started", "stopping", "stopped"]
    assert lines[0]["event"] == "started"
    assert all(line["model"] == "rent-conversion" and line["digest"] == predictor.digest for line in lines)
    assert all(line.keys() <= FIELDS.keys() for line in lines)


def test_a_request_is_a_line_with_its_id_trace_and_phases(logged):
    lines, answers = logged
    scored, refused, _, unknown, inference = of_event(lines, "request")
    assert (scored["request_id"], scored["trace_id"], scored["span_id"]) == ("order-7", TRACE, SPAN)
    assert answers[0].headers["x-request-id"] == "order-7"
    assert (scored["route"], scored["status"]) == ("/predict", 200)
    assert set(scored["phases"]) == {"queue", "validate", "score", "serialise"}
    assert 0 < sum(scored["phases"].values()) < scored["seconds"]
    assert "phases" not in refused
    assert (unknown["route"], unknown["status"]) == ("other", 404)
    assert (inference["route"], inference["status"]) == ("/v2/models/rent-conversion/infer", 400)


def test_every_answer_has_an_id_which_the_log_has_too(logged):
    lines, answers = logged
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 6
    assert [line["request_id"] for line in of_event(lines, "request")] == [*ids[:4], ids[5]]
    assert [line["status"] for line in of_event(lines, "request")] == [200, 422, 413, 404, 400]


def test_no_line_has_a_value_or_a_path_of_a_caller(logged):
    assert "secret" not in json.dumps(logged[0])


def test_a_refused_start_is_one_line_with_every_problem(capfd):
    assert main([], {"KAMADO_LOG": "json", "KAMADO_PORT": "x"}) == 1
    out, err = capfd.readouterr()
    line = json.loads(out)
    assert err == ""
    assert (line["event"], line["level"]) == ("refused", "error")
    assert [problem["where"] for problem in line["problems"]] == ["KAMADO_BUNDLE", "KAMADO_PORT"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_failure_has_its_type_and_place_but_not_its_message(capfd, form):
    log = ServerLog(form)
    try:
        float("secret-value")
    except ValueError as error:
        log.emit(
            logging.LogRecord(
                "uvicorn.error", logging.ERROR, "", 0, "failed", (), (ValueError, error, error.__traceback__)
            )
        )
    text = "".join(capfd.readouterr())
    assert "ValueError" in text
    assert "test_log.py" in text
    assert "secret-value" not in text
    assert form == "text" or json.loads(text).keys() <= FIELDS.keys()


@pytest.mark.parametrize("sent", [b"", b"with space", b"x" * 129, b"\xff", b'"\n"'])
def test_an_id_that_no_log_should_hold_is_replaced(sent):
    replacement = request_id([(b"x-request-id", sent)])
    assert replacement != sent
    assert replacement != request_id([])


@pytest.mark.parametrize(
    "sent",
    [
        "",
        TRACEPARENT.replace(TRACE, "0" * 32),
        TRACEPARENT.upper(),
        f"01{TRACEPARENT[2:]}",
        f"{TRACEPARENT}-1",
    ],
)
def test_a_trace_context_that_is_not_one_is_left_out(sent):
    assert trace([(b"traceparent", sent.encode())]) is None


def test_what_a_writer_cannot_take_is_dropped_and_counted():
    written = []
    writer = BackgroundWriter(written.extend, limit=3, name="test")
    writer.append("a", 1)
    writer.append("b", 4)
    writer.append("c", 1)
    writer.close()
    assert (written, writer.dropped) == (["a", "c"], 4)


def test_a_writer_that_is_stuck_keeps_neither_the_caller_nor_the_end_waiting():
    taken, leave = threading.Event(), threading.Event()

    def write(items):
        if items:
            taken.set()
            leave.wait(30)

    writer = BackgroundWriter(write, limit=2, name="test")
    writer.append("a")
    assert taken.wait(30)
    for item in "bcde":
        writer.append(item)
    assert writer.dropped == 2
    leave.set()
    writer.close()
