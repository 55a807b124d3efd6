"""A spec that contradicts itself is refused, and every message names the key, the problem and the hint."""

import re
from pathlib import Path

import pytest
import yaml

from model.errors import SpecError
from model.spec.reader import read_spec
from model.spec.types import Spec
from model.spec.values import RESERVED
from tests.model.specs import ABSENT, GOOD, SWITCH, changed


def test_a_good_spec_is_read_with_its_query(read):
    spec = read(GOOD, sql="SELECT rent FROM log")
    assert (spec.model, spec.sql_text) == ("rent-conversion", "SELECT rent FROM log")
    assert (spec.reject_budget, spec.training.keep_negatives, spec.promotion.champion.confidence) == (0.05, 0.1, 0.95)
    assert spec.source.max_bytes_billed == 200 * 10**9
    assert spec.feature_columns == ("rent", "layout", "position")
    assert set(spec.used_columns) >= {"inquired", "area_m2", "layout", "listing_id"}


def test_a_spec_survives_the_way_through_a_pipeline_parameter(read):
    spec = read(GOOD)
    again = Spec.from_json(spec.to_json())
    assert again == spec
    assert (again.spec_sha256, again.sql_sha256) == (spec.spec_sha256, spec.sql_sha256)


def test_the_spec_s_digest_follows_what_is_asked_and_not_how_it_is_written(read):
    digest = read(GOOD).spec_sha256
    assert read(yaml.safe_dump(yaml.safe_load(GOOD))).spec_sha256 == digest
    assert read(GOOD, sql="SELECT 2").spec_sha256 == digest
    assert read(changed(("training.seed", 8))).spec_sha256 != digest


@pytest.mark.parametrize(
    ("text", "share"), [("5%", 0.05), ("0.05", 0.05), (0.05, 0.05), ("12.5 %", 0.125), (0, 0), (1, 1)]
)
def test_a_share_is_written_either_way(read, text, share):
    assert read(changed(("reject_budget", text))).reject_budget == share


@pytest.mark.parametrize(
    ("text", "number"), [("1.5TB", 15 * 10**11), ("200 gb", 2 * 10**11), (5000, 5000), ("5000", 5000)]
)
def test_bytes_have_units(read, text, number):
    assert read(changed(("source.max_bytes_billed", text))).source.max_bytes_billed == number


@pytest.mark.case("a rule whose expression is a block of YAML: a line break that the gate would refuse after training")
def test_an_expression_is_one_line(read, outcome):
    rule = read(changed(("reject.0.expression", "rent /\n  area_m2\n"))).reject[0]
    outcome(repr(rule.expression))
    assert rule.expression == "rent / area_m2"


def test_parts_that_need_each_other_are_reported(problems):
    rules = [{"name": "rent", "expression": "rent", "min": 1}] * 2
    assert problems(changed(("columns.list", ABSENT), ("reject", rules), ("columns.item", "shown_at"))) == [
        "columns: shown_at plays two roles. Give each role its own column",
        "columns.list: is missing. A position means a place in a list, so name the list's id",
        "reject: two rules are named 'rent'. Rejected rows are counted by name, so give each its own",
    ]


def test_an_engine_and_its_cluster_are_named_together(read, problems):
    dask, address = ("training.engine", "xgboost-dask"), ("training.scheduler", "tcp://dask-scheduler.dask:8786")
    training = read(changed(dask, address)).training
    assert (training.engine, training.scheduler) == ("xgboost-dask", "tcp://dask-scheduler.dask:8786")
    assert problems(changed(dask, ("columns.list", ABSENT))) == [
        "columns.list: is missing. A position means a place in a list, so name the list's id",
        "training.scheduler: is missing. Give the address of the cluster's scheduler, tcp://HOST:PORT",
    ]
    assert problems(changed(address)) == [
        "training.scheduler: is for engine: xgboost-dask alone. Delete it, or name the engine"
    ]


def test_another_address_of_the_cluster_asks_for_the_same_model(read):
    engine = ("training.engine", "xgboost-dask")
    first, second = (read(changed(engine, ("training.scheduler", f"tcp://{host}:8786"))) for host in ("a", "[::1]"))
    assert first.spec_sha256 == second.spec_sha256 != read(GOOD).spec_sha256


@pytest.mark.case("a list of names with one twice: two reasons of one rule, which the gate refuses after training")
@pytest.mark.parametrize("path", ["columns.outcomes", "columns.key", "promotion.must_beat", "promotion.slices"])
def test_a_list_names_nothing_twice(problems, outcome, path):
    messages = problems(changed((path, ["constant", "constant"])))
    outcome(messages)
    assert f"{path}: names constant 2 times. Name it once" in messages


@pytest.mark.case("a window that ends before a model's first year")
def test_a_window_that_no_model_may_have_is_refused_before_training(problems, outcome):
    (message,) = problems(changed(("source.end", "1979-12-31")))
    outcome(message)
    assert message.startswith("source.end: is '1979-12-31'. Write 1990-01-01 or more")


def test_without_positions_nothing_may_be_asked_of_the_order(problems):
    assert problems(changed(("columns.position", ABSENT))) == [
        "promotion.must_beat: current_order needs columns.position, which is missing. Fix it in spec.yaml",
        "promotion.champion.metric: ips_conversions needs columns.position, which is missing. Use log_loss",
    ]


def test_without_times_the_split_and_the_day_are_asked_for(problems):
    assert problems(changed(("columns.time", ABSENT))) == [
        "split.by: is time, but columns.time is missing. Name the time column or split by random",
        "source.end: is missing. Data without a time column need the day they were taken, as end: 2026-07-01",
    ]


def test_faults_of_all_parts_are_reported_at_once(problems):
    wrong = [("model", ABSENT), ("modle", "x"), ("split.by", "week"), ("training.trails", 3), ("training.seed", True)]
    assert sorted(problems(changed(*wrong), sql=" ")) == [
        "model: is missing. Add `model:` to spec.yaml",
        "modle: is an unknown key. Did you mean `model`?",
        "source.sql: names 'training.sql', which is empty. Write one GoogleSQL query into it",
        "split.by: is 'week'. Write 'time', 'random' or 'group'",
        f"training.seed: {SWITCH}",
        "training.trails: is an unknown key. Did you mean `trials`?",
    ]


def test_a_window_of_more_than_a_hundred_years_is_reported(problems):
    assert "source.window_days" in " ".join(problems(changed(("source.window_days", 800_000))))


def test_the_spec_in_the_readme_is_the_file_that_it_names():
    root = Path(__file__).resolve().parents[2]
    block = (root / "README.md").read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    file = (root / "examples" / "rental_portal" / "spec.yaml").read_text("utf-8")
    assert block == "".join(line for line in file.splitlines(keepends=True) if not line.startswith("#"))


@pytest.mark.parametrize("name", ["unit", "Split", "row_key"])
def test_a_column_named_like_one_of_the_steps_own_is_reported_with_the_way_around(problems, name):
    messages = problems(changed((f"features.{name}", {"kind": "number"})))
    assert messages == [
        f"column {name}: is a name that the steps use for themselves. Rename it: SELECT {name} AS the_{name}"
    ]


def test_every_column_that_preprocess_adds_is_reserved():
    root = Path(__file__).resolve().parents[2] / "components" / "preprocess"
    added = {
        name for path in root.glob("*.py") for name in re.findall(r"\bAS ([a-z]+(?:_[a-z]+)*)\b", path.read_text())
    }
    # These name columns of counts, beside which no column of a person stands.
    assert added - RESERVED <= {"first", "last", "rows", "positives", "copy", "member"}


def test_a_seed_beyond_the_generators_is_reported(problems):
    assert any("training.seed" in line for line in problems(changed(("training.seed", 10**30))))


def test_a_spec_that_is_a_folder_is_reported(tmp_path):
    (tmp_path / "spec.yaml").mkdir()
    with pytest.raises(SpecError, match=r"spec\.yaml: cannot be read \(Is a directory\)"):
        read_spec(tmp_path)


def test_a_conversion_at_once_is_said_and_not_guessed(read, problems):
    assert read(changed(("source.conversion_days", 0))).source.conversion_days == 0
    assert problems(changed(("source.conversion_days", ABSENT))) == [
        "source.conversion_days: is missing. Say how many days a conversion may take after the impression, 0 if it is "
        "known at once"
    ]
    assert read(changed(("source.conversion_days", ABSENT), ("columns.position", ABSENT), ("promotion", {}))).source
