"""What is rejected is counted by rule, with examples; too much of it stops the run."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.preprocess.preprocess import preprocess
from model.errors import DataError
from tests.logs import extracted, log, replaced, spec_of

RULES = [
    {"name": "rent", "expression": "rent", "min": 100, "max": 9000},
    {"name": "rent per m2", "expression": "rent / area", "max": 300},
]


def run(tmp_path, spec, *tables):
    preprocess(spec, extracted(tmp_path / "rows", spec, *tables), tmp_path / "splits", progress=lambda *_: None)
    return json.loads((tmp_path / "splits" / "rejections.json").read_text())


def dirty():
    table = log()
    rent = table["rent"].to_numpy().copy()
    rent[[0, 1, 2]] = 5.0
    rent[[3, 4]] = 1e6
    area = table["area"].to_pylist()
    area[3], area[5] = 50.0, None
    return replaced(replaced(table, "rent", rent), "area", area)


def test_every_rule_counts_its_rows_and_a_row_is_rejected_once(tmp_path):
    rejections = run(tmp_path, spec_of(reject=RULES), dirty())
    counts = {rule["name"]: rule["rejected"] for rule in rejections["rules"]}
    assert counts["rent"] == 5
    assert counts["rent per m2"] >= 1
    assert rejections["rows_in"] == 3000
    assert rejections["rejected_rows"] == pq.read_metadata(tmp_path / "splits" / "rejected.parquet").num_rows
    assert rejections["rejected_rows"] < counts["rent"] + counts["rent per m2"]


def test_rejected_rows_are_kept_with_the_names_of_their_rules(tmp_path):
    run(tmp_path, spec_of(reject=RULES), dirty())
    rows = pq.read_table(tmp_path / "splits" / "rejected.parquet").to_pylist()
    assert ["rent", "rent per m2"] in [row["rules"] for row in rows if row["rent"] == 1e6]


def test_examples_show_what_was_measured_and_where(tmp_path):
    rule = run(tmp_path, spec_of(reject=RULES), dirty())["rules"][-2]
    assert rule["name"] == "rent"
    assert len(rule["examples"]) == 5
    assert {"shown_at", "list_id", "listing_id", "rent"} == set(rule["examples"][0])


def test_what_cannot_be_measured_is_not_rejected(tmp_path):
    area = [None if index % 2 else 0.0 for index in range(3000)]
    rejections = run(tmp_path, spec_of(reject=RULES[1:]), replaced(log(), "area", area))
    assert rejections["rejected_rows"] == 0


def test_numbers_stored_as_text_are_read_and_what_is_none_is_counted(tmp_path):
    text = [str(value) for value in log()["rent"].to_pylist()]
    text[0], text[1], text[2] = "about 900", " 900 ", " "
    rejections = run(tmp_path, spec_of(), replaced(log(), "rent", text))
    counts = {rule["name"]: rule["rejected"] for rule in rejections["rules"]}
    assert counts["unreadable rent"] == 1
    assert rejections["rules"][0]["examples"] == [{"rent": "about 900"}]


def test_over_budget_the_run_stops_with_the_share_of_every_rule(tmp_path):
    rent = np.where(np.arange(3000) % 10 == 0, 1.0, log()["rent"].to_numpy())
    with pytest.raises(DataError) as refusal:
        run(tmp_path, spec_of(reject_budget=0.05), replaced(log(), "rent", rent))
    message = str(refusal.value)
    assert "reject_budget: 5.00% is exceeded: 300 of 3,000 rows (10.00%) were rejected" in message
    assert "By rule: rent 300 (10.00%)" in message
    assert not (tmp_path / "splits").exists()


def test_exact_duplicates_go_and_only_they(tmp_path):
    table = log()
    near = replaced(table.slice(10, 1), "rent", [901.0])
    rejections = run(tmp_path, spec_of(), table, pa.concat_tables([table.slice(0, 40), near]))
    assert rejections["duplicates"] == 40
    assert rejections["rows_in"] == 3041


def test_rows_too_young_to_have_converted_are_not_used(tmp_path):
    rejections = run(tmp_path, spec_of(), log())
    young = sum(1 for moment in log()["shown_at"].to_pylist() if moment.isoformat() >= "2026-06-28")
    assert rejections["immature"] == young > 0
    assert rejections["rows_kept"] == 3000 - young


def test_not_a_number_is_a_missing_number_and_breaks_no_rule(tmp_path):
    """A file of another writer, whose bounds leave NaN out."""
    rent = log()["rent"].to_numpy().copy()
    rent[:40] = np.nan
    rejections = run(tmp_path, spec_of(reject=RULES[:1]), replaced(log(), "rent", rent))
    assert rejections["rules"][0]["rejected"] == 0
    rents = pq.read_table(tmp_path / "splits" / "train.parquet")["rent"].to_pylist()
    assert None in rents
    assert not any(value is not None and np.isnan(value) for value in rents)


def test_features_that_teach_nothing_are_noted(tmp_path):
    table = replaced(replaced(log(), "area", [None] * 3000), "layout", ["1K"] * 3000)
    table = table.set_column(table.column_names.index("area"), "area", pa.array([None] * 3000, pa.float64()))
    notes = run(tmp_path, spec_of(), table)["warnings"]
    assert any(note.startswith("features.area is missing in all") for note in notes)
    assert any(note.startswith("features.layout is the same in all") for note in notes)
    assert not any("rent" in note for note in notes)


@pytest.mark.case("prices with thousands separators, read as numbers")
@pytest.mark.parametrize(
    ("form", "remedy"),
    [
        ("{:,}", "rent has thousands separators: write SAFE_CAST(REPLACE(rent, ',', '') AS FLOAT64) in the SQL"),
        ("{} %", "rent has a percent sign: write SAFE_CAST(REPLACE(rent, '%', '') AS FLOAT64) / 100 in the SQL"),
        ("{},5", "rent has a decimal comma: write SAFE_CAST(REPLACE(rent, ',', '.') AS FLOAT64) in the SQL"),
        ("{} yen", "Take the number out of rent in the SQL, or make it NULL where there is none"),
        ("it's free", "If it means that rent is missing, write NULLIF(rent, 'it\\'s free') in the SQL"),
    ],
)
def test_texts_that_are_not_numbers_are_shown_with_a_remedy(tmp_path, outcome, form, remedy):
    texts = [form.format(1000 + index % 3) if index % 20 else "900" for index in range(3000)]
    with pytest.raises(DataError) as refusal:
        run(tmp_path, spec_of(), replaced(log(), "rent", texts))
    (problem,) = refusal.value.problems
    outcome(problem)
    assert f"unreadable rent 2,850 (95.00%), for example {form.format(1000)!r}" in problem.problem
    assert problem.hint.startswith(f"{remedy}. Look at what changed")


def test_numbers_that_are_not_finite_are_counted_and_noted(tmp_path):
    rent, area = log()["rent"].to_numpy().copy(), ["30"] * 3000
    rent[:40], rent[50:52], rent[60] = np.nan, np.inf, -np.inf
    area[7], area[8] = "Infinity", "NaN"
    rejections = run(tmp_path, spec_of(reject=[]), replaced(replaced(log(), "rent", rent), "area", area))
    assert rejections["not_finite"] == {"rent": {"nan": 40, "infinite": 3}, "area": {"nan": 1, "infinite": 1}}
    assert "column rent is NaN in 40 of 3,000 rows: read as missing" in rejections["warnings"]
    assert any(note.startswith("column rent is infinite in 3 of 3,000 rows") for note in rejections["warnings"])


def test_infinity_breaks_a_bound_and_what_cannot_be_measured_does_not(tmp_path):
    rent, area = log()["rent"].to_numpy().copy(), np.full(3000, 30.0)
    rent[:4], area[2:4] = np.inf, np.inf
    rules = [{"name": "ratio", "expression": "rent / area", "max": 300}]
    rejections = run(tmp_path, spec_of(reject=rules), replaced(replaced(log(), "rent", rent), "area", area))
    assert rejections["rules"][-1]["rejected"] == 2
