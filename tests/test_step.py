"""What a step reports of its end, and how a refusal is passed on where it is a value."""

import json

import pytest

from artifacts.refusal import Refusal
from components.step import Step
from model.errors import DataError, OutputError, Problem

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


class TestPassedOn:
    @pytest.fixture(autouse=True)
    def _pass_on(self, monkeypatch):
        monkeypatch.setenv("KAMADO_REFUSALS", "pass-on")

    def test_a_final_refusal_is_a_value_in_every_output_folder_and_nothing_else_is(self, events, tmp_path):
        outputs = [tmp_path / "rows", tmp_path / "splits"]
        with Step("extract", outputs=outputs) as step:
            (tmp_path / "rows").mkdir()
            (tmp_path / "rows" / "half.parquet").touch()
            raise DataError(PROBLEM)
        assert step.refusal == Refusal.of("extract", DataError(PROBLEM))
        assert step.refusal.as_problems() == (PROBLEM,)
        for folder in outputs:
            assert Refusal.read(folder) == step.refusal
            assert [path.name for path in folder.iterdir()] == [Refusal.FILE]
        assert [event["event"] for event in events()] == ["started", "refused"]

    def test_a_later_step_copies_it_and_does_nothing(self, events, tmp_path):
        refusal = Refusal.of("extract", DataError(PROBLEM))
        (tmp_path / "rows").mkdir()
        refusal.write(tmp_path / "rows")
        with Step("preprocess", outputs=[tmp_path / "splits"]) as step:
            step.pass_on(tmp_path / "spec", tmp_path / "rows")
            raise AssertionError("the block goes on")
        assert Refusal.read(tmp_path / "splits") == step.refusal == refusal
        assert [event["event"] for event in events()] == ["started", "passed-on"]

    def test_a_refusal_may_come_as_a_value_and_empty_is_none(self, tmp_path):
        refusal = Refusal.of("resolve", DataError(PROBLEM))
        with Step("extract", outputs=[tmp_path / "rows"]) as step:
            step.pass_on(tmp_path, value="")
            step.pass_on(tmp_path, value=refusal.dump().decode())
        assert Refusal.read(tmp_path / "rows") == refusal

    def test_an_error_of_the_outer_world_fails_the_step(self, tmp_path):
        with pytest.raises(SystemExit) as end, Step("extract", outputs=[tmp_path / "rows"]):
            raise OutputError(PROBLEM)
        assert end.value.code == 1
        assert not (tmp_path / "rows").exists()

    def test_a_full_disk_fails_the_step(self, tmp_path):
        with pytest.raises(SystemExit), Step("extract", outputs=[tmp_path / "rows"]):
            raise OSError(28, "No space left on device", "rows.parquet")

    def test_a_defect_keeps_its_traceback(self):
        with pytest.raises(ZeroDivisionError), Step("train"):
            _ = 1 / 0


def test_what_an_earlier_attempt_left_is_removed(tmp_path):
    (tmp_path / "rows" / "old").mkdir(parents=True)
    (tmp_path / "rows" / "old" / "part.parquet").touch()
    with Step("extract", outputs=[tmp_path / "rows"]):
        assert list((tmp_path / "rows").iterdir()) == []
