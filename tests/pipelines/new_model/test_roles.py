"""Roles of columns, and the split that follows from them."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from rich.console import Console

from model.files import parse_json
from model.spec.reader import read_spec
from pipelines.new_model.summary import NewModel
from tests.logs import log, replaced
from tests.pipelines.new_model.tables import ROWS, grouped, new, plain, refusal, rows_of


def test_a_list_log_gets_its_roles_and_is_split_by_time(tmp_path):
    draft, folder = new(tmp_path, log(lists=2_000).drop_columns("explore"), "inquired")
    spec, rows = rows_of(tmp_path, folder)
    roles = {"label": "inquired", "time": "shown_at", "list": "list_id", "item": "listing_id", "position": "position"}
    assert spec.columns.roles() == {name: role for role, name in (roles | {"user": "user_id"}).items()}
    assert {name: feature.kind for name, feature in spec.features.items()} == {
        "rent": "number", "area": "number", "layout": "category"
    }  # fmt: skip
    assert spec.split.by == "time"
    assert (spec.source.window_days, spec.source.end) == (60, date(2026, 7, 1))
    assert spec.promotion.must_beat == ("constant", "logistic", "current_order")
    assert rows.num_rows == 10_000
    assert draft.left_out == {}


def test_the_same_table_gives_the_same_bytes(tmp_path):
    table = log(lists=2_000)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    _, first = new(tmp_path / "one", table, "inquired")
    _, second = new(tmp_path / "two", table, "inquired")
    for name in ("spec.yaml", "training.sql"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_rows_without_a_time_are_split_by_user(tmp_path):
    _, folder = new(tmp_path, grouped(), "sold")
    spec, _ = rows_of(tmp_path, folder)
    assert (spec.split.by, spec.split.group, spec.columns.user) == ("group", "user_id", "user_id")


def test_rows_without_a_time_and_an_id_are_split_at_random_with_a_note(tmp_path):
    _, folder = new(tmp_path, plain(), "sold")
    page = (folder / "spec.yaml").read_text("utf-8")
    assert read_spec(folder).split.by == "random"
    assert "Rows are split at random" in page


def test_a_split_without_rows_is_replaced_by_the_next_with_the_reason(tmp_path):
    """Everybody comes on every day: by time, those who are in the test leave nobody for training."""
    table = replaced(plain(), "user_id", [f"u{index % 30}" for index in range(ROWS)])
    start = datetime(2026, 5, 1, tzinfo=UTC)
    table = replaced(table, "shown_at", [start + timedelta(hours=index) for index in range(ROWS)])
    _, folder = new(tmp_path, table, "sold")
    spec, _ = rows_of(tmp_path, folder)
    assert (spec.split.by, spec.columns.user) == ("time", None)
    page = (folder / "spec.yaml").read_text("utf-8")
    assert "user_id is not named" in page
    assert "# A split by time is not possible: split.train" in page


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_a_time_that_is_a_number_since_1970_is_read_as_one(unit, tmp_path):
    scale = {"s": 1, "ms": 1_000, "us": 1_000_000}[unit]
    table = replaced(plain(), "created_at", [(1_780_000_000 + 3_600 * index) * scale for index in range(ROWS)])
    _, folder = new(tmp_path, table, "sold")
    spec, rows = rows_of(tmp_path, folder)
    assert (spec.split.by, spec.columns.time) == ("time", "created_at")
    assert rows["created_at"][0].as_py() == datetime.fromtimestamp(1_780_000_000, UTC)


def test_a_date_and_a_datetime_are_times(tmp_path):
    for name, first in {"day_sold": date(2026, 1, 1), "sold_at": datetime(2026, 1, 1, 5)}.items():
        table = replaced(plain(), name, [first + timedelta(days=index // 10) for index in range(ROWS)])
        (tmp_path / name).mkdir()
        _, folder = new(tmp_path / name, table, "sold")
        spec, rows = rows_of(tmp_path / name, folder)
        assert (spec.split.by, spec.columns.time, rows.num_rows) == ("time", name, ROWS)


def test_a_table_of_too_few_conversions_gets_a_note(tmp_path):
    sold = np.zeros(ROWS, int)
    sold[5] = 1
    draft, folder = new(tmp_path, replaced(plain(), "sold", sold), "sold")
    rows_of(tmp_path, folder)
    console = Console(record=True, width=120)
    NewModel(draft, 0, folder).show(console)
    assert "the test split has 0 conversions, of the 200 that a verdict needs" in console.export_text()


def test_a_table_of_too_few_rows_is_refused(tmp_path):
    assert "cannot be split: 1 of 2 rows convert" in refusal(tmp_path, pa.table({"a": [1.5, 2], "b": [0, 1]}), "b")


def test_an_id_of_every_row_is_its_key_and_duplicates_stay_without_one(tmp_path):
    table = replaced(plain(), "order_id", [f"o{index}" for index in range(ROWS)])
    _, folder = new(tmp_path, table, "sold")
    spec, _ = rows_of(tmp_path, folder)
    assert spec.columns.key == ("order_id",)
    (tmp_path / "two").mkdir()
    _, folder = new(tmp_path / "two", pa.concat_tables([plain().slice(0, 700)] * 2), "sold")
    spec, _ = rows_of(tmp_path / "two", folder)
    assert spec.columns.key == ()
    assert "duplicate rows all stay" in (folder / "spec.yaml").read_text("utf-8")
    assert parse_json((tmp_path / "two" / "splits" / "rejections.json").read_bytes())["duplicates"] == 0


def test_an_id_that_makes_rows_look_like_duplicates_is_not_the_item(tmp_path):
    """Coarse properties, two hundred rows of an item in every list: list, item and time do not identify a row."""
    random = np.random.default_rng(1)
    rows = 4_000
    lists = np.arange(rows) // 400
    table = pa.table({
        "list_id": lists, "item_id": np.arange(rows) % 2, "layout": random.choice(["a", "b"], rows),
        "shown_at": [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=int(number)) for number in lists],
        "sold": (random.uniform(size=rows) < 0.3).astype(int),
    })  # fmt: skip
    draft, folder = new(tmp_path, table, "sold")
    assert "item" not in draft.roles
    assert "copies" not in draft.left_out["item_id"]
    rows_of(tmp_path, folder)
