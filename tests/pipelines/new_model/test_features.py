"""Columns that become features, and the reasons why others do not."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.csv

from model.files import parse_json
from model.spec.reader import read_spec
from tests.logs import replaced
from tests.pipelines.new_model.tables import ROWS, grouped, new, plain, refusal, rows_of


def test_leaks_are_left_out_with_the_reason(tmp_path):
    random = np.random.default_rng(3)
    table = plain()
    sold = table["sold"].to_numpy()
    table = replaced(table, "seconds", sold * 1.5 + random.normal(size=ROWS))  # the guard's: alone an AUC above 0.8
    table = replaced(table, "paid", np.where((sold == 1) & (random.uniform(size=ROWS) < 0.2), 9.5, 0.0))  # only if sold
    draft, folder = new(tmp_path, table, "sold")
    assert set(draft.left_out) == {"seconds", "paid"}
    page = (folder / "spec.yaml").read_text("utf-8")
    assert "  # seconds: alone has AUC 0.8" in page
    assert "  # paid: leaks the label: all " in page
    sql = (folder / "training.sql").read_text("utf-8")
    assert "  -- left out: t.`seconds` AS `seconds`,\n" in sql
    spec, rows = rows_of(tmp_path, folder)
    assert set(rows.column_names) == {"sold", "price", "weight"} == {"sold", *spec.features}


def test_columns_without_information_are_left_out_with_the_reason(tmp_path):
    table = plain()
    for name, values in {
        "empty": pa.nulls(ROWS, pa.float64()),
        "constant": pa.array(["a"] * ROWS),
        "counter": pa.array(range(ROWS)),
        "listing_id": pa.array(range(ROWS)),
        "offer_id": pa.array([f"o{index}" for index in range(ROWS)]),
        "remark": pa.array([f"sentence {index} of many" for index in range(ROWS)]),
        "seen_at": pa.array([datetime(2026, 1, 1)] * ROWS),
        "tags": pa.array([["a"]] * ROWS),
    }.items():
        table = table.append_column(name, values)
    draft, _ = new(tmp_path, table, "sold")
    assert set(draft.features) == {"price", "weight"}
    assert (draft.columns(), draft.key) == ({"label": "sold", "item": "listing_id"}, "offer_id")
    reasons = {
        "empty": "is missing in every row", "constant": "is the same in every row", "counter": "counts the rows",
        "remark": "an id or free text", "seen_at": "in every row", "tags": "is of type",
    }  # fmt: skip
    assert set(reasons) == set(draft.left_out)
    for name, words in reasons.items():
        assert words in draft.left_out[name]


def test_codes_are_categories_and_counts_are_numbers(tmp_path):
    random = np.random.default_rng(5)
    table = plain()
    for name, values in {
        "Region": random.integers(1, 10, ROWS),
        "store_id": random.integers(100, 130, ROWS),
        "bedrooms": random.integers(0, 6, ROWS),
        "num_type": random.integers(0, 6, ROWS),
        "postcode": random.choice(["0101", "2002"], ROWS),
        "charges": [f" {value:.1f}" for value in random.uniform(0, 90, ROWS)],
        "city": random.choice(["a", "b", "c"], ROWS),
    }.items():
        table = replaced(table, name, values)
    _, folder = new(tmp_path, table, "sold")
    spec, _ = rows_of(tmp_path, folder)
    kinds = {name: feature.kind for name, feature in spec.features.items()}
    assert {name for name, kind in kinds.items() if kind == "category"} == {"Region", "store_id", "postcode", "city"}
    assert "CAST(t.`Region` AS STRING) AS `Region`" in spec.sql_text
    assert "6 whole numbers: if they are codes, make it a category" in (folder / "spec.yaml").read_text("utf-8")


def test_bounds_are_far_from_most_values_and_reject_what_is_beyond(tmp_path):
    table = plain()
    price = table["price"].to_numpy().copy()
    price[:2] = [1_070_000, -4]
    draft, folder = new(tmp_path, replaced(table, "price", price), "sold")
    (rule,) = [rule for rule in read_spec(folder).reject if rule.name == "price"]
    assert rule.max is not None
    assert 3_000 < rule.max < 1_000_000
    assert next(rule.rows for rule in draft.ranges if rule.column == "price") == 1
    rows_of(tmp_path, folder)
    assert parse_json((tmp_path / "splits" / "rejections.json").read_bytes())["rejected_rows"] == 1


def test_a_table_without_a_feature_is_refused_with_the_reasons(tmp_path):
    table = grouped().select(["user_id", "sold"]).append_column("same", pa.array([1] * ROWS))
    message = refusal(tmp_path, table, "sold")
    assert "has no column that a model can learn from (same is the same in every row)" in message
    message = refusal(tmp_path, table.select(["user_id", "sold"]), "sold")
    assert "learn from: the label and the columns that have roles are all of them. Join" in message
