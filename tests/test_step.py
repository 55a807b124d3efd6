"""What a step reports of its end: all parts of every problem, as events and in its log."""

import json

import pytest

from components.step import Step
from model.errors import DataError, Problem

PROBLEM = Problem("rent", "is a text", "Cast it in the SQL", "column-not-number")
PARTS = {"where": "rent", "problem": "is a text", "hint": "Cast it in the SQL", "code": "column-not-number"}


@pytest.fixture
def events(tmp_path, monkeypatch):
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv("KAMADO_EVENTS", str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


def test_a_refusal_keeps_its_four_parts(events, capsys):
    with pytest.raises(SystemExit) as end, Step("extract"):
        raise DataError(PROBLEM)
    assert end.value.code == 1
    assert [event["event"] for event in events()] == ["started", "refused"]
    assert events()[-1]["problems"] == [PARTS]
    log, errors = capsys.readouterr()
    assert json.loads(log.splitlines()[-1].removeprefix("[extract] refused ")) == {"problems": [PARTS]}
    assert str(PROBLEM) in errors


def test_a_defect_is_a_problem_with_a_code_and_keeps_its_traceback(events):
    with pytest.raises(ZeroDivisionError), Step("train"):
        _ = 1 / 0
    (problem,) = events()[-1]["problems"]
    assert events()[-1]["event"] == "failed"
    assert (problem["where"], problem["code"]) == ("train", "step-failed")
    assert problem["problem"] == "failed with ZeroDivisionError: division by zero"


def test_a_full_disk_is_a_refusal(events):
    with pytest.raises(SystemExit), Step("preprocess"):
        raise OSError(28, "No space left on device", "rows.parquet")
    assert [problem["code"] for problem in events()[-1]["problems"]] == ["disk-full"]


def test_progress_is_a_message_with_a_count(events):
    with Step("train") as step:
        step.progress(3, 12, "best log loss 0.03")
    _, progress, finished = events()
    assert (progress["done"], progress["total"], progress["message"]) == (3, 12, "best log loss 0.03")
    assert finished == {"step": "train", "event": "finished"}
