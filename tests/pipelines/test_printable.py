"""What files and rows say reaches a terminal without control characters."""

import json
from io import StringIO

import pytest
from rich.console import Console

from artifacts.metrics import Metrics, MetricTables
from artifacts.verdict import Bootstrap, Reason, Verdict
from model.spec.types import Spec
from pipelines.findings import Findings
from pipelines.local.events import Event
from pipelines.local.summary import Outcome
from tests.logs import SMALL

HOSTILE = "\x1b[2J\u202e[red]x[/]"
SAFE = r"\x1b[2J\u202e[red]x[/]"
LEDGER = {
    "rejected_share": 0.0, "rejected_rows": 0, "rows_in": 1, "budget": 0.05, "rules": [], "key": [],
    "equal_rows_kept": 0, "immature": 0, "warnings": [HOSTILE],
}  # fmt: skip
SPLIT = {
    "gap": 0,
    "purged": 0,
    "splits": {part: {"rows": 1, "positives": 0} for part in ("train", "calibration", "test")},
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
    text = shown(Findings(Spec.model_validate(SMALL), extracted, LEDGER, SPLIT, None))
    outcome(text.splitlines()[0])
    assert text.count(SAFE) == 3
    assert not {"\x1b", "\u202e"} & set(text)


def test_a_run_shows_reasons_and_notes_without_control_characters(tmp_path):
    reason = Reason(rule="slices", measured=1, bound="0 harmed", passed=False, message=HOSTILE)
    Verdict(
        verdict="reject", reasons=(reason,), metrics={}, bundle=f"sha256:{'a' * 64}", champion=None,
        spec_sha256="b" * 64, sql_sha256="c" * 64, test_rows_sha256="d" * 64, bootstrap=Bootstrap(seed=7, draws=1000),
    ).with_checksum().write(tmp_path)  # fmt: skip
    Metrics.of({}, MetricTables()).write(tmp_path)
    for name, value in {"ledger": LEDGER, "split": SPLIT}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    text = shown(Outcome(tmp_path, tmp_path))
    assert text.count(SAFE) == 2
    assert not {"\x1b", "\u202e"} & set(text)


def test_lines_of_a_step_stay_lines():
    event = Event.from_json(json.dumps({"step": "train", "event": "failed", "message": f"one\n{HOSTILE}"}))
    assert event.message == f"one\n{SAFE}"
