"""What no rule can fix is refused before anything is written, in words that say what to do."""

import datetime
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest

from artifacts.typed_rows import TypedRows, row_file
from components.preprocess.preprocess import preprocess
from components.step import Step
from model.errors import DataError
from pipelines.compile import ROOT
from tests.logs import extracted, log, replaced, spec_of


def refusal(tmp_path, spec, *tables):
    with pytest.raises(DataError) as refused:
        preprocess(spec, extracted(tmp_path / "rows", spec, *tables), tmp_path / "splits", progress=lambda *_: None)
    assert not (tmp_path / "splits").exists()
    return str(refused.value)


def test_a_label_that_is_not_0_or_1_is_counted_and_shown(tmp_path):
    label = log()["inquired"].to_pylist()
    label[0], label[1], label[2] = 2, None, 7
    message = refusal(tmp_path, spec_of(), replaced(log(), "inquired", label))
    assert "columns.label inquired: is not 0 or 1 in 3 of 3,000 rows (found missing, '2', '7')" in message


def test_a_label_in_words_is_not_guessed(tmp_path):
    label = ["yes" if value else "no" for value in log()["inquired"].to_pylist()]
    message = refusal(tmp_path, spec_of(), replaced(log(), "inquired", label))
    assert "(found 'no', 'yes'). Make it 0 or 1 in the SQL" in message


def test_a_constant_label_is_refused(tmp_path):
    message = refusal(tmp_path, spec_of(), replaced(log(), "inquired", np.zeros(3000, int)))
    assert "columns.label inquired: is 0 in every row. Look at the SQL's join of outcomes" in message


def test_a_boolean_label_is_fine(tmp_path):
    label = [bool(value) for value in log()["inquired"].to_pylist()]
    rows = extracted(tmp_path / "rows", spec_of(), replaced(log(), "inquired", label))
    preprocess(spec_of(), rows, tmp_path / "splits", progress=lambda *_: None)


@pytest.mark.parametrize(
    ("positions", "problem"), [(np.ones(3000, int), "is 1 in every row"), (np.zeros(3000, int), "below 1")]
)
def test_a_position_that_tells_nothing_is_refused(tmp_path, positions, problem):
    message = refusal(tmp_path, spec_of(), replaced(log(), "position", positions))
    assert f"columns.position position: {problem}" in message or problem in message


@pytest.mark.parametrize("wrong", [1.5, "1.5", "first", None])
def test_a_position_between_two_positions_is_not_rounded(tmp_path, wrong):
    positions = log()["position"].to_pylist()
    if isinstance(wrong, str):
        positions = [str(index) for index in positions]
    positions[7] = wrong
    message = refusal(tmp_path, spec_of(), replaced(log(), "position", positions))
    assert "columns.position position: is missing, not a whole number or below 1 in some of 3,000 rows" in message


def test_every_missing_column_is_named_at_once_with_what_it_is_for(tmp_path):
    spec = spec_of(reject=[{"name": "tax", "expression": "rent / tax", "max": 3}])
    message = refusal(tmp_path, spec, log().drop_columns(["layout", "user_id"]))
    assert "3 problem(s)" in message
    assert "column layout: (a feature) is not in the SQL's result" in message
    assert "column user_id: (user) is not in the SQL's result" in message
    assert "column tax: (in reject rule 'tax') is not in the SQL's result" in message


def test_a_column_that_knows_the_answer_is_refused(tmp_path):
    label = log()["inquired"].to_numpy()
    leak = label * 3.0 + np.random.default_rng(1).uniform(size=3000)
    spec = spec_of(features={"rent": {"kind": "number"}, "area": {"kind": "number"}})
    message = refusal(tmp_path, spec, replaced(log(), "area", leak))
    assert "features.area: predicts inquired almost alone (AUC 0.99" in message
    assert "say why in its leak_waiver" in message


def test_a_waived_leak_is_a_warning_with_its_reason(tmp_path):
    leak = log()["inquired"].to_numpy() * 3.0 + np.random.default_rng(1).uniform(size=3000)
    area = {"kind": "number", "leak_waiver": "printed on the page before it is shown"}
    spec = spec_of(features={"rent": {"kind": "number"}, "area": area})
    rows = extracted(tmp_path / "rows", spec, replaced(log(), "area", leak))
    preprocess(spec, rows, tmp_path / "splits", progress=lambda *_: None)
    rejections = (tmp_path / "splits" / "rejections.json").read_text()
    assert "features.area alone has AUC 0.99" in rejections
    assert "waived: printed on the page before it is shown" in rejections


def test_an_id_that_grows_with_time_is_refused(tmp_path):
    message = refusal(tmp_path, spec_of(), replaced(log(), "area", np.arange(3000.0) + 40_000))
    assert "features.area: grows with shown_at: it is an id or a clock" in message


def test_rows_all_too_young_are_refused(tmp_path):
    spec = spec_of(source={"window_days": 60, "conversion_days": 90, "end": "2026-07-01"})
    message = refusal(tmp_path, spec, log())
    assert "source.conversion_days 90: leaves none of 3,000 rows: all are younger" in message


def test_a_truncated_file_is_refused(tmp_path):
    rows = extracted(tmp_path / "rows", spec_of(), log())
    file = rows / "rows" / "part-00000.parquet"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"rows of extract: cannot be read to its end.*Run extract again"):
        preprocess(spec_of(), rows, tmp_path / "splits", progress=lambda *_: None)


def test_killed_in_the_middle_its_parts_are_gone_when_the_step_is_tried_again(tmp_path):
    table = pa.concat_tables([log(lists=20_000, seed=seed) for seed in range(4)])
    rows = extracted(tmp_path / "rows", spec_of(), table)
    code = (
        "import sys; from pathlib import Path; from components.preprocess.preprocess import preprocess\n"
        "from tests.logs import spec_of\n"
        "preprocess(spec_of(), Path(sys.argv[1]), Path(sys.argv[2]), progress=lambda *a: print(a, flush=True))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, rows, tmp_path / "splits"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with child:
        child.stdout.readline()
        time.sleep(0.05)
        child.kill()
    (tmp_path / "splits" / "half.parquet").touch()
    with Step("preprocess", outputs=[tmp_path / "splits"]) as step:
        preprocess(spec_of(), rows, tmp_path / "splits", progress=step.progress)
    assert (tmp_path / "splits" / "test.parquet").exists()
    assert not (tmp_path / "splits" / "half.parquet").exists()


def test_rows_that_were_lost_since_extract_are_noticed(tmp_path):
    rows = extracted(tmp_path / "rows", spec_of(), log())
    row_file(extracted(tmp_path / "half", spec_of(), log().slice(0, 1500))).replace(row_file(rows))
    with pytest.raises(DataError, match=r"rows of extract: hold 1,500 rows, extract wrote 3,000\. Run extract again"):
        preprocess(spec_of(), rows, tmp_path / "splits", progress=lambda *_: None)


def test_more_rules_than_a_row_can_break_are_refused(tmp_path):
    rules = [{"name": f"rule {number}", "expression": "rent", "min": number} for number in range(64)]
    message = refusal(tmp_path, spec_of(reject=rules), log())
    assert "reject rules: are 64" in message
    assert "Together they may be 63" in message


def test_a_column_of_random_lists_that_is_text_is_refused(tmp_path):
    message = refusal(tmp_path, spec_of(columns__explore="how"), replaced(log(), "how", ["random"] * 3000))
    assert "column how: (explore) is STRING, not 0 or 1" in message


@pytest.mark.case("a feature that is infinite for all but the conversions")
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, None], ids=str)
def test_a_number_that_is_not_finite_leaks_as_a_missing_one_does(tmp_path, outcome, value):
    area = [50.0 + index % 7 if converted else value for index, converted in enumerate(log()["inquired"].to_pylist())]
    message = refusal(tmp_path, spec_of(), replaced(log(), "area", pa.array(area, pa.float64())))
    outcome(message.splitlines()[1].strip())
    assert "features.area: predicts inquired almost alone (AUC 1.000)" in message


@pytest.mark.case("a position, a number or a rule over a type that is not a number")
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([datetime.time(10)] * 3000), "TIME"),
        (pa.array([b"x"] * 3000), "BYTES"),
        (pa.array([[1]] * 3000), "ARRAY"),
        (pa.array([{"a": 1}] * 3000), "STRUCT"),
        (pa.array([[("a", 1)]] * 3000, pa.map_(pa.string(), pa.int64())), "MAP"),
        (pa.array([datetime.date(2026, 6, 1)] * 3000), "DATE"),
        (pa.array([datetime.datetime(2026, 6, 1)] * 3000), "DATETIME"),
        (pa.array([datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)] * 3000), "TIMESTAMP"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_a_number_is_refused_by_name_wherever_a_number_is_asked_for(tmp_path, outcome, values, kind):
    rule = {"name": "rent", "expression": "rent / area", "min": 1}
    columns = {"columns__position": "rent", "reject": [rule]}
    features = {"area": {"kind": "number"}, "layout": {"kind": "category"}}
    table = replaced(replaced(log(), "area", values), "rent", values)
    message = refusal(tmp_path, spec_of(features=features, **columns), table)
    outcome(message.splitlines()[1].strip())
    for where in (
        "columns.position",
        "features.area",
        "reject rule 'rent', column rent",
        "reject rule 'rent', column area",
    ):
        assert f"[column-not-number] {where}: is {kind}, not a number. Turn it into a number in the SQL" in message


@pytest.mark.case("a category, slice or id over values that cannot be compared")
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([b"x"] * 3000), "BYTES"),
        (pa.array([["a"]] * 3000), "ARRAY"),
        (pa.array([{"a": 1}] * 3000), "STRUCT"),
        (pa.array([[("a", 1)]] * 3000, pa.map_(pa.string(), pa.int64())), "MAP"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_categories_over_values_that_cannot_be_compared_are_refused_by_name(tmp_path, outcome, values, kind):
    message = refusal(tmp_path, spec_of(promotion={"slices": ["layout"]}), replaced(log(), "layout", values))
    outcome(message.splitlines()[1].strip())
    for where in ("features.layout", "promotion.slices layout"):
        assert f"[column-not-text] {where}: is {kind}, which is not one value that can be compared" in message


def test_an_unknown_column_of_a_rule_is_named_with_every_other_problem(tmp_path):
    spec = spec_of(reject=[{"name": "tax", "expression": "rent / tax", "max": 3}], columns__explore="how")
    table = replaced(replaced(log(), "how", ["random"] * 3000), "area", [[1]] * 3000).drop_columns(["user_id"])
    message = refusal(tmp_path, spec, table)
    assert "4 problem(s)" in message
    for where in (
        "column tax: (in reject rule 'tax')",
        "column user_id: (user)",
        "column how: (explore)",
        "features.area",
    ):
        assert where in message


def test_a_mark_of_random_pages_is_0_or_1(tmp_path):
    message = refusal(tmp_path, spec_of(), replaced(log(), "explore", np.where(np.arange(3000) % 2, 0, 2)))
    assert "columns.explore explore: is not 0 or 1 in 1,500 row(s): 2. Make it 1 where the list was" in message


def test_a_propensity_in_words_is_not_taken_as_missing(tmp_path):
    table = log().append_column("chance", pa.array(["even"] * 3000))
    message = refusal(tmp_path, spec_of(columns__propensity="chance"), table)
    assert "unreadable chance 3,000 (100.00%), for example 'even'" in message


def test_a_column_in_another_role_is_another_spec(tmp_path):
    types = {**dict.fromkeys(spec_of().used_columns, "INT64"), "shown_at": "TIMESTAMP", "layout": "STRING"}
    specs = [spec_of(), spec_of(columns__explore=None, columns__propensity="explore")]
    assert TypedRows(specs[0], types).sha256 != TypedRows(specs[1], types).sha256


def test_rows_that_are_typed_for_another_spec_are_refused(tmp_path):
    rows = extracted(tmp_path / "rows", spec_of(), log())
    other = spec_of(reject=[{"name": "rent", "expression": "rent", "min": 100, "max": 8000}])
    with pytest.raises(DataError, match=r"rows of extract: are typed for another spec\. Run extract again"):
        preprocess(other, rows, tmp_path / "splits", progress=lambda *_: None)
    assert not (tmp_path / "splits").exists()
