"""Several cuts: each tests on rows that its model has not seen, and one verdict pools them."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow.parquet as pq
import pydantic
import pytest

from artifacts.pool import Pool
from artifacts.split import SplitSummary, cut_folder, split_file
from artifacts.verdict import Verdict
from build.gate.verdict import verdict_problems
from components.evaluate.decide.decide import decide
from components.evaluate.inputs import EvaluationInputs, InputFolders
from components.evaluate.new_rows import new_to_champion
from components.evaluate.test_set import read_rows
from components.preprocess.preprocess import preprocess
from model.bundle.bundle import load
from model.errors import DataError
from tests.evaluate.evidence import UNCLEAR, criteria, evidence
from tests.evaluate.runs import evaluated, metrics_of, reason
from tests.logs import extracted, log, spec_of
from tests.runs import quiet, train_into

BY_TIME = {
    "split": {"by": "time", "test_days": 10, "calibration_days": 8, "cuts": 3},
    "source__conversion_days": 2,
    "promotion": {"must_beat": ["constant", "current_order"], "slices": ["layout"], "min_conversions": 300},
}
AT_RANDOM = {"by": "random", "test_share": 0.25, "calibration_share": 0.2}
FILES = ("train.parquet", "calibration.parquet", "test.parquet", "split.json")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(folder, spec) of three cuts by time, evaluated."""
    folder, spec = tmp_path_factory.mktemp("cuts"), spec_of(**BY_TIME)
    train_into(folder, spec, trials=1, table=log(lists=1_600))
    evaluated(folder, spec)
    return folder, spec


def inputs_of(run, champion):
    folder, spec = run
    trained, splits = folder / "trained", folder / "splits"
    folders = InputFolders(trained / "bundle", splits, trained, folder / "rows", champion)
    return EvaluationInputs.read(spec, folders, threads=1)


def column(folder, split, name):
    return np.array(pq.read_table(split_file(folder, split), columns=[name])[name].to_pylist())


def test_each_cut_by_time_tests_on_the_block_before_with_the_same_gaps(run):
    folder, spec = run
    newer = None
    for number in spec.split.numbers:
        cut = cut_folder(folder / "splits", number)
        times = {split: column(cut, split, "shown_at") for split in ("train", "calibration", "test")}
        for earlier, later in (("train", "calibration"), ("calibration", "test")):
            assert (times[later].min() - times[earlier].max()).total_seconds() > 2 * 86_400
        users = [set(column(cut, split, "user_id")) for split in times]
        assert sum(map(len, users)) == len(set().union(*users))
        assert newer is None or times["test"].max() < newer
        newer = times["test"].min()
        assert SplitSummary.read(cut).splits.test.rows == len(times["test"])


@pytest.mark.parametrize("split", [BY_TIME["split"], AT_RANDOM | {"cuts": 4}], ids=["by time", "at random"])
def test_the_first_cut_has_the_bytes_of_a_spec_without_cuts(tmp_path, split):
    single, several = spec_of(split={**split, "cuts": 1}), spec_of(split=split, source__conversion_days=3)
    for name, spec in (("single", single), ("several", several)):
        preprocess(spec, extracted(tmp_path / name, spec, log()), tmp_path / f"{name}-splits", progress=quiet)
    for file in (*FILES, "rest.parquet"):
        assert (tmp_path / "single-splits" / file).read_bytes() == (tmp_path / "several-splits" / file).read_bytes(), (
            file
        )
    assert not (tmp_path / "single-splits" / "cuts").exists()


def test_at_random_every_row_is_tested_once(tmp_path):
    spec = spec_of(columns={"label": "inquired"}, split=AT_RANDOM | {"cuts": 4})
    preprocess(spec, extracted(tmp_path / "rows", spec, log()), tmp_path / "splits", progress=quiet)
    cuts = [SplitSummary.read(cut_folder(tmp_path / "splits", number)) for number in spec.split.numbers]
    assert sum(cut.splits.test.rows for cut in cuts) == 3_000
    assert all(sum(cut.rows.values()) == 3_000 for cut in cuts)


def test_one_verdict_pools_the_test_rows_of_all_cuts(run, outcome):
    folder, _ = run
    verdict, metrics = Verdict.read(folder / "evaluated"), metrics_of(folder)
    outcome(f"{verdict.verdict}: {reason(verdict, 'conversions').message}")
    assert verdict.verdict == "promote"
    assert [cut.cut for cut in metrics.cuts] == [1, 2, 3]
    assert verdict.cuts[0].bundle == verdict.bundle == load(folder / "trained" / "bundle").digest
    assert len({cut.bundle for cut in verdict.cuts}) == len({cut.test_rows_sha256 for cut in verdict.cuts}) == 3
    assert verdict.metrics["conversions"] == sum(cut.conversions for cut in verdict.cuts) >= 300
    assert verdict.metrics["rows"] == sum(cut.rows for cut in metrics.cuts)
    assert max(cut.conversions for cut in verdict.cuts) < 300, "none alone would do"
    assert reason(verdict, "conversions").message.startswith("The test splits of 3 cuts have")
    report = (folder / "evaluated" / "report.html").read_text("utf-8")
    assert "The 3 cuts that were pooled" in report
    assert report.count('data-label="Conversions in training"') == 3


def test_errors_of_pooled_gains_are_wider_than_the_draws(run):
    folder, _ = run
    pooled = {(gain.over, gain.by): gain for gain in metrics_of(folder).comparisons}
    alone = metrics_of(folder).cuts[0].gains
    for gain in alone:
        if gain.over == "constant":
            assert pooled[gain.over, gain.by].se > 1.1 * gain.se / np.sqrt(3)
    assert (Pool(3).widening, Pool(1).widening) == (1.4, 1.0)


def test_the_gate_accepts_its_verdict_and_counts_every_cut(run):
    folder, _ = run
    bundle = load(folder / "trained" / "bundle")
    data = (folder / "evaluated" / "verdict.json").read_bytes()
    assert verdict_problems(data, digest=bundle.digest, manifest=bundle.manifest) == []


def test_a_champion_is_compared_on_the_cuts_that_are_newer_than_it(run):
    folder, spec = run
    older = inputs_of(run, folder / "trained" / "cuts" / "2" / "bundle")
    rows = read_rows(spec, [cut.test for cut in older.cuts])
    counts = [cut.rows for cut in older.cuts]
    new = new_to_champion(older, rows)
    assert new[: -counts[2]].all()
    shown = column(older.cuts[2].splits, "test", "shown_at")
    until = datetime.fromisoformat(older.champion.bundle.manifest.lineage.trained_until)
    shown = np.array([moment.replace(tzinfo=UTC) for moment in shown])
    assert new[-counts[2] :].tolist() == (shown >= until).tolist()
    assert 0 < new[-counts[2] :].sum() < counts[2] / 2
    by_hash = spec.split.model_copy(update={"by": "random"})
    timeless = spec.model_copy(update={"columns": spec.columns.model_copy(update={"time": None}), "split": by_hash})
    assert new_to_champion(replace(older, spec=timeless), rows).sum() == counts[0]


def test_who_has_too_few_conversions_reads_how_many_cuts_would_pool_enough():
    few = replace(evidence(conversions=80.0), pool=Pool(1, 80, 4))
    [result] = [result for result in decide(few, criteria()).results if result.rule == "conversions"]
    assert result.message.endswith("200 are needed for any verdict. `split: {cuts: 3}` would pool about 240.")
    assert Pool(1, 80, 2).advice(200) == Pool(3, 80, 3).advice(300) == ""
    unclear = replace(evidence(gains={"constant": UNCLEAR}), pool=Pool(1, 1_000, 50))
    [result] = [result for result in decide(unclear, criteria()).results if result.rule == "beats constant"]
    assert "it needs about 13,000. `split: {cuts: 26}` would pool about 26,000." in result.message


def test_cuts_that_the_rows_do_not_allow_are_refused(tmp_path):
    with pytest.raises(pydantic.ValidationError, match=r"5 cuts of test_share 0\.25 are more than all rows"):
        spec_of(split=AT_RANDOM | {"cuts": 5})
    with pytest.raises(pydantic.ValidationError, match=r"4 cuts of test_share 0\.25 leave nothing for training"):
        spec_of(split=AT_RANDOM | {"by": "time", "cuts": 4})
    spec = spec_of(split={"by": "time", "test_days": 12, "calibration_days": 8, "cuts": 6})
    with pytest.raises(DataError, match=r"split\.train of cut 6: has no rows.*lower split\.cuts"):
        preprocess(spec, extracted(tmp_path / "rows", spec, log()), tmp_path / "splits", progress=quiet)


def test_the_curve_counts_a_conversion_once_although_an_older_cut_tests_on_it(run):
    folder, _spec = run
    splits = folder / "splits"
    position = load(folder / "trained" / "bundle").manifest.position
    assert position is not None
    names = ("test",) if position.examination else ("train", "calibration", "test")
    random = [column(splits, name, "inquired")[column(splits, name, "explore") == 1].sum() for name in names]
    source = metrics_of(folder).examination.source
    assert source.startswith(f"{sum(random):,.0f} conversions in lists in random order")
