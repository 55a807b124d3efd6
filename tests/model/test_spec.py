"""A spec that cannot be meant is refused, and every message names the key, what stands there, and the way out."""

import copy
import re
from pathlib import Path

import pydantic
import pytest
import yaml

from model.errors import SpecError
from model.spec.messages import problems_of
from model.spec.reader import read_spec
from model.spec.types import PARTS as MODELS
from model.spec.types import Spec
from model.spec.values import RESERVED

GOOD = """
model: rent-conversion
source: {sql: training.sql, window_days: 90, conversion_days: 14, max_bytes_billed: 200GB}
columns: {label: inquired, time: shown_at, list: list_id, item: listing_id, position: position}
features:
  rent: {kind: number, direction: decreasing}
  layout: {kind: category}
reject:
  - {name: rent per m2, expression: rent / area_m2, min: 500, max: 20000}
reject_budget: 5%
split: {by: time, test_days: 14, calibration_days: 7}
training: {trials: 60, minutes: 10, folds: 5, keep_negatives: 10%, seed: 7}
promotion:
  must_beat: [constant, logistic, current_order]
  champion: {metric: ips_conversions, rule: superiority, confidence: 95%}
  slices: [layout]
"""
WHITEOUT = object()


def changed(*changes):
    """The good spec with ("path.to.key", value) put in, or the key taken out."""
    spec = copy.deepcopy(yaml.safe_load(GOOD))
    for path, value in changes:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        part = spec
        for step in way:
            part = part[step]
        if value is WHITEOUT:
            del part[last]
        else:
            part[last] = value
    return spec


@pytest.fixture
def read(tmp_path):
    def write_and_read(spec, sql="SELECT 1"):
        text = spec if isinstance(spec, str) else yaml.safe_dump(spec)
        (tmp_path / "training.sql").write_text(sql)
        (tmp_path / "spec.yaml").write_text(text)
        return read_spec(tmp_path)

    return write_and_read


@pytest.fixture
def problems(read, tmp_path):
    def told(spec, sql="SELECT 1"):
        with pytest.raises(SpecError) as refusal:
            read(spec, sql)
        assert all(problem.code for problem in refusal.value.problems)
        lines = [f"{problem.where}: {problem.problem}. {problem.hint}" for problem in refusal.value.problems]
        return [line.replace(f"{tmp_path}/", "") for line in lines]

    return told


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


UNKNOWN = [
    ("modle", "Did you mean `model`?"),
    ("source.sqll", "Did you mean `sql`?"),
    ("columns.postion", "Did you mean `position`?"),
    ("features.rent.direktion", "Did you mean `direction`?"),
    ("reject.0.expresion", "Did you mean `expression`?"),
    ("split.test_day", "Did you mean `test_days`?"),
    ("training.trails", "Did you mean `trials`?"),
    ("promotion.must_beet", "Did you mean `must_beat`?"),
    ("promotion.champion.confidens", "Did you mean `confidence`?"),
    ("features.rent.xyz", "Known here: kind, direction, leak_waiver"),
]


@pytest.mark.parametrize(("path", "hint"), UNKNOWN)
def test_an_unknown_key_is_told_with_the_nearest_known_one(problems, path, hint):
    assert problems(changed((path, 1))) == [f"{path}: is an unknown key. {hint}"]


@pytest.mark.parametrize(
    "path", ["model", "columns", "columns.label", "features", "features.rent.kind", "reject.0.name", "split"]
)
def test_a_missing_key_is_named(problems, path):
    assert f"{path}: is missing. Add `{path.split('.')[-1]}:` to spec.yaml" in problems(changed((path, WHITEOUT)))


COLUMN = "Use the name of a column: letters, digits and _, not a digit first"
DAY = "Write a day, like 2026-07-01"
LIST = "Write a list, like [a, b]"
SHARE = "which is not a share of a whole. Write it like 5% or 0.05"
BYTES = "which is not an amount of bytes. Write it like 200GB"
GRAMMAR = "Use column names, numbers, + - * / and parentheses, for example: rent / area_m2"
SWITCH = "is True (yes, no, on and off mean that in YAML). Put it in quotes, or write another value"
VALUES = [
    (
        "model",
        "Rent Conversion",
        "is 'Rent Conversion'. Use lower-case letters, digits and single hyphens, like rent-conversion",
    ),
    ("model", "a" * 61, f"is '{'a' * 61}'. Use at most 60 characters"),
    ("source", None, "is None. Write its keys under it"),
    ("source.window_days", 0, "is 0. Write a number above 0"),
    ("source.window_days", "ninety", "is 'ninety'. Write a whole number, like 14"),
    ("source.window_days", True, SWITCH),
    ("source.conversion_days", -1, "is -1. Write 0 or more"),
    ("source.conversion_days", 10**400, f"is {'1' + '0' * 27}...{'0' * 29}. Write 36,525 or less"),
    ("split.test_days", "14d", "is '14d'. Write a whole number, like 14"),
    ("split.test_days", 10**400, f"is {'1' + '0' * 27}...{'0' * 29}. Write 36,525 or less"),
    ("training.minutes", "an hour", "is 'an hour'. Write a number, like 0.5"),
    ("columns.label", 5, "is 5. Write a text; in quotes, if YAML would read something else"),
    ("source.max_bytes_billed", "9" * 400 + "GB", f"is '{'9' * 37}...{'9' * 36}GB', {BYTES}"),
    ("source.end", "9999-12-31", "is '9999-12-31'. Write 2999-12-31 or less"),
    ("source.max_bytes_billed", "200 apples", f"is '200 apples', {BYTES}"),
    ("source.max_bytes_billed", "0GB", f"is '0GB', {BYTES}"),
    ("source.max_bytes_billed", True, f"is True, {BYTES}"),
    ("source.end", "2026-13-01", f"is '2026-13-01'. {DAY}"),
    ("source.end", 20260101, f"is 20260101. {DAY}"),
    ("source.sql", "../other.sql", "is '../other.sql', outside the spec's folder. Put the SQL file beside spec.yaml"),
    ("columns.label", "is it", f"is 'is it'. {COLUMN}"),
    ("columns.outcomes", "clicked", f"is 'clicked'. {LIST}"),
    ("features", {}, "is {}. Name at least one"),
    ("features", ["rent"], "is ['rent']. Write names with their keys under it"),
    ("features.rent", "number", "is 'number'. Write its keys under it"),
    ("features.rent.kind", "numeric", "is 'numeric'. Write 'number' or 'category'"),
    ("features.rent.direction", "up", "is 'up'. Write 'increasing' or 'decreasing'"),
    ("features.rent.leak_waiver", "is fine", "is 'is fine'. Use at least 10 characters"),
    ("features.inquired", {"kind": "number"}, "is label in `columns` and not an input. Delete it from features"),
    ("features.position", {"kind": "number"}, "is position in `columns` and not an input. Delete it from features"),
    ("reject", {"name": "rent"}, f"is {{'name': 'rent'}}. {LIST}"),
    ("reject.0.name", "a\tb", r"is 'a\tb', which has a control character. Write the name without it, in one line"),
    ("reject.0.expression", "rent >", f"'rent >' cannot be read. {GRAMMAR}"),
    ("reject.0.expression", "sqrt(rent)", f"'sqrt(rent)' is outside the grammar. {GRAMMAR}"),
    ("reject.0.expression", "3", f"'3' names no column. {GRAMMAR}"),
    ("reject.0.max", float("nan"), "is nan. Write a finite number"),
    ("reject_budget", "105%", f"is '105%', {SHARE}"),
    ("reject_budget", 5, f"is 5, {SHARE}"),
    ("reject_budget", "5 percent", f"is '5 percent', {SHARE}"),
    ("split.by", "week", "is 'week'. Write 'time', 'random' or 'group'"),
    ("split.test_days", -1, "is -1. Write a number above 0"),
    ("training.engine", "lightgbm", "is 'lightgbm'. Write 'xgboost'"),
    ("training.trials", 0, "is 0. Write a number above 0"),
    ("training.folds", 11, "is 11. Write 10 or less"),
    ("training.keep_negatives", "0%", "is 0.0. Write a number above 0"),
    ("promotion.must_beat", [], "is []. Name at least one"),
    ("promotion.champion.metric", "auc", "is 'auc'. Write 'ips_conversions' or 'log_loss'"),
    ("promotion.min_conversions", 10, "is 10. Write 50 or more"),
    ("promotion.slices", "layout", f"is 'layout'. {LIST}"),
    ("sql_text", "SELECT 1", "is not a key of spec.yaml. Put the query into the file that source.sql names"),
]


@pytest.mark.parametrize(
    ("path", "value", "told"), VALUES, ids=lambda part: None if isinstance(part, dict) else str(part)[:30]
)
def test_a_value_that_cannot_be_meant_is_told_with_what_to_write(problems, path, value, told):
    assert f"{path}: {told}" in problems(changed((path, value)))


def test_a_wrong_value_in_a_list_is_told_by_its_place_and_once(problems):
    assert problems(changed(("promotion.must_beat", ["logistics"]))) == [
        "promotion.must_beat.0: is 'logistics'. Write 'constant', 'logistic' or 'current_order'"
    ]


def test_a_feature_s_name_is_a_column_s(problems):
    assert problems(changed(("features.living area", {"kind": "number"}))) == [
        f"features: has the key 'living area'. {COLUMN}"
    ]


def test_a_feature_named_like_a_switch_must_be_quoted(problems):
    told = problems(GOOD.replace("layout: {", "no: {"))
    assert told == ["features: has the key False. Put the name in quotes"]


RANDOM = {"by": "random", "test_share": 0.2, "calibration_share": 0.1}
EITHER = "give either test_days and calibration_days, or test_share and calibration_share. Fix it in spec.yaml"
PARTS = [
    ("split", {"by": "time"}, EITHER),
    ("split", {"by": "time", "test_days": 14}, EITHER),
    ("split", {"by": "time", "test_days": 14, "calibration_days": 7, "test_share": 0.1}, EITHER),
    (
        "split",
        {"by": "random", "test_days": 14, "calibration_days": 7},
        "by: random is cut by test_share and calibration_share, not by days. Fix it in spec.yaml",
    ),
    (
        "split",
        {**RANDOM, "by": "group"},
        "`group` names the column for by: group, and goes with nothing else. Fix it in spec.yaml",
    ),
    (
        "split",
        {**RANDOM, "group": "user_id"},
        "`group` names the column for by: group, and goes with nothing else. Fix it in spec.yaml",
    ),
    (
        "split",
        {**RANDOM, "test_share": 0.95},
        "test_share and calibration_share leave nothing for training. Fix it in spec.yaml",
    ),
    ("split", {**RANDOM, "test_share": 0}, "test_share and calibration_share must be above 0. Fix it in spec.yaml"),
    (
        "features.layout",
        {"kind": "category", "direction": "increasing"},
        "a category has no direction. Delete `direction` or make it `kind: number`",
    ),
    ("reject.0", {"name": "rent", "expression": "rent"}, "has neither min nor max. Give at least one"),
    (
        "reject.0",
        {"name": "rent", "expression": "rent", "min": 3, "max": 2},
        "min 3 is above max 2. Fix it in spec.yaml",
    ),
    (
        "promotion.champion",
        {"rule": "non-inferiority"},
        "`margin` is needed for rule: non-inferiority, and goes with nothing else. Fix it in spec.yaml",
    ),
    ("promotion.champion", {"confidence": "50%"}, "confidence 0.5 must lie between 50% and 100%. Fix it in spec.yaml"),
]


@pytest.mark.parametrize(("path", "value", "told"), PARTS)
def test_a_part_whose_keys_contradict_each_other_is_told(problems, path, value, told):
    assert f"{path}: {told}" in problems(changed((path, value)))


def test_parts_that_need_each_other_are_told(problems):
    rules = [{"name": "rent", "expression": "rent", "min": 1}] * 2
    assert problems(changed(("columns.list", WHITEOUT), ("reject", rules), ("columns.item", "shown_at"))) == [
        "columns: shown_at plays two roles. Give each role its own column",
        "columns.list: is missing. A position means a place in a list, so name the list's id",
        "reject: two rules are named 'rent'. The ledger needs one name each",
    ]


@pytest.mark.case("a list of names with one twice: two reasons of one rule, which the gate refuses after training")
@pytest.mark.parametrize("path", ["columns.outcomes", "columns.key", "promotion.must_beat", "promotion.slices"])
def test_a_list_names_nothing_twice(problems, outcome, path):
    told = problems(changed((path, ["constant", "constant"])))
    outcome(told)
    assert f"{path}: names constant 2 times. Name it once" in told


@pytest.mark.case("a window that ends before a model's first year")
def test_a_window_that_no_model_may_have_is_refused_before_training(problems, outcome):
    (told,) = problems(changed(("source.end", "1979-12-31")))
    outcome(told)
    assert told.startswith("source.end: is '1979-12-31'. Write 1990-01-01 or more")


def test_without_positions_nothing_may_be_asked_of_the_order(problems):
    assert problems(changed(("columns.position", WHITEOUT))) == [
        "promotion.must_beat: current_order needs columns.position, which is missing. Fix it in spec.yaml",
        "promotion.champion.metric: ips_conversions needs columns.position, which is missing. Use log_loss",
    ]


def test_without_times_the_split_and_the_day_are_asked_for(problems):
    assert problems(changed(("columns.time", WHITEOUT))) == [
        "split.by: is time, but columns.time is missing. Name the time column or split by random",
        "source.end: is missing. Data without a time column need the day they were taken, as end: 2026-07-01",
    ]


def test_faults_of_all_parts_are_told_at_once(problems):
    wrong = [("model", WHITEOUT), ("modle", "x"), ("split.by", "week"), ("training.trails", 3), ("training.seed", True)]
    assert sorted(problems(changed(*wrong), sql=" ")) == [
        "model: is missing. Add `model:` to spec.yaml",
        "modle: is an unknown key. Did you mean `model`?",
        "source.sql: names 'training.sql', which is empty. Write one GoogleSQL query into it",
        "split.by: is 'week'. Write 'time', 'random' or 'group'",
        f"training.seed: {SWITCH}",
        "training.trails: is an unknown key. Did you mean `trials`?",
    ]


TEXTS = [
    ("", "spec.yaml: holds no keys. Start from examples/rental_portal/spec.yaml"),
    ("- a", "spec.yaml: holds no keys. Start from examples/rental_portal/spec.yaml"),
    ("a: [", "spec.yaml: is not YAML (while parsing a flow node"),
    ("a: 2026-99-99", "spec.yaml: is not YAML (month must be in 1..12). Fix that line"),
    ("a: !!python/object:os.system {}", "spec.yaml: is not YAML (could not determine a constructor"),
]


@pytest.mark.parametrize(("text", "told"), TEXTS)
def test_a_file_that_is_no_spec_is_told(problems, text, told):
    [problem] = problems(text)
    assert problem.startswith(told)


def test_every_key_that_stands_twice_is_told(problems):
    told = problems("model: a\nseed: 1\nmodel: b\nsplit: {by: time, by: random}")
    assert "key 'model': stands twice, the second at line 3. Keep the one that is meant" in told
    assert "key 'by': stands twice, the second at line 4. Keep the one that is meant" in told


def test_an_anchor_that_holds_itself_ends_in_a_refusal(problems):
    assert "model: is missing. Add `model:` to spec.yaml" in problems("a: &all [*all]")


def test_bytes_that_are_no_text_are_told(tmp_path):
    (tmp_path / "spec.yaml").write_bytes(b"model: \xff")
    with pytest.raises(SpecError, match="is not YAML"):
        read_spec(tmp_path)


def test_a_folder_without_a_spec_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"spec\.yaml: is missing\. SPEC names a folder with spec\.yaml and its SQL"):
        read_spec(tmp_path / "none")


def test_a_query_that_is_not_there_is_named(read, problems, tmp_path):
    [problem] = problems(changed(("source.sql", "other.sql")))
    assert problem.startswith("source.sql: names 'other.sql', which cannot be read in")
    assert problem.endswith("Put the SQL file beside spec.yaml")


def test_a_query_that_is_no_text_is_told(tmp_path):
    folder = tmp_path / "latin"
    folder.mkdir()
    (folder / "spec.yaml").write_text("model: a\nsource: {sql: training.sql}\n")
    (folder / "training.sql").write_bytes("SELECT 1 -- Stra\u00dfe".encode("latin-1"))
    with pytest.raises(SpecError, match=r"which is not UTF-8 .*Save it as UTF-8"):
        read_spec(folder)


def test_a_window_of_more_than_a_hundred_years_is_told(problems):
    assert "source.window_days" in " ".join(problems(changed(("source.window_days", 800_000))))


def test_the_spec_in_the_readme_is_the_file_that_it_names():
    root = Path(__file__).resolve().parents[2]
    block = (root / "README.md").read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    file = (root / "examples" / "rental_portal" / "spec.yaml").read_text("utf-8")
    assert block == "".join(line for line in file.splitlines(keepends=True) if not line.startswith("#"))


@pytest.mark.parametrize("name", ["unit", "Part", "row_key"])
def test_a_column_named_like_one_of_the_steps_own_is_told_with_the_way_around(problems, name):
    told = problems(changed((f"features.{name}", {"kind": "number"})))
    assert told == [
        f"column {name}: is a name that the steps use for themselves. Rename it: SELECT {name} AS the_{name}"
    ]


def test_every_column_that_preprocess_adds_is_reserved():
    root = Path(__file__).resolve().parents[2] / "components" / "preprocess"
    added = {
        name for path in root.glob("*.py") for name in re.findall(r"\bAS ([a-z]+(?:_[a-z]+)*)\b", path.read_text())
    }
    # These name columns of counts, beside which no column of a person stands.
    assert added - RESERVED <= {"first", "last", "rows", "positives", "copy", "member"}


def test_a_seed_beyond_the_generators_is_told(problems):
    assert any("training.seed" in one for one in problems(changed(("training.seed", 10**30))))


def test_a_spec_that_is_a_folder_is_told(tmp_path):
    (tmp_path / "spec.yaml").mkdir()
    with pytest.raises(SpecError, match=r"spec\.yaml: cannot be read \(Is a directory\)"):
        read_spec(tmp_path)


def test_a_conversion_at_once_is_said_and_not_guessed(read, problems):
    assert read(changed(("source.conversion_days", 0))).source.conversion_days == 0
    assert problems(changed(("source.conversion_days", WHITEOUT))) == [
        "source.conversion_days: is missing. Say how many days a conversion may take after the impression, 0 if it is "
        "known at once"
    ]
    assert read(changed(("source.conversion_days", WHITEOUT), ("columns.position", WHITEOUT), ("promotion", {}))).source


BOMB = "\n".join(f"k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9 if n else ['x'] * 9)}]" for n in range(9))
HOSTILE = {
    "lists 100,000 deep": "a: " + "[" * 100_000,
    "keys 100,000 deep": "{a: " * 100_000,
    "nine aliases of nine aliases of …": BOMB + "\nmodel: *a8",
    "a number of 5,000 digits": "split: {test_days: " + "9" * 5_000 + "}",
    "a number of 10,000 hexadecimal digits": "split: {test_days: 0x"
    + "f" * 10_000
    + "}\nreject_budget: 0x"
    + "f" * 10_000,
    "10**400 as a bound": "reject: [{name: a, expression: b, min: 1" + "0" * 400 + "}]",
    "10**400 as a share": "reject_budget: 1" + "0" * 400,
}


@pytest.mark.case("a spec that no computer could mean")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_spec_is_refused_in_a_few_lines(problems, outcome, case):
    told = problems(HOSTILE[case])
    outcome(told[0])
    assert all(len(line) < 700 for line in told)


VALUES_OF_ANY_KIND = [
    None, "", "x", "14d", -1, 0, 3, 1.5, float("nan"), float("inf"), 10**400, [], ["x"], {}, {"x": 1}, "2026-07-01",
    "5%",
]  # fmt: skip
PLACES = [
    "model", "source", "source.sql", "source.window_days", "source.end", "source.max_bytes_billed", "columns",
    "columns.label", "columns.outcomes", "columns.key", "features", "features.rent", "features.rent.kind",
    "features.rent.direction", "features.rent.leak_waiver", "reject", "reject.0", "reject.0.name",
    "reject.0.expression", "reject.0.min", "reject_budget", "copies_budget", "split", "split.by", "split.test_days",
    "split.seed", "split.group", "training", "training.engine", "training.trials", "training.minutes", "training.folds",
    "training.keep_negatives", "promotion", "promotion.must_beat", "promotion.champion",
    "promotion.champion.confidence", "promotion.slices", "promotion.max_unseen", "promotion.min_conversions",
]  # fmt: skip
FOREIGN = re.compile(r"Input should|unable to parse|Field required|valid (integer|number|string|tuple|dict)|docs/spec")


@pytest.mark.case("any wrong value under any key of a spec")
def test_no_wrong_value_is_told_in_words_that_are_not_ours(outcome):
    lines = set()
    for path in PLACES:
        for value in VALUES_OF_ANY_KIND:
            try:
                Spec.model_validate(changed((path, value)))
            except pydantic.ValidationError as error:
                lines |= {str(problem) for problem in problems_of(error, Spec, MODELS)}
    outcome(f"{len(lines)} messages, none in the words of a library")
    assert [line for line in sorted(lines) if FOREIGN.search(line)] == []
    assert len(lines) > 200
