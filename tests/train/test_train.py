"""Training: repeatable bytes, the right kind of model for the data, directions kept, calibration applied once."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artifacts.split import split_file
from artifacts.training import TrainingReport
from components.train.golden import edge_rows, usual_rows
from components.train.learn_features import learn_features
from components.train.row_arrays import RowStorage
from components.train.split_rows import read_rows
from components.train.train import train
from model.bundle.bundle import load
from model.bundle.examination import ExaminationTable
from model.bundle.folder import bundle_digest
from model.bundle.predictor import GOLDEN_TOLERANCE, Predictor
from model.errors import DataError
from serving.score import load_and_verify
from tests.logs import log, replaced, spec_of
from tests.runs import quiet, small_run, train_into

ROOT = Path(__file__).resolve().parents[2]


def columns_of(bundle, table):
    return {feature.name: table[feature.name].to_pylist() for feature in bundle.manifest.inputs}


def test_the_same_parts_give_the_same_bytes_on_one_thread_and_on_two(tmp_path):
    single = train_into(tmp_path / "one", threads=1)
    double = train_into(tmp_path / "two", threads=2)
    for file in ("training.json", "baselines.json", "bundle/manifest.json", "bundle/booster.ubj", "bundle/golden.json"):
        assert (single / "trained" / file).read_bytes() == (double / "trained" / file).read_bytes(), file


def test_rows_in_files_give_the_same_bytes_as_rows_in_memory(tmp_path):
    run, spec = small_run(tmp_path), spec_of()
    train(spec, run / "splits", run / "rows", run / "o", trials=3, minutes=10, threads=1, in_memory=0, progress=quiet)
    for file in ("training.json", "baselines.json", "bundle/manifest.json", "bundle/booster.ubj", "bundle/golden.json"):
        assert (run / "o" / file).read_bytes() == (run / "trained" / file).read_bytes(), file


def test_another_seed_gives_another_model(tmp_path):
    small_run(tmp_path / "one")
    train_into(tmp_path / "two", spec_of(training__seed=8))
    assert bundle_digest(tmp_path / "one/trained/bundle") != bundle_digest(tmp_path / "two/trained/bundle")


def test_golden_rows_come_out_again_and_hold_the_edges(tmp_path):
    bundle = load(small_run(tmp_path) / "trained" / "bundle")
    assert load_and_verify(tmp_path / "trained" / "bundle").largest_difference <= GOLDEN_TOLERANCE
    assert len(bundle.golden) >= 100
    inputs = [row.input for row in bundle.golden]
    assert dict.fromkeys(inputs[0]) in inputs, "a row with everything missing"
    assert any(row["layout"] not in (None, "1K", "2DK", "3LDK") for row in inputs), "an unseen category"


def test_directions_hold_everywhere_on_the_calibrated_model(tmp_path):
    bundle = load(small_run(tmp_path) / "trained" / "bundle")
    predictor = Predictor(bundle)
    test = pq.read_table(tmp_path / "splits" / "test.parquet").slice(0, 100)
    columns = columns_of(bundle, test)
    before = None
    for rent in np.linspace(100, 9000, 60):
        p = predictor.probability(predictor.encode({**columns, "rent": [rent] * 100}))
        assert before is None or (p <= before).all(), rent
        before = p
    first, last = (predictor.probability(predictor.encode(columns, position=[position] * 100)) for position in (1, 5))
    assert (first >= last).all()


def test_the_order_is_scored_as_if_shown_first(tmp_path):
    bundle = load(small_run(tmp_path) / "trained" / "bundle")
    predictor = Predictor(bundle)
    columns = columns_of(bundle, pq.read_table(tmp_path / "splits" / "test.parquet").slice(0, 50))
    first = predictor.probability(predictor.encode(columns))
    assert np.array_equal(first, predictor.probability(predictor.encode(columns, position=[1] * 50)))


def test_sampling_is_corrected_exactly_once(tmp_path):
    train_into(tmp_path, spec_of(training__keep_negatives=0.3), table=log(lists=1500))
    bundle = load(tmp_path / "trained" / "bundle")
    test = pq.read_table(tmp_path / "splits" / "test.parquet")
    predictor = Predictor(bundle)
    p = predictor.probability(predictor.encode(columns_of(bundle, test), position=test["position"].to_numpy()))
    assert 0.85 < p.sum() / test["inquired"].to_numpy().sum() < 1.15
    assert 0.25 < bundle.manifest.sampling.kept_negatives < 0.35


def test_a_linear_truth_is_left_to_the_linear_part_and_a_stepped_one_to_trees(tmp_path):
    random = np.random.default_rng(3)
    table = log(lists=1200, seed=3)
    x, u = random.uniform(-2, 2, table.num_rows), random.uniform(size=table.num_rows)
    spec = spec_of(features={"area": {"kind": "number"}, "layout": {"kind": "category"}}, training__trials=6)
    losses = {}
    for name, margin in {"line": 1.5 * x, "steps": np.where(np.sin(4 * x) > 0, 2.0, -2.0)}.items():
        label = (u < 1 / (1 + np.exp(-margin))).astype(int)
        train_into(tmp_path / name, spec, table=replaced(replaced(table, "area", x), "inquired", label), trials=6)
        manifest = load(tmp_path / name / "trained" / "bundle").manifest
        losses[name] = manifest.metrics["calibration_split_normalised_entropy"]
        if name == "line":
            assert manifest.linear.terms, "the linear part carries it"
    assert losses["steps"] < 0.75, "no line could"


def test_minutes_are_the_safety_stop_and_say_so(tmp_path):
    train_into(tmp_path, trials=500, minutes=0.0001)
    report = TrainingReport.read(tmp_path / "trained")
    assert report.stopped_by == "minutes"
    assert 1 <= len(report.trials) < 500
    assert load(tmp_path / "trained" / "bundle").manifest.search["stopped_by"] == "minutes"


def test_time_that_ends_within_the_last_trial_ended_the_search(tmp_path):
    train_into(tmp_path, trials=1, minutes=1e-9)
    report = TrainingReport.read(tmp_path / "trained")
    assert (report.stopped_by, len(report.trials)) == ("minutes", 1)
    assert report.trials[0].rounds <= 10


def test_progress_reports_every_stage_with_its_count_and_loss(tmp_path):
    run, calls = small_run(tmp_path), []
    train(
        spec_of(), run / "splits", run / "rows", tmp_path / "again", trials=2, minutes=9, threads=1,
        progress=lambda *call: calls.append(call),
    )  # fmt: skip
    stages = [
        "reading the rows", "fitting logistic regressions to", "1 of 2 trials, best log loss 0.", "2 of 2 trials",
        "training the best settings without fold 1 of 3", "training the best settings without fold 2 of 3",
        "training the best settings without fold 3 of 3", "calibrating on the calibration split",
        "fitting a logistic regression alone", "fitting the baselines", "writing the bundle", "2 trials, best log loss",
    ]  # fmt: skip
    assert [call[:2] for call in calls] == [(done, 11) for done in (0, 1, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11)]
    assert all(call[2].startswith(stage) for call, stage in zip(calls, stages, strict=True)), calls
    assert "of the non-conversions" not in calls[-1][2]


def test_progress_states_that_its_log_loss_is_of_thinned_rows(tmp_path):
    spec, calls = spec_of(training__keep_negatives=0.3), []
    run = train_into(tmp_path, spec, table=log(lists=1500))
    train(
        spec, run / "splits", run / "rows", tmp_path / "again", trials=1, minutes=9, threads=1,
        progress=lambda *call: calls.append(call),
    )  # fmt: skip
    assert re.search(r"1 trials, best log loss 0\.\d{5} on rows with 3\d% of the non-conversions: ", calls[-1][2])


def test_rare_values_are_coded_as_other_with_the_unseen(tmp_path):
    layout = log()["layout"].to_pylist()
    layout[0] = "castle"
    train_into(tmp_path, table=replaced(log(), "layout", layout), trials=1)
    bundle = load(tmp_path / "trained" / "bundle")
    assert [feature.categories for feature in bundle.manifest.features if feature.kind == "category"] == [
        ("1K", "2DK", "3LDK")
    ]
    predictor = Predictor(bundle)
    row = {"rent": [900.0], "area": [40.0]}
    castle, palace = (
        predictor.probability(predictor.encode({**row, "layout": [name]})) for name in ("castle", "palace")
    )
    assert castle == palace


def test_golden_rows_have_no_unseen_category_where_a_server_refuses_it(tmp_path):
    run = small_run(tmp_path)
    layout = {"layout": {"kind": "category", "unknown": "refuse"}}
    features = learn_features(spec_of(features=layout), [run / "splits" / "train.parquet"])
    assert [feature.unknown for feature in features if feature.kind == "category"] == ["refuse"]
    manifest = load(run / "trained" / "bundle").manifest
    for unknown, unseen in (("missing", True), ("refuse", False)):
        changed = [
            feature.model_copy(update={"unknown": unknown}) if feature.kind == "category" else feature
            for feature in manifest.features
        ]
        changed_manifest = manifest.model_copy(update={"features": tuple(changed)})
        rows = edge_rows(changed_manifest, {"rent": 1.0, "area": 2.0, "layout": "1K"})
        rows += usual_rows(changed_manifest.model_copy(), run / "splits" / "test.parquet")
        assert any(row["layout"] not in (None, "1K", "2DK", "3LDK") for row in rows) is unseen


def test_the_matrix_of_training_is_the_matrix_of_serving(tmp_path):
    run, spec = small_run(tmp_path), spec_of()
    features = learn_features(spec, [run / "splits" / "train.parquet"])
    rows = read_rows(spec, run / "splits", "test", features, RowStorage())
    table = pq.read_table(run / "splits" / "test.parquet")
    predictor = Predictor(load(run / "trained" / "bundle"))
    columns = {name: table[name].to_pylist() for name in ("rent", "area", "layout")}
    served = predictor.encode(columns, position=table["position"].to_numpy())
    assert np.array_equal(rows.encoded.values(), served, equal_nan=True)


@pytest.mark.parametrize("wrong", [None, 0])
def test_a_row_without_a_position_is_refused_where_the_curve_is_known(tmp_path, wrong):
    run, spec = small_run(tmp_path), spec_of()
    path = split_file(run / "splits", "test")
    table = pq.read_table(path)
    position = [wrong, *table["position"].to_pylist()[1:]]
    column = pa.array(position, table["position"].type)
    pq.write_table(table.set_column(table.column_names.index("position"), "position", column), path)
    features = learn_features(spec, [split_file(run / "splits", "train")])
    known = ExaminationTable(at=(1.0, 0.5), decay=1.0, decay_se=0.1, source="test")
    with pytest.raises(DataError, match="position: is missing or below 1 in a row"):
        read_rows(spec, run / "splits", "test", features, RowStorage(), known)


def test_one_row_scores_as_it_does_among_many(tmp_path):
    bundle = load(small_run(tmp_path) / "trained" / "bundle")
    predictor = Predictor(bundle)
    columns = columns_of(bundle, pq.read_table(tmp_path / "splits" / "test.parquet").slice(0, 70))
    together = predictor.probability(predictor.encode(columns))
    for row in range(70):
        alone = predictor.probability(
            predictor.encode({name: values[row : row + 1] for name, values in columns.items()})
        )
        assert alone[0] == together[row]


@pytest.mark.parametrize("part", ["train", "calibration"])
def test_a_truncated_part_is_refused_by_name(tmp_path, part):
    run = small_run(tmp_path)
    file = run / "splits" / f"{part}.parquet"
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(DataError, match=rf"{part}.parquet: is not Parquet.*Run preprocess again"):
        train(spec_of(), run / "splits", run / "rows", tmp_path / "o", trials=1, minutes=1, threads=1, progress=quiet)
    assert not (tmp_path / "o").exists()


def test_a_page_that_cannot_be_read_is_refused_by_name(tmp_path):
    run = small_run(tmp_path)
    file = run / "splits" / "train.parquet"
    damaged = bytearray(file.read_bytes())
    header = pq.ParquetFile(file).metadata.row_group(0).column(1).data_page_offset
    damaged[header : header + 30] = b"\xff" * 30
    file.write_bytes(damaged)
    with pytest.raises(DataError, match=r"train.parquet: is damaged .*Run preprocess again"):
        train(spec_of(), run / "splits", run / "rows", tmp_path / "o", trials=1, minutes=1, threads=1, progress=quiet)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(("value", "message"), [(None, "is missing in a row"), (2, "is 2 in a row")])
def test_a_label_that_is_not_0_or_1_is_refused(tmp_path, value, message):
    run = small_run(tmp_path)
    file = run / "splits" / "train.parquet"
    table = pq.read_table(file)
    pq.write_table(replaced(table, "inquired", [value, *table["inquired"].to_pylist()[1:]]), file)
    with pytest.raises(DataError, match=f"train.parquet inquired: {message}"):
        train(spec_of(), run / "splits", run / "rows", tmp_path / "o", trials=1, minutes=1, threads=1, progress=quiet)


def test_a_part_of_another_spec_is_refused_with_every_absent_column(tmp_path):
    run, file = small_run(tmp_path), tmp_path / "splits" / "train.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["area", "layout"]), file)
    with pytest.raises(DataError) as refused:
        train(spec_of(), run / "splits", run / "rows", tmp_path / "o", trials=1, minutes=1, threads=1, progress=quiet)
    assert [problem.where.split()[-1] for problem in refused.value.problems] == ["area", "layout"]


KILLED = """
import os, signal, sys
from pathlib import Path
from components.train.train import train
from tests.logs import spec_of
def die(done, total, says):
    os.kill(os.getpid(), signal.SIGKILL)
run = Path(sys.argv[1])
train(spec_of(), run / "splits", run / "rows", run / "o", trials=2, minutes=1, threads=1, progress=die)
"""


def test_a_killed_training_leaves_no_result_and_can_be_started_again(tmp_path):
    run = small_run(tmp_path)
    child = subprocess.run([sys.executable, "-c", KILLED, str(run)], cwd=ROOT, check=False, timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert not (run / "o").exists()
    train(spec_of(), run / "splits", run / "rows", run / "o", trials=3, minutes=9, threads=1, progress=quiet)
    assert bundle_digest(run / "o" / "bundle") == bundle_digest(run / "trained" / "bundle")


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("by", ["time", "random"])
def test_so_few_rows_or_groups_that_a_fold_has_all_still_train_a_model(tmp_path, rows, by):
    """A verdict answers insufficient-data to it; here one list has all rows."""
    split = {"by": by, "test_share": 0.2, "calibration_share": 0.2}
    run, spec = small_run(tmp_path), spec_of(split=split, promotion={"min_conversions": 10_000})
    file = run / "splits" / "train.parquet"
    pq.write_table(pq.read_table(file).slice(0, rows), file)
    train(spec, run / "splits", run / "rows", run / "o", trials=2, minutes=9, threads=1, progress=quiet)
    assert load(run / "o" / "bundle").manifest.lineage.rows["train_sampled"] == rows


def test_a_part_with_one_class_alone_is_refused(tmp_path):
    run = small_run(tmp_path)
    table = pq.read_table(run / "splits" / "calibration.parquet")
    pq.write_table(replaced(table, "inquired", [0] * table.num_rows), run / "splits" / "calibration.parquet")
    with pytest.raises(DataError, match=r"calibration.parquet inquired: is 0 in all \d+ rows"):
        train(spec_of(), run / "splits", run / "rows", tmp_path / "o", trials=1, minutes=1, threads=1, progress=quiet)
