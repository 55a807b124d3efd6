"""What files and rows say reaches a terminal without control characters."""

import json
from io import StringIO

import pytest
from rich.console import Console

from artifacts.extract import Extract, QueryCost
from artifacts.metrics import MetricsDocument, MetricTables
from artifacts.rejection_report import RejectionReport
from artifacts.split import NegativeSampling, SplitCounts, SplitCountsByName, SplitSummary
from artifacts.verdict import Bootstrap, Reason, Verdict
from model.spec.types import Spec
from pipelines.findings import Findings
from pipelines.local.events import Event
from pipelines.local.summary import RunSummary
from tests.logs import SMALL

HOSTILE = "\x1b[2J\u202e[red]x[/]"
SAFE = r"\x1b[2J\u202e[red]x[/]"
REJECTION = RejectionReport(
    rows_in=1, rejected_rows=0, rejected_share=0.0, budget=0.05, rules=(), key=(), key_is_declared=False, duplicates=0,
    duplicates_share=0.0, copies_budget=0.0, equal_rows_kept=0, immature=0, rows_kept=1, not_finite={},
    warnings=(HOSTILE,),
)  # fmt: skip
COUNTS = SplitCounts(rows=1, positives=0, lists=None, users=None, first=None, last=None)
SPLIT = SplitSummary(
    by="random", cuts=None, splits=SplitCountsByName(train=COUNTS, calibration=COUNTS, test=COUNTS), gap=0, purged=0,
    sampling=NegativeSampling(negatives_before=1, negatives_after=1, kept_negatives=1.0), cutoff="2026-07-01T00:00:00Z",
)  # fmt: skip


def shown(result) -> str:
    console = Console(file=StringIO(), width=200, force_terminal=True, color_system=None)
    result.show(console)
    return console.file.getvalue()


@pytest.mark.case("a column of a file whose name clears the screen and turns the letters round")
def test_a_check_shows_columns_and_notes_without_control_characters(outcome):
    extract = Extract(
        sql_sha256="e" * 64, start=None, end="2026-07-01T00:00:00Z", rows=1, backend="duckdb", bytes_billed=None,
        tables=(HOSTILE,), table_rows={}, losses=None, columns={HOSTILE: "INT64"},
    )  # fmt: skip
    text = shown(Findings(Spec.model_validate(SMALL), extract, REJECTION, SPLIT, 200, None))
    outcome(text.splitlines()[0])
    assert text.count(SAFE) == 3
    assert not {"\x1b", "\u202e"} & set(text)


def finished_run(folder):
    """A folder with the documents of a run that was rejected for a hostile reason."""
    reason = Reason(rule="slices", measured=1, bound="0 harmed", passed=False, message=HOSTILE)
    Verdict(
        verdict="reject", reasons=(reason,), metrics={}, bundle=f"sha256:{'a' * 64}", champion=None,
        spec_sha256="b" * 64, sql_sha256="c" * 64, test_rows_sha256="d" * 64, bootstrap=Bootstrap(seed=7, draws=1000),
    ).with_checksum().write(folder)  # fmt: skip
    MetricsDocument.of({}, MetricTables()).write(folder)
    REJECTION.write(folder)
    SPLIT.write(folder)
    return RunSummary(folder, folder)


def test_a_run_shows_reasons_and_notes_without_control_characters(tmp_path):
    text = shown(finished_run(tmp_path))
    assert text.count(SAFE) == 2
    assert not {"\x1b", "\u202e"} & set(text)


def test_a_run_on_bigquery_shows_what_its_query_cost(tmp_path):
    run = finished_run(tmp_path)
    assert run.for_programs()["query"] is None
    query = QueryCost(
        job_id="kamado-extract-1", bytes_processed=10**9, bytes_billed=2 * 10**12, usd=11.37, usd_per_tib=6.25,
        cache_hit=False, reader="storage", table=None,
    )  # fmt: skip
    Extract(
        sql_sha256="e" * 64, start=None, end="2026-07-01T00:00:00Z", rows=1, backend="bigquery",
        bytes_billed=query.bytes_billed, tables=("logs.t",), table_rows=None, losses=None, columns={}, query=query,
    ).write(tmp_path)  # fmt: skip
    billed = RunSummary(tmp_path, tmp_path)
    assert "query    2,000,000,000,000 bytes billed, about 11.37 USD; job kamado-extract-1" in shown(billed)
    assert billed.for_programs()["query"]["bytes_billed"] == query.bytes_billed


def test_lines_of_a_step_stay_lines():
    event = Event.from_json(json.dumps({"step": "train", "event": "failed", "message": f"one\n{HOSTILE}"}))
    assert event.message == f"one\n{SAFE}"
