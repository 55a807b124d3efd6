"""The prediction log of a running server."""

import json
import re
import signal
import threading

import numpy as np
import pyarrow.parquet as pq
import pytest
import requests

from serving.exchange import Request
from serving.log_keys import LogKeys, keys_of_headers
from serving.prediction_log.columns import TABLE
from serving.prediction_log.log import PredictionLog
from serving.prediction_log.parquet.column import DOUBLE, INT64, TEXT, TIME
from serving.server import main
from tests.serving.process import ROOT, running

PAGE = (ROOT / "docs" / "prediction-log.md").read_text("utf-8")
KEYS = {"request": "r-81", "list": "tokyo", "items": ["a17", "東京"], "positions": [1, 2]}


def ask(url, row):
    """One row with and without keys, a batch with, without and with some; the rows that the log must have."""
    headers = {"x-request-id": "own", "kamado-list": "l1", "kamado-item": "東京".encode(), "kamado-position": "7"}
    batch = {"columns": {name: [value, value] for name, value in row.items()}}
    single = requests.post(url + "/predict", json=row, headers=headers, timeout=30)
    other = requests.post(url + "/predict", json=row, headers={"kamado-position": "first"}, timeout=30)
    many = requests.post(url + "/predict:batch", json={**batch, "log": KEYS}, timeout=30)
    plain = requests.post(url + "/predict:batch", json=batch, timeout=30)
    mixed = {"json": {**batch, "log": {"positions": [8, 9]}}, "headers": {"kamado-list": "l2"}}
    half = requests.post(url + "/predict:batch", **mixed, timeout=30)
    assert requests.post(url + "/predict", json={}, timeout=30).status_code == 422
    score = single.json()["probability"]
    return [
        ("own", 0, "l1", "東京", 7, score),
        (other.headers["x-request-id"], 0, None, None, None, score),
        ("r-81", 0, "tokyo", "a17", 1, score),
        ("r-81", 1, "tokyo", "東京", 2, score),
        (plain.headers["x-request-id"], 0, None, None, None, score),
        (plain.headers["x-request-id"], 1, None, None, None, score),
        (half.headers["x-request-id"], 0, "l2", None, 8, score),
        (half.headers["x-request-id"], 1, "l2", None, 9, score),
    ], many.json()


def columns(lines):
    names = ("request", "row", "list", "item", "position", "probability")
    return [tuple(line[name] for name in names) for line in lines]


def test_lines_on_standard_output(bundle, row):
    with running(bundle, KAMADO_PREDICTION_LOG="stdout") as server:
        expected, answer = ask(server.url, row)
        text = requests.get(server.url + "/metrics", timeout=30).text
        server.process.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in server.process.stdout if line.startswith("{")]
    assert columns(lines) == expected
    assert {(line["log"], line["model"], line["digest"]) for line in lines} == {
        ("prediction", answer["model"], answer["digest"])
    }
    assert list(lines[0])[1:] == [described.column.name for described in TABLE]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", lines[0]["time"])
    assert "kamado_prediction_log_rows_total 8.0" in text
    assert "kamado_prediction_log_dropped_total 0.0" in text


def test_a_stop_completes_the_open_file(bundle, row, tmp_path):
    with running(bundle, KAMADO_PREDICTION_LOG=str(tmp_path / "log")) as server:
        expected, _ = ask(server.url, row)
        assert [*(tmp_path / "log").iterdir()] == []
        assert server.stop() == 0
    (path,) = (tmp_path / "log").iterdir()
    assert re.fullmatch(r"predictions-\d{8}T\d{6}Z-[0-9a-f]{8}\.parquet", path.name)
    assert columns(pq.read_table(path).to_pylist()) == expected


def test_a_folder_that_cannot_be_written_is_refused(bundle, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    settings = {"KAMADO_BUNDLE": str(bundle), "KAMADO_PREDICTION_LOG": str(tmp_path / "file" / "log")}
    assert main([], settings) == 1
    assert "[prediction-log-unwritable] KAMADO_PREDICTION_LOG: is " in capsys.readouterr().err


def test_headers_say_what_a_batch_does_not():
    headers = LogKeys.model_construct(list_id="of the header", items=["h"], positions=[1])
    keys = LogKeys.model_validate({"items": ["b"]}).or_else(headers)
    assert (keys.request, keys.list_id, keys.items, keys.positions) == (None, "of the header", ["b"], [1])
    assert LogKeys.model_validate({"list": ""}).or_else(headers).list_id == ""


@pytest.mark.parametrize("keys", [{"request": "東" * 257}, {"list": "x" * 257}, {"items": ["x" * 257]}])
def test_a_very_long_id_is_refused(problems, row, keys):
    ((where, (_, hint)),) = problems({"rows": [row], "log": keys}, "/predict:batch").items()
    assert where.startswith(f"log.{next(iter(keys))}")
    assert hint == "Send what the prediction log takes, or leave it out"


def test_a_very_long_id_in_a_header_is_left_out():
    headers = [(b"kamado-list", b"x" * 257), (b"kamado-item", b"x" * 256), (b"kamado-position", b"9" * 257)]
    keys = keys_of_headers(Request({"headers": headers}, b""), rows=1)
    assert (keys.list_id, keys.items, keys.positions) == (None, ["x" * 256], None)


class Stuck:
    """A sink that takes nothing until it is let go."""

    def __init__(self):
        self.lost = 0
        self.began, self.leave = threading.Event(), threading.Event()

    def write(self, scored):
        if scored:
            self.began.set()
            self.leave.wait(30)

    def close(self):
        pass


def test_a_stuck_sink_drops_rows_and_lets_nobody_wait():
    sink = Stuck()
    log = PredictionLog(sink, limit=10)
    log.append("r", np.zeros(10), LogKeys())
    assert sink.began.wait(30)
    for _ in range(4):
        log.append("r", np.zeros(4), LogKeys(items=["a"] * 4))
    rows, dropped = [family.samples[0].value for family in log.collect()]
    assert (rows, dropped) == (26, 8)
    sink.leave.set()
    log.close()


def test_every_column_is_listed():
    names = {id(INT64): "integer", id(TEXT): "text", id(DOUBLE): "number", id(TIME): "time"}
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \| (yes|no) \| (.*) \|$", PAGE, re.MULTILINE)
    assert listed == [
        (column.name, names[id(column.type)], "yes" if column.is_optional else "no", description)
        for column, description in TABLE
    ]


@pytest.mark.parametrize("metric", ["rows", "dropped"])
def test_every_metric_is_listed(metric):
    assert f"| `kamado_prediction_log_{metric}_total` |" in PAGE
