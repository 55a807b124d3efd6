"""`make new`: from a table of strangers to a spec that runs as it was written."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from model.errors import KamadoError
from model.files import read_json
from model.spec.reader import read_spec
from pipelines.compile import ROOT
from pipelines.new_model.label import literal
from pipelines.new_model.make import draft_of, write
from pipelines.new_model.names import aliases, in_yaml, shown, words_of
from pipelines.new_model.ranges import rounded, written
from pipelines.new_model.summary import NewModel
from pipelines.new_model.table import find_table
from tests.logs import log, replaced
from tests.runs import quiet
from tests.shared import shared
from tests.test_examples import run

ROWS = 1_500
TODAY = date(2026, 7, 1)


def plain(rows=ROWS, seed=7):
    """A number that matters, another that does not, and a label of both kinds."""
    random = np.random.default_rng(seed)
    price = random.gamma(4, 300, rows).round(2)
    sold = (random.uniform(size=rows) < 1 / (1 + np.exp((price - 700) / 400))).astype(int)
    return pa.table({"price": price, "weight": random.normal(size=rows), "sold": sold})


def new(folder, table, label, model="small"):
    """The draft of a table, written; and its folder."""
    path = folder / "data" / "log.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table, path)
    draft, _ = draft_of(model, find_table(str(path)), label, today=TODAY, progress=lambda _: None)
    write(draft, folder / "specs" / model)
    return draft, folder / "specs" / model


def rows_of(folder, spec_folder):
    """What a run would read with the written spec, after preprocess: it has to come through as it stands."""
    spec = read_spec(spec_folder)
    extract(spec, f"duckdb:{folder / 'data'}", window(spec, str(spec.source.end)), folder / "rows", progress=quiet)
    preprocess(spec, folder / "rows", folder / "parts", progress=quiet)
    return spec, pq.read_table(folder / "rows" / "rows")


def refusal(folder, table, label):
    with pytest.raises(KamadoError) as refused:
        new(folder, table, label)
    assert not (folder / "specs").exists()
    return str(refused.value)


def test_a_list_log_gets_its_roles_and_is_split_by_time(tmp_path):
    draft, folder = new(tmp_path, log(lists=2_000), "inquired")
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
    _, one = new(tmp_path / "one", table, "inquired")
    _, two = new(tmp_path / "two", table, "inquired")
    for name in ("spec.yaml", "training.sql"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


@pytest.mark.parametrize(
    ("values", "sql"),
    [
        (["yes", "no"], "IF(t.`sold` = 'yes', 1, 0)"),
        (["TRUE", "FALSE"], "IF(t.`sold` = 'TRUE', 1, 0)"),
        (["Y", "N"], "IF(t.`sold` = 'Y', 1, 0)"),
        (["1", "0"], "IF(t.`sold` = '1', 1, 0)"),
        (["Yes ", "no", "yes"], "IF(LOWER(TRIM(t.`sold`)) = 'yes', 1, 0)"),
        ([True, False], "t.`sold`"),
        ([1, 0], "t.`sold`"),
        ([1.0, 0.0], "t.`sold`"),
    ],
    ids=str,
)
def test_a_label_that_says_yes_or_no_becomes_one_or_zero(values, sql, tmp_path):
    table = plain()
    sold = table["sold"].to_numpy()
    yes = [value for value in values if str(value).strip().lower() in ("yes", "true", "y", "1", "1.0")]
    no = [value for value in values if value not in yes]
    texts = [(yes if one else no)[place % len(yes if one else no)] for place, one in enumerate(sold)]
    _, folder = new(tmp_path, replaced(table, "sold", texts), "sold")
    assert f"{sql} AS `sold`" in (folder / "training.sql").read_text("utf-8")
    _, rows = rows_of(tmp_path, folder)
    assert sum(int(value) for value in rows["sold"].to_pylist()) == sold.sum()


def test_a_value_of_the_label_can_be_named(tmp_path):
    sold = plain()["sold"].to_numpy()
    states = np.where(sold == 1, "it's \\ sold\n", np.where(np.arange(ROWS) % 2, "open", "withdrawn"))
    _, folder = new(tmp_path, replaced(plain(), "state", states).drop_columns("sold"), "state=it's \\ sold\n")
    _, rows = rows_of(tmp_path, folder)
    assert sum(rows["state"].to_pylist()) == sold.sum()


@pytest.mark.parametrize(
    ("values", "label", "words"),
    [
        (lambda sold: sold + 1, "sold", ["is not 0 or 1 (found ", "1", "LABEL='sold="]),
        (lambda sold: np.where(sold, "won", "lost"), "sold", ["'won'", "'lost'", "LABEL='sold="]),
        (lambda sold: np.where(sold, "won", "lost"), "sold=wo", ["LABEL=sold=wo", "There:", "'won'"]),
        (lambda _: np.zeros(ROWS, int), "sold", ["is 0 in every row"]),
        (lambda sold: [None, *sold[1:].tolist()], "sold", ["is missing in 1 of 1,500 rows"]),
        (lambda _: [datetime(2026, 1, 1)] * ROWS, "sold", ["is of type DATETIME"]),
        (lambda sold: sold, "slod", ["is not a column of the table", "Did you mean sold"]),
        (lambda sold: sold, "", ["LABEL: is not given", "price, weight, sold"]),
    ],
)
def test_a_label_that_is_no_label_is_refused_with_what_was_found(values, label, words, tmp_path):
    table = plain()
    message = refusal(tmp_path, replaced(table, "sold", values(table["sold"].to_numpy())), label)
    for word in words:
        assert word in message


NAMES = [
    "it's", "a b", "a-b", "家賃", "面積", "größe", "no", "null", "yes", "on", "select", "class", "from", "2nd floor",
    "row_key", "unit", "#%&", "- x", "a: b", "x" * 200, "emoji 🏠", "True", "Rows", "--", "/* */",
]  # fmt: skip


def test_names_of_strangers_become_a_spec_that_runs(tmp_path):
    table = plain()
    for place, name in enumerate(NAMES):
        table = table.append_column(name, pa.array(np.random.default_rng(place).normal(size=ROWS)))
    draft, folder = new(tmp_path, table, "sold")
    spec, rows = rows_of(tmp_path, folder)
    assert len(spec.features) == len(NAMES) + 2
    there = {name.replace("/*", "__").replace("*/", "__"): name for name in table.column_names}
    for alias, name in draft.names.items():
        assert sum(rows[alias].to_pylist()) == pytest.approx(sum(table[there[name]].to_pylist())), name


def test_a_name_that_no_query_can_write_is_refused(tmp_path):
    table = plain()
    for name in ("a\nb", "\u2028", " blank"):
        table = table.append_column(name, pa.array(range(ROWS)))
    message = refusal(tmp_path, table, "sold")
    for name in (r"'a\nb'", r"'\u2028'", "' blank'"):
        assert f"column {name}: has a name that no query can write" in message


def test_values_cannot_leave_their_comment(tmp_path):
    """A reason quotes a value; the value has a line break and looks like a key of the spec."""
    table = plain()
    sold = table["sold"].to_numpy()
    state = np.where(sold == 1, "done\nmodel: mine\n-- \u2028", np.where(np.arange(ROWS) % 2, "a", "b"))
    draft, folder = new(tmp_path, replaced(table, "state", state), "sold")
    assert "knows the answer" in draft.left_out["state"]
    spec, _ = rows_of(tmp_path, folder)
    assert spec.model == "small"


def test_what_knows_the_answer_is_left_out_with_the_reason(tmp_path):
    random = np.random.default_rng(3)
    table = plain()
    sold = table["sold"].to_numpy()
    table = replaced(table, "seconds", sold * 1.5 + random.normal(size=ROWS))  # the guard's: alone an AUC above 0.8
    table = replaced(table, "paid", np.where((sold == 1) & (random.uniform(size=ROWS) < 0.2), 9.5, 0.0))  # only if sold
    draft, folder = new(tmp_path, table, "sold")
    assert set(draft.left_out) == {"seconds", "paid"}
    page = (folder / "spec.yaml").read_text("utf-8")
    assert "  # seconds: alone has AUC 0.8" in page
    assert "  # paid: knows the answer: all " in page
    sql = (folder / "training.sql").read_text("utf-8")
    assert "  -- left out: t.`seconds` AS `seconds`,\n" in sql
    spec, rows = rows_of(tmp_path, folder)
    assert set(rows.column_names) == {"sold", "price", "weight"} == {"sold", *spec.features}


def test_columns_that_teach_nothing_are_left_out_with_the_reason(tmp_path):
    table = plain()
    for name, values in {
        "empty": pa.nulls(ROWS, pa.float64()),
        "constant": pa.array(["a"] * ROWS),
        "counter": pa.array(range(ROWS)),
        "listing_id": pa.array(range(ROWS)),
        "offer_id": pa.array([f"o{place}" for place in range(ROWS)]),
        "remark": pa.array([f"sentence {place} of many" for place in range(ROWS)]),
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


def test_bounds_stand_far_from_the_bulk_and_reject_what_is_farther(tmp_path):
    table = plain()
    price = table["price"].to_numpy().copy()
    price[:2] = [1_070_000, -4]
    draft, folder = new(tmp_path, replaced(table, "price", price), "sold")
    (rule,) = [rule for rule in read_spec(folder).reject if rule.name == "price"]
    assert rule.max is not None
    assert 3_000 < rule.max < 1_000_000
    assert next(one.rows for one in draft.ranges if one.column == "price") == 1
    rows_of(tmp_path, folder)
    assert read_json(tmp_path / "parts" / "ledger.json", made_by="preprocess")["rejected_rows"] == 1


def grouped(rows=ROWS):
    return replaced(plain(rows), "user_id", [f"u{place // 5}" for place in range(rows)])


def test_rows_without_a_time_are_divided_by_whole_persons(tmp_path):
    _, folder = new(tmp_path, grouped(), "sold")
    spec, _ = rows_of(tmp_path, folder)
    assert (spec.split.by, spec.split.group, spec.columns.user) == ("group", "user_id", "user_id")


def test_rows_without_a_time_and_an_id_are_divided_by_chance_and_that_is_said(tmp_path):
    _, folder = new(tmp_path, plain(), "sold")
    page = (folder / "spec.yaml").read_text("utf-8")
    assert read_spec(folder).split.by == "random"
    assert "Rows are divided by chance" in page


def test_a_division_that_leaves_a_part_without_rows_gives_way_and_says_why(tmp_path):
    """Everybody comes on every day: by time, those who are in the test leave nobody for training."""
    table = replaced(plain(), "user_id", [f"u{place % 30}" for place in range(ROWS)])
    start = datetime(2026, 5, 1, tzinfo=UTC)
    table = replaced(table, "shown_at", [start + timedelta(hours=place) for place in range(ROWS)])
    _, folder = new(tmp_path, table, "sold")
    spec, _ = rows_of(tmp_path, folder)
    assert (spec.split.by, spec.columns.user) == ("time", None)
    page = (folder / "spec.yaml").read_text("utf-8")
    assert "user_id is not named" in page
    assert "# By time it does not work: split.train" in page


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_a_time_that_is_a_number_since_1970_is_read_as_one(unit, tmp_path):
    scale = {"s": 1, "ms": 1_000, "us": 1_000_000}[unit]
    table = replaced(plain(), "created_at", [(1_780_000_000 + 3_600 * place) * scale for place in range(ROWS)])
    _, folder = new(tmp_path, table, "sold")
    spec, rows = rows_of(tmp_path, folder)
    assert (spec.split.by, spec.columns.time) == ("time", "created_at")
    assert rows["created_at"][0].as_py() == datetime.fromtimestamp(1_780_000_000, UTC)


def test_a_day_is_a_time_and_a_moment_without_a_zone_is_one(tmp_path):
    for name, first in {"day_sold": date(2026, 1, 1), "sold_at": datetime(2026, 1, 1, 5)}.items():
        table = replaced(plain(), name, [first + timedelta(days=place // 10) for place in range(ROWS)])
        (tmp_path / name).mkdir()
        _, folder = new(tmp_path / name, table, "sold")
        spec, rows = rows_of(tmp_path / name, folder)
        assert (spec.split.by, spec.columns.time, rows.num_rows) == ("time", name, ROWS)


def test_a_table_of_too_few_conversions_is_written_with_that_said(tmp_path):
    sold = np.zeros(ROWS, int)
    sold[5] = 1
    draft, folder = new(tmp_path, replaced(plain(), "sold", sold), "sold")
    rows_of(tmp_path, folder)
    console = Console(record=True, width=120)
    NewModel(draft, 0, folder).show(console)
    assert "the test part has 0 conversions, of 200 that a verdict needs" in console.export_text()


def test_a_table_of_too_few_rows_is_refused(tmp_path):
    assert "cannot be divided: 1 of 2 rows convert" in refusal(tmp_path, pa.table({"a": [1.5, 2], "b": [0, 1]}), "b")


def test_an_id_of_every_row_is_its_key_and_copies_are_otherwise_kept(tmp_path):
    table = replaced(plain(), "order_id", [f"o{place}" for place in range(ROWS)])
    _, folder = new(tmp_path, table, "sold")
    spec, _ = rows_of(tmp_path, folder)
    assert spec.columns.key == ("order_id",)
    (tmp_path / "two").mkdir()
    _, folder = new(tmp_path / "two", pa.concat_tables([plain().slice(0, 700)] * 2), "sold")
    spec, _ = rows_of(tmp_path / "two", folder)
    assert spec.columns.key == ()
    assert "rows that are alike all stay" in (folder / "spec.yaml").read_text("utf-8")
    assert read_json(tmp_path / "two" / "parts" / "ledger.json", made_by="preprocess")["duplicates"] == 0


def test_an_item_that_makes_rows_of_a_list_look_like_copies_is_no_item(tmp_path):
    """Coarse properties, two hundred rows of an item in every list: list, item and time do not identify a row."""
    random = np.random.default_rng(1)
    rows = 4_000
    lists = np.arange(rows) // 400
    table = pa.table({
        "list_id": lists, "item_id": np.arange(rows) % 2, "layout": random.choice(["a", "b"], rows),
        "shown_at": [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=int(one)) for one in lists],
        "sold": (random.uniform(size=rows) < 0.3).astype(int),
    })  # fmt: skip
    draft, folder = new(tmp_path, table, "sold")
    assert "item" not in draft.roles
    assert "copies" not in draft.left_out["item_id"]
    rows_of(tmp_path, folder)


def test_a_table_without_a_feature_is_refused_with_the_reasons(tmp_path):
    table = grouped().select(["user_id", "sold"]).append_column("same", pa.array([1] * ROWS))
    message = refusal(tmp_path, table, "sold")
    assert "has no column that a model can learn from (same is the same in every row)" in message


def command(*arguments):
    command = [sys.executable, "-m", "pipelines.new_model", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_ends_with_the_next_one_and_writes_over_nothing(tmp_path):
    (tmp_path / "log").mkdir()
    for place in range(2):
        pq.write_table(plain(seed=place), tmp_path / "log" / f"{place}.parquet")
    asked = ["--model", "sales", "--table", f"{tmp_path}/log/", "--label", "sold", "--specs", f"{tmp_path}/specs"]
    done = command(*asked)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"make run SPEC={tmp_path}/specs/sales DATA={tmp_path}"
    assert "3,000 rows" in done.stdout
    before = (tmp_path / "specs" / "sales" / "spec.yaml").read_bytes()
    again = command(*asked, "--json")
    assert again.returncode == 2
    assert json.loads(again.stdout)["outcome"] == "refused"
    assert "is there already, and nothing is written over" in again.stderr
    assert (tmp_path / "specs" / "sales" / "spec.yaml").read_bytes() == before


def test_everything_that_is_wrong_with_the_variables_is_said_at_once(tmp_path):
    pyarrow.csv.write_csv(plain(), tmp_path / "sales.csv")
    done = command("--model", "My Model", "--table", f"{tmp_path}/sale.csv", "--specs", f"{tmp_path}/specs")
    assert done.returncode == 2
    assert "MODEL: is 'My Model', not the name of a model" in done.stdout
    assert "for example my-model" in done.stdout
    assert "is not there. Did you mean sales.csv?" in done.stdout
    assert "LABEL: is not given" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("shop.visits.sessions", "looks like a table in BigQuery"),
        ("empty", "is a folder without Parquet files"),
        ("notes.txt", "is not a table that Kamado reads"),
        ("a.b.csv", "is called 'a.b', which is not the name of a table"),
        ("", "TABLE: is not given"),
    ],
)
def test_a_table_that_is_none_is_refused_by_name(name, words, tmp_path):
    (tmp_path / "empty").mkdir()
    for file in ("notes.txt", "a.b.csv"):
        (tmp_path / file).write_text("a,b\n1,2\n")
    with pytest.raises(KamadoError, match=words):
        find_table(str(tmp_path / name) if (tmp_path / name).exists() and name else name)


@pytest.mark.case("make new with shell and make code in its variables")
def test_make_gives_its_variables_to_nobody_as_code(tmp_path, outcome):
    mark = tmp_path / "mark"
    hostile = f'x";touch {mark};"$(shell touch {mark})`touch {mark}`'
    done = subprocess.run(
        ["make", "-o", ".venv/installed.txt", "new", f"MODEL={hostile}", f"TABLE={hostile}", f"LABEL={hostile}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "not the name of a model" in done.stdout
    assert not mark.exists()
    outcome(done.stdout.splitlines()[1])


def test_words_of_a_name():
    assert words_of("customerID") == ("customer", "id")
    assert words_of("srch_id") == ("srch", "id")
    assert words_of("OperatingSystems") == ("operating", "systems")
    assert words_of("HTTPStatusCode") == ("http", "status", "code")


def test_aliases_differ_whatever_their_case():
    assert aliases(["a b", "A_b", "row_key", "家賃"]) == {
        "a b": "a_b", "A_b": "A_b_2", "row_key": "the_row_key", "家賃": "column_4"
    }  # fmt: skip


def test_texts_are_written_so_that_they_are_read_back():
    assert [in_yaml(word) for word in ("rent", "no", "null", "12", "a: b")] == [
        "rent",
        '"no"',
        '"null"',
        '"12"',
        '"a: b"',
    ]
    assert literal("it's \\ \n") == r"'it\'s \\ \U0000000a'"
    assert shown("a\nb\x1b[31m\u2028") == "a\\nb\\x1b[31m\\u2028"
    assert [written(value) for value in (1e6, 0.00012, -3.5, 0.0)] == ["1000000", "0.00012", "-3.5", "0"]
    assert [rounded(value, up=True) for value in (1234, -1234, 0.0123)] == [1300, -1200, 0.013]


SETS = {
    "shoppers": ("online_shoppers/online_shoppers_intention.csv.gz", "Revenue", "random", {"PageValues"}),
    "bank": ("bank_marketing/bank_additional_full.csv.gz", "y", "random", {"duration"}),
    "renthop": (
        "renthop_dev/renthop_dev_until_0613.csv.gz", "inquiry", "time",
        {"place_id", "interest_level", "inquiry_high"},
    ),
    "telco": ("telco_churn/telco_customer_churn.csv.gz", "Churn", "random", set()),
    "visits": ("hillstrom_email/hillstrom.csv.gz", "visit", "random", {"conversion", "spend"}),
    "conversions": ("hillstrom_email/hillstrom.csv.gz", "conversion", "random", {"visit", "spend"}),
    "searches": (
        "expedia_small/expedia_first1000_lists.csv.gz", "click_bool", "time",
        {"booking_bool", "gross_bookings_usd", "comp1_rate", "comp1_inv", "comp1_rate_percent_diff"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_a_real_table_gets_a_sensible_spec(name, tmp_path):
    file, label, split, left_out = SETS[name]
    draft, _ = draft_of(name, find_table(str(shared(file))), label, today=TODAY, progress=lambda _: None)
    write(draft, tmp_path / name)
    assert draft.split.by == split
    assert set(draft.left_out) == left_out
    spec = read_spec(tmp_path / name)
    assert set(spec.features) == set(draft.features)


def test_a_list_log_without_a_property_of_its_items_is_refused():
    table = find_table(str(shared("renthop_listlog_dev/listlog.csv.gz")))
    with pytest.raises(KamadoError, match="no column that a model can learn from"):
        draft_of("clicks", table, "click", today=TODAY, progress=lambda _: None)


def test_the_written_spec_of_a_real_table_comes_to_a_verdict(tmp_path):
    table = find_table(str(shared("online_shoppers/online_shoppers_intention.csv.gz")))
    draft, _ = draft_of("shoppers", table, "Revenue", today=TODAY, progress=lambda _: None)
    write(draft, tmp_path / "shoppers")
    assert run(read_spec(tmp_path / "shoppers"), table.data, tmp_path) in ("promote", "hold")
