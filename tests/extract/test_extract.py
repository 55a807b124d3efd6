"""The step: the rows as Parquet and extract.json about them, complete or not at all."""

import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artifacts.typed_rows import TypedRows
from components.extract.sources.open import open_source
from components.step import Step
from model.errors import DataError, SpecError
from model.files import parse_json
from pipelines.compile import ROOT
from tests.extract.logs import ALL, WINDOW, data, run
from tests.logs import log, spec_of


@pytest.fixture
def source(tmp_path):
    return f"duckdb:{data(tmp_path / 'data')}"


def refusal(source, sql, out, kind=DataError, **changes):
    with pytest.raises(kind) as error:
        run(source, sql, out, **changes)
    assert not out.exists()
    assert not [path for path in out.parent.iterdir() if path.name.startswith(f".{out.name}.")]
    return str(error.value)


def test_the_rows_are_the_querys_and_extract_json_has_their_origin(tmp_path, source):
    run(source, ALL, tmp_path / "out")
    rows, page = (
        pq.read_table(tmp_path / "out" / "rows"),
        parse_json((tmp_path / "out" / "extract.json").read_bytes()),
    )
    keys = [("shown_at", "ascending"), ("position", "ascending")]
    assert rows.sort_by(keys)["rent"].equals(log().sort_by(keys)["rent"])
    assert page == {
        "backend": "duckdb",
        "bytes_billed": None,
        "columns": {name: page["columns"][name] for name in log().column_names},
        "end": "2026-07-01T00:00:00Z",
        "format": 2,
        "rows": 3000,
        "sql_sha256": spec_of(sql_text=ALL).sql_sha256,
        "losses": [],
        "start": "2026-05-02T00:00:00Z",
        "table_rows": {"impressions": 3000},
        "tables": ["impressions"],
        "query": None,
        "typed_sha256": TypedRows(spec_of(sql_text=ALL), page["columns"]).sha256,
    }


def test_the_window_bounds_the_rows_start_inclusive_and_end_exclusive(tmp_path):
    moments = ["2026-06-30T23:59:59", "2026-07-01T00:00:00", "2026-05-02T00:00:00", "2026-05-01T23:59:59"]
    table = log(lists=4).slice(0, 4)
    times = pa.array(moments).cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
    folder = data(
        tmp_path / "data", table.set_column(0, "shown_at", times).set_column(1, "list_id", pa.array(range(4)))
    )
    run(f"duckdb:{folder}", ALL, tmp_path / "out")
    assert sorted(pq.read_table(tmp_path / "out" / "rows")["list_id"].to_pylist()) == [0, 2]


def test_a_window_that_the_data_do_not_reach_is_named(tmp_path, source):
    message = refusal(source, ALL, tmp_path / "out", end="2020-02-01")
    assert "window 2019-12-03T00:00:00Z to 2020-02-01T00:00:00Z: has no rows. Set END or source.end to a day" in message


def test_a_query_without_a_window_and_without_rows_points_at_its_filters(tmp_path, source):
    sql = "SELECT l.* FROM impressions AS l WHERE l.rent < 0"
    message = refusal(source, sql, tmp_path / "out", source__window_days=None)
    assert "SQL: returns no rows. Look at its filters and at the rows of its tables" in message


def test_every_missing_column_is_named_at_once_with_its_role(tmp_path, source):
    rules = [{"name": "tax", "expression": "rent / tax", "max": 3}]
    message = refusal(
        source, f"SELECT l.shown_at, l.rent FROM impressions AS l {WINDOW}", tmp_path / "out", reject=rules
    )
    assert "9 problem(s)" in message
    for line in (
        "column inquired: (label) is not in the SQL's result. Select it, or change the spec. There: shown_at, rent",
        "column list_id: (list) is not in the SQL's result",
        "column layout: (a feature) is not in the SQL's result",
        "column tax: (in reject rule 'tax') is not in the SQL's result",
    ):
        assert line in message


def test_a_wrong_type_is_reported_with_the_missing_columns_before_any_row_is_read(tmp_path, source):
    rules = [{"name": "tax", "expression": "rent / tax", "max": 3}, {"name": "size", "expression": "area", "min": 1}]
    sql = f"SELECT l.* EXCEPT(area), [CAST(l.layout AS INT64)] AS area FROM impressions AS l {WINDOW}"
    message = refusal(source, sql, tmp_path / "out", reject=rules)
    assert "3 problem(s)" in message
    assert "[column-missing] column tax: (in reject rule 'tax') is not in the SQL's result" in message
    assert "[column-not-number] features.area: is ARRAY, not a number" in message
    assert "[column-not-number] reject rule 'size', column area: is ARRAY, not a number" in message


def test_a_failure_among_the_rows_leaves_nothing(tmp_path, source):
    sql = f"SELECT l.* EXCEPT(area), CAST(l.layout AS INT64) AS area FROM impressions AS l {WINDOW}"
    assert "cannot read as INT64" in refusal(source, sql, tmp_path / "out")


@pytest.mark.parametrize("name", ["postgres:x", "duckdb:", "bigquery:project", "data"])
def test_a_source_of_another_form_is_refused_with_the_forms(name):
    with pytest.raises(SpecError, match=r"Use duckdb:FOLDER or bigquery:PROJECT@LOCATION"):
        open_source(name, max_bytes_billed=1)


CHILD = """
import os, signal, sys
from pathlib import Path
from components.extract.extract import extract
from components.extract.window import window
from components.step import Step
from tests.logs import spec_of
source, sql, out, killed = sys.argv[1:]
def progress(*_):
    if killed == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
with Step("extract", outputs=[out]):
    spec = spec_of(sql_text=sql)
    extract(spec, source, window(spec, "2026-07-01"), Path(out), progress=progress)
"""


def child(source, out, killed=""):
    command = [sys.executable, "-c", CHILD, source, ALL, str(out), killed]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def run_step(source, out):
    with Step("extract"):
        run(source, ALL, out)


def exit_message(source, out, capsys) -> str:
    """stderr of a step that ends with exit code 1."""
    with pytest.raises(SystemExit) as ended:
        run_step(source, out)
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_what_a_step_that_was_killed_leaves_cannot_be_read_and_is_not_in_the_way_of_the_next_one(tmp_path, source):
    assert child(source, tmp_path / "out", "killed").returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "extract.json").exists()
    assert child(source, tmp_path / "out").returncode == 0
    assert pq.read_table(tmp_path / "out" / "rows").num_rows == 3000


def test_an_out_under_a_file_is_refused_without_a_traceback(tmp_path, source, capsys):
    (tmp_path / "file").write_text("x")
    for out in (tmp_path / "file" / "out", tmp_path / "file" / "deeper" / "out"):
        message = exit_message(source, out, capsys)
        assert f"{tmp_path / 'file'}" in message
        assert "cannot be written" in message
        assert "Choose another OUT" in message
        assert "Traceback" not in message


def test_an_out_that_has_rows_already_is_not_overwritten(tmp_path, source, capsys):
    run_step(source, tmp_path / "out")
    message = exit_message(source, tmp_path / "out", capsys)
    assert "out: cannot be written (Directory not empty). Choose another OUT" in message
    assert pq.read_table(tmp_path / "out" / "rows").num_rows == 3000


def test_many_rows_come_in_batches_with_progress(tmp_path):
    events = []
    folder = data(tmp_path / "data", pa.concat_tables([log()] * 80))
    run(f"duckdb:{folder}", ALL, tmp_path / "out", progress=lambda *event: events.append(event))
    assert len(events) > 1
    assert events[-1] == (240_000, 0, "240,000 rows")
