"""A wrong key or value is refused, and the message names the key, the value and what to write."""

import pytest

from tests.model.specs import ABSENT, GOOD, SWITCH, changed

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
    ("features.rent.xyz", "Known here: kind, direction, unknown, statistic, leak_waiver"),
]


@pytest.mark.parametrize(("path", "hint"), UNKNOWN)
def test_an_unknown_key_is_reported_with_the_nearest_known_one(problems, path, hint):
    assert problems(changed((path, 1))) == [f"{path}: is an unknown key. {hint}"]


@pytest.mark.parametrize(
    "path", ["model", "columns", "columns.label", "features", "features.rent.kind", "reject.0.name", "split"]
)
def test_a_missing_key_is_named(problems, path):
    assert f"{path}: is missing. Add `{path.split('.')[-1]}:` to spec.yaml" in problems(changed((path, ABSENT)))


COLUMN = "Use the name of a column: letters, digits and _, not a digit first"
EXPORT = "Write it as gs://BUCKET/PREFIX, in letters, digits and . _ - =, the bucket in lower case"
DAY = "Write a day, like 2026-07-01"
LIST = "Write a list, like [a, b]"
SCHEDULER = "Write it as tcp://HOST:PORT or tls://HOST:PORT, as the scheduler prints it"
SHARE = "which is not a share of a whole. Write it like 5% or 0.05"
BYTES = "which is not an amount of bytes. Write it like 200GB"
GRAMMAR = "Use column names, numbers, + - * / and parentheses, for example: rent / area_m2"
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
    ("source.export", "s3://logs/x", f"is 's3://logs/x'. {EXPORT}"),
    ("source.export", "gs://Logs/x", f"is 'gs://Logs/x'. {EXPORT}"),
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
    ("training.engine", "lightgbm", "is 'lightgbm'. Write 'xgboost' or 'xgboost-dask'"),
    ("training.scheduler", "dask:8786", f"is 'dask:8786'. {SCHEDULER}"),
    ("training.scheduler", "tcp://dask", f"is 'tcp://dask'. {SCHEDULER}"),
    ("training.scheduler", "http://dask:8787", f"is 'http://dask:8787'. {SCHEDULER}"),
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
    ("path", "value", "message"), VALUES, ids=lambda part: None if isinstance(part, dict) else str(part)[:30]
)
def test_a_value_that_cannot_be_meant_is_reported_with_what_to_write(problems, path, value, message):
    assert f"{path}: {message}" in problems(changed((path, value)))


def test_a_wrong_value_in_a_list_is_reported_by_its_place_and_once(problems):
    assert problems(changed(("promotion.must_beat", ["logistics"]))) == [
        "promotion.must_beat.0: is 'logistics'. Write 'constant', 'logistic' or 'current_order'"
    ]


def test_a_feature_s_name_is_a_column_s(problems):
    assert problems(changed(("features.living area", {"kind": "number"}))) == [
        f"features: has the key 'living area'. {COLUMN}"
    ]


def test_a_feature_named_like_a_switch_must_be_quoted(problems):
    messages = problems(GOOD.replace("layout: {", "no: {"))
    assert messages == ["features: has the key False. Put the name in quotes"]


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
        "`group` is required for by: group, and only valid with it. Fix it in spec.yaml",
    ),
    (
        "split",
        {**RANDOM, "group": "user_id"},
        "`group` is required for by: group, and only valid with it. Fix it in spec.yaml",
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
    (
        "features.rent",
        {"kind": "number", "unknown": "refuse"},
        "a number has no unknown categories. Delete `unknown` or make it `kind: category`",
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
        "`margin` is required for rule: non-inferiority, and only valid with it. Fix it in spec.yaml",
    ),
    ("promotion.champion", {"confidence": "50%"}, "confidence 0.5 must lie between 50% and 100%. Fix it in spec.yaml"),
]


@pytest.mark.parametrize(("path", "value", "message"), PARTS)
def test_a_part_whose_keys_contradict_each_other_is_reported(problems, path, value, message):
    assert f"{path}: {message}" in problems(changed((path, value)))
