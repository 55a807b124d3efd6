"""What files and rows say reaches a terminal without control characters."""

import json
from io import StringIO

import pytest
from rich.console import Console

from model.spec.types import Spec
from pipelines.findings import Findings
from pipelines.local.events import Event
from pipelines.local.summary import Outcome
from tests.logs import ASKED

HOSTILE = "\x1b[2J\u202e[red]x[/]"
SAFE = r"\x1b[2J\u202e[red]x[/]"
LEDGER = {
    "rejected_share": 0.0, "rejected_rows": 0, "rows_in": 1, "budget": 0.05, "rules": [], "key": [],
    "equal_rows_kept": 0, "immature": 0, "warnings": [HOSTILE],
}  # fmt: skip
SPLIT = {
    "gap": 0,
    "purged": 0,
    "parts": {part: {"rows": 1, "positives": 0} for part in ("train", "calibration", "test")},
}


def shown(result) -> str:
    console = Console(file=StringIO(), width=200, force_terminal=True, color_system=None)
    result.show(console)
    return console.file.getvalue()


@pytest.mark.case("a column of a file whose name clears the screen and turns the letters round")
def test_a_check_shows_columns_and_notes_without_control_characters(outcome):
    extracted = {
        "start": None, "bytes_billed": None, "table_rows": {}, "tables": [HOSTILE], "rows": 1,
        "columns": {HOSTILE: "INT64"},
    }  # fmt: skip
    text = shown(Findings(Spec.model_validate(ASKED), extracted, LEDGER, SPLIT, None))
    outcome(text.splitlines()[0])
    assert text.count(SAFE) == 3
    assert not {"\x1b", "\u202e"} & set(text)


def test_a_run_shows_reasons_and_notes_without_control_characters(tmp_path):
    verdict = {"verdict": "reject", "reasons": [{"rule": "slices", "says": HOSTILE, "passed": False}]}
    for name, value in {"verdict": verdict, "metrics": {}, "ledger": LEDGER, "split": SPLIT}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    text = shown(Outcome(tmp_path, tmp_path))
    assert text.count(SAFE) == 2
    assert not {"\x1b", "\u202e"} & set(text)


def test_lines_of_a_step_stay_lines():
    event = Event.from_json(json.dumps({"step": "train", "event": "failed", "message": f"one\n{HOSTILE}"}))
    assert event.message == f"one\n{SAFE}"
