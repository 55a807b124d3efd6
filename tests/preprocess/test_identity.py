"""Rows are copies where the spec says what identifies a row, and nowhere else; nothing hangs on a float's last bit."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.preprocess.preprocess import preprocess
from model.errors import DataError
from tests.logs import extracted, log, replaced, spec_of

FILES = ("train.parquet", "calibration.parquet", "test.parquet", "rejected.parquet", "split.json", "rejections.json")
RANDOM = {"by": "random", "test_share": 0.25, "calibration_share": 0.15}
COARSE = {name: {"kind": "category"} for name in ("device", "country", "weekend")}


def run(folder, spec, *tables, **options):
    rows = extracted(folder / "rows", spec, *tables)
    preprocess(spec, rows, folder / "splits", progress=lambda *_: None, **options)
    return json.loads((folder / "splits" / "rejections.json").read_text())


def part(folder, name):
    return pq.read_table(folder / "splits" / f"{name}.parquet")


def sessions(rows=6000, seed=3):
    """Sessions of three coarse features, 2.8 % of which convert; most equal another one."""
    random = np.random.default_rng(seed)
    device = random.choice(["phone", "desktop", "tablet"], rows)
    return pa.table(
        {
            "session_id": np.arange(rows),
            "device": device,
            "country": random.choice([f"c{number}" for number in range(20)], rows),
            "weekend": random.choice(["yes", "no"], rows),
            "converted": (random.uniform(size=rows) < np.where(device == "phone", 0.02, 0.04)).astype(int),
        }
    )


def coarse(**changes):
    base = {"columns": {"label": "converted"}, "features": COARSE, "split": RANDOM, "reject": []}
    return spec_of(**(base | changes))


@pytest.mark.case("sessions that are alike in three coarse features, an id without a role")
def test_rows_that_are_alike_stay_where_nothing_identifies_a_row(tmp_path, outcome):
    table = sessions()
    rejections = run(tmp_path, coarse(), table)
    outcome(f"{rejections['duplicates']} removed; {rejections['warnings'][0]}")
    assert (rejections["duplicates"], rejections["rows_kept"]) == (0, 6000)
    assert rejections["equal_rows_kept"] > 5000
    assert "rows equal another row in every column that the spec uses, and stay" in rejections["warnings"][0]
    assert "name what does in columns.key" in rejections["warnings"][0]
    rate = np.mean(table["converted"].to_numpy())
    parts = [part(tmp_path, name) for name in ("train", "calibration", "test")]
    assert sum(rows.num_rows for rows in parts) == 6000
    for rows in parts:
        assert np.mean(rows["converted"].to_numpy()) == pytest.approx(rate, abs=0.015)


def test_equal_rows_have_a_chance_each_of_their_own(tmp_path):
    run(tmp_path, coarse(), sessions())
    alike = {"device": "phone", "country": "c1", "weekend": "no", "converted": 0}
    counts = [
        sum(row == alike for row in part(tmp_path, name).select(list(alike)).to_pylist())
        for name in ("train", "calibration", "test")
    ]
    assert min(counts) > 0
    assert 0.4 < counts[0] / sum(counts) < 0.8


def test_with_the_id_as_the_key_no_session_is_a_copy(tmp_path):
    rejections = run(tmp_path, coarse(columns__key=["session_id"]), sessions())
    assert (rejections["duplicates"], rejections["equal_rows_kept"], rejections["warnings"]) == (0, 0, [])
    assert rejections["key"] == ["session_id"]


def test_a_row_that_has_the_key_again_is_a_copy(tmp_path):
    table = sessions()
    rejections = run(tmp_path, coarse(columns__key=["session_id"]), table, table.slice(0, 100))
    assert (rejections["duplicates"], rejections["rows_kept"]) == (100, 6000)
    assert rejections["duplicates_share"] == pytest.approx(100 / 6100)


@pytest.mark.case("a join that writes every row three times")
def test_more_copies_than_the_budget_allows_stop_the_run(tmp_path, outcome):
    table = log()
    with pytest.raises(DataError) as refusal:
        run(tmp_path, spec_of(), pa.concat_tables([table] * 3))
    (problem,) = refusal.value.problems
    outcome(problem)
    assert (problem.where, problem.code) == ("copies_budget", "copies-over-budget")
    assert "5.00% is exceeded: " in problem.problem
    assert "(66.67%) equal another row with the same list_id, listing_id, shown_at; list_id=" in problem.problem
    assert "in 4 more" in problem.problem  # two rows of a list show one item
    assert "raise copies_budget" in problem.hint
    assert not (tmp_path / "splits").exists()
    rejections = run(tmp_path / "raised", spec_of(copies_budget=0.7), pa.concat_tables([table] * 3))
    assert rejections["rows_kept"] == rejections["duplicates"] / 2


def test_a_key_that_does_not_identify_a_row_is_refused(tmp_path):
    table = sessions()
    again = replaced(table.slice(0, 7), "converted", 1 - table["converted"].to_numpy()[:7])
    with pytest.raises(DataError) as refusal:
        run(tmp_path, coarse(columns__key=["session_id"]), table, again)
    (problem,) = refusal.value.problems
    assert (problem.where, problem.code) == ("columns.key", "key-not-unique")
    assert "7 rows have the session_id of another row and other values; session_id=0 in 1 more" in problem.problem
    with pytest.raises(DataError, match="session_id=0 in 1 more"):  # copies of such a row are not counted with it
        run(tmp_path / "copies", coarse(columns__key=["session_id"]), table, again, again)


def test_without_a_declared_key_rows_of_other_values_stay_with_a_warning(tmp_path):
    table = log()
    again = replaced(table.slice(0, 7), "rent", table["rent"].to_numpy()[:7] + 1)
    rejections = run(tmp_path, spec_of(), table, again)
    assert rejections["duplicates"] == 0
    assert "21 of " in rejections["warnings"][0]  # 14 lists show an item twice
    assert (
        "have the list_id, listing_id, shown_at of another row and other values, and stay" in rejections["warnings"][0]
    )


def test_rows_without_an_item_are_no_copies_of_each_other(tmp_path):
    items = [None] * 3000
    rejections = run(tmp_path, spec_of(), replaced(log(), "listing_id", pa.array(items, pa.int64())), log().slice(0, 0))
    assert rejections["duplicates"] == 0


def test_a_row_without_its_key_is_rejected_and_counted(tmp_path):
    keys = [None if number < 5 else number for number in range(6000)]
    rejections = run(tmp_path, coarse(columns__key=["session_id"]), replaced(sessions(), "session_id", keys))
    assert {rule["name"]: rule["rejected"] for rule in rejections["rules"]} == {"missing session_id": 5}


def by_last_bit(table, name, random):
    """The same numbers as another order of summing might have left them."""
    values = table[name].to_numpy()
    return replaced(table, name, np.nextafter(values, random.choice([-np.inf, np.inf], len(values))))


@pytest.mark.case("an average whose last bit follows the threads, rows in another order, a random split")
@pytest.mark.parametrize("key", [[], ["session_id"]], ids=["no key", "a key"])
def test_the_last_bit_of_a_float_and_the_order_of_arrival_leave_no_trace(tmp_path, outcome, key):
    random = np.random.default_rng(5)
    table = sessions()
    # Averages of cents over 32 rows end on a 5 at the tenth digit: where a plain rounding would turn.
    cents = random.integers(10_000 * 32, 99_999 * 32, 40) / 3200
    table = replaced(table, "average", cents[random.integers(0, 40, 6000)])
    features = COARSE | {"average": {"kind": "number"}, "ratio": {"kind": "number"}}
    table = replaced(table, "ratio", random.integers(1, 11, 6000) / 30)
    spec = coarse(features=features, training__keep_negatives=0.5, **({"columns__key": key} if key else {}))
    run(tmp_path / "a", spec, table)
    noisy = by_last_bit(by_last_bit(table, "average", random), "ratio", random)
    shuffled = noisy.take(random.permutation(6000))
    run(tmp_path / "b", spec, shuffled.slice(1000), shuffled.slice(0, 1000))
    same = [
        (tmp_path / "a/splits" / name).read_bytes() == (tmp_path / "b/splits" / name).read_bytes() for name in FILES
    ]
    outcome(f"{sum(same)} of {len(FILES)} files have the same bytes")
    assert all(same), dict(zip(FILES, same, strict=True))


def test_what_people_write_is_kept_as_written(tmp_path):
    values = [35.7, 0.1, -2.5e-7, 1234.56, 1e300, 0.0, 3e9 + 1, 139.767125]
    rent = np.resize(values, 3000)
    run(tmp_path, spec_of(features={"rent": {"kind": "number"}}, reject=[]), replaced(log(), "rent", rent))
    assert set(part(tmp_path, "train")["rent"].to_pylist()) == set(values)


def test_rules_measure_what_stands_there_and_not_what_is_rounded(tmp_path):
    start = np.arange(3000) + 1_785_000_000.25
    table = replaced(replaced(log(), "began", start), "ended", start + 2)
    rule = {"name": "seconds", "expression": "ended - began", "min": 2, "max": 2}
    assert run(tmp_path, spec_of(reject=[rule]), table)["rejected_rows"] == 0


def test_many_repeats_are_written_out_once_and_give_the_same_files(tmp_path):
    table = pa.concat_tables([log(), log().slice(0, 40)])
    run(tmp_path / "few", spec_of(), table)
    run(tmp_path / "many", spec_of(), table, few_repeats=0)
    for file in FILES:
        assert (tmp_path / "few/splits" / file).read_bytes() == (tmp_path / "many/splits" / file).read_bytes(), file
