"""Parts in order of time with their gaps, lists whole, users on one side; or by a hash of what stays together."""

import itertools
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.preprocess.preprocess import preprocess
from model.errors import DataError
from tests.logs import extracted, log, replaced, spec_of

PARTS = ("train", "calibration", "test")


def run(folder, spec, *tables):
    preprocess(spec, extracted(folder / "rows", spec, *tables), folder / "splits", progress=lambda *_: None)
    split = json.loads((folder / "splits" / "split.json").read_text())
    return {part: pq.read_table(folder / "splits" / f"{part}.parquet") for part in PARTS}, split


def ids(table, name):
    return set(table[name].drop_null().to_pylist())


def check_disjoint(parts, *names):
    for name in names:
        for first, second in itertools.combinations(PARTS, 2):
            assert not ids(parts[first], name) & ids(parts[second], name), (name, first, second)


def test_by_time_the_gap_is_the_conversion_window(tmp_path):
    parts, split = run(tmp_path, spec_of(), log())
    for earlier, later in (("train", "calibration"), ("calibration", "test")):
        first, last = min(parts[later]["shown_at"].to_pylist()), max(parts[earlier]["shown_at"].to_pylist())
        assert (first - last).total_seconds() > 3 * 86_400
    assert split["gap"] > 0
    assert split["cuts"]["test_start"] == "2026-06-16T00:00:00Z"
    check_disjoint(parts, "list_id", "user_id")


def test_the_counts_add_up(tmp_path):
    parts, split = run(tmp_path, spec_of(), log())
    rejections = json.loads((tmp_path / "splits" / "rejections.json").read_text())
    total = sum(counts["rows"] for counts in split["splits"].values()) + split["gap"] + split["purged"]
    assert total == rejections["rows_kept"]
    assert {part: table.num_rows for part, table in parts.items()} == {
        name: counts["rows"] for name, counts in split["splits"].items()
    }


def test_a_user_who_comes_back_is_purged_from_the_earlier_part_with_the_whole_list(tmp_path):
    users = log()["user_id"].to_pylist()
    users[0:5] = [users[-200]] * 5  # of the first list, seen again in the test days
    parts, split = run(tmp_path, spec_of(), replaced(log(), "user_id", users))
    assert split["purged"] >= 5
    assert "0" not in ids(parts["train"], "list_id")
    check_disjoint(parts, "user_id")


def test_a_missing_user_is_nobody(tmp_path):
    _, split = run(tmp_path, spec_of(), replaced(log(), "user_id", pa.nulls(3000, pa.string())))
    assert split["purged"] == 0


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 0.5), by=st.sampled_from(["time", "random", "group"]))
def test_whatever_the_log_no_list_or_user_is_on_two_sides(tmp_path_factory, seed, share, by):
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 8, 700)
    table = log(lists=700, seed=seed, rate=0.4).slice(0, int(sizes.sum()))
    lists = np.repeat(np.arange(700), sizes)[: table.num_rows]
    users = [None if random.uniform() < 0.2 else f"u{random.integers(0, 400 * (1 - share) + 50)}" for _ in range(700)]
    table = replaced(replaced(table, "list_id", lists), "user_id", [users[number] for number in lists])
    shares = {"test_share": 0.25, "calibration_share": 0.2, "min_train_share": 0.0}
    split = {"by": by, **shares} | ({"group": "listing_id"} if by == "group" else {})
    try:
        parts, _ = run(tmp_path_factory.mktemp("split"), spec_of(split=split), table)
    except DataError:  # everybody may know everybody: then a part is left empty, which is told
        return
    check_disjoint(parts, "user_id", "list_id", *(["listing_id"] if by == "group" else []))


def test_the_same_rows_in_another_order_give_the_same_files(tmp_path):
    table = log()
    shuffled = table.take(np.random.default_rng(1).permutation(table.num_rows))
    spec = spec_of(training__keep_negatives=0.5)
    run(tmp_path / "a", spec, table)
    run(tmp_path / "b", spec, shuffled.slice(1000), shuffled.slice(0, 1000))
    for file in (
        "train.parquet",
        "calibration.parquet",
        "test.parquet",
        "rejected.parquet",
        "split.json",
        "rejections.json",
    ):
        assert (tmp_path / "a/splits" / file).read_bytes() == (tmp_path / "b/splits" / file).read_bytes(), file


def test_negatives_are_sampled_in_training_alone_and_the_true_share_is_recorded(tmp_path):
    unsampled, _ = run(tmp_path / "whole", spec_of(), log())
    parts, split = run(tmp_path / "some", spec_of(training__keep_negatives=0.3), log())
    for part in ("calibration", "test"):
        assert parts[part].num_rows == unsampled[part].num_rows
    positives = sum(parts["train"]["inquired"].to_pylist())
    assert positives == sum(unsampled["train"]["inquired"].to_pylist()) == split["splits"]["train"]["positives"]
    sampling = split["sampling"]
    assert sampling["negatives_after"] == parts["train"].num_rows - positives
    assert sampling["kept_negatives"] == sampling["negatives_after"] / sampling["negatives_before"]
    assert 0.2 < sampling["kept_negatives"] < 0.4


def test_a_table_without_time_list_or_ids_is_split_by_a_hash_of_the_row(tmp_path):
    spec = spec_of(columns={"label": "inquired"}, split={"by": "random", "test_share": 0.25, "calibration_share": 0.15})
    parts, split = run(tmp_path, spec, log())
    assert 0.2 < parts["test"].num_rows / 3000 < 0.3
    assert split["cutoff"] == "2026-07-01T00:00:00Z"


def test_a_part_without_a_conversion_is_named_with_its_dates(tmp_path):
    label = [
        0 if moment.isoformat() >= "2026-06-16" else value
        for moment, value in zip(log()["shown_at"].to_pylist(), log()["inquired"].to_pylist(), strict=True)
    ]
    with pytest.raises(DataError, match=r"split.test: has no conversion in [\d,]+ rows .*test_start 2026-06-16"):
        run(tmp_path, spec_of(), replaced(log(), "inquired", label))
    assert not (tmp_path / "splits").exists()


def test_a_training_part_that_gaps_have_eaten_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"split.train: keeps \d+.\d%, less than split.min_train_share"):
        run(
            tmp_path,
            spec_of(split={"by": "time", "test_days": 20, "calibration_days": 20, "min_train_share": 0.5}),
            log(),
        )


SHARES = {"test_share": 0.25, "calibration_share": 1e-9, "min_train_share": 0.0}
BY_SHARES = {"split": {"by": "random", **SHARES}, "columns": {"label": "inquired"}, "source": {"end": "2026-07-01"}}
BY_DAYS = {"split": {"by": "time", "test_days": 12, "calibration_days": 1}}
ADVICE = {
    "by shares": (BY_SHARES, "Let the SQL select more rows, raise split.calibration_share"),
    "by days": (BY_DAYS, "Widen source.window_days, raise split.calibration_days, lower source.conversion_days"),
}


@pytest.mark.case("a calibration part that is empty, the spec split by shares, or by days")
@pytest.mark.parametrize("case", ADVICE)
def test_the_advice_on_an_empty_part_names_keys_of_this_spec(tmp_path, outcome, case):
    changes, advice = ADVICE[case]
    table = log(lists=40)
    day = [moment.isoformat()[:10] not in ("2026-06-11", "2026-06-12") for moment in table["shown_at"].to_pylist()]
    with pytest.raises(DataError) as refusal:
        run(tmp_path, spec_of(**changes), table.filter(pa.array(day)))
    (problem,) = [problem for problem in refusal.value.problems if problem.where == "split.calibration"]
    outcome(problem.hint)
    assert (problem.hint, problem.code) == (advice, "split-empty")


def test_with_too_few_conversions_for_any_verdict_a_part_may_have_none(tmp_path):
    label = np.zeros(3000, int)
    label[[5, 900, 1400]] = 1
    parts, split = run(tmp_path, spec_of(training__keep_negatives=0.001), replaced(log(), "inquired", label))
    assert split["splits"]["test"]["positives"] == 0
    assert split["sampling"]["kept_negatives"] > 0
    assert parts["train"].num_rows > 0
