"""The search: its candidates, its folds, its budget, and its journal after a kill."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from artifacts.training import SearchCost, TrainingReport
from components.train import linear
from components.train.candidates import CANDIDATES
from components.train.fitted_model import FittedModel, gain_of_trees
from components.train.inputs import TrainingInputs
from components.train.journal import Journal, TrialRecord
from components.train.local_engine import LocalEngine
from components.train.recipe import MemberSetting, Recipe
from components.train.row_arrays import RowStorage
from components.train.search import SearchResult
from components.train.split_rows import SplitRows
from components.train.train import train
from components.train.validation import ENOUGH, STRENGTHS, held_out
from model.bundle.calibration import Calibration, Sampling
from model.bundle.folder import bundle_digest
from model.bundle.linear import Linear
from model.bundle.manifest import Trees
from tests.logs import spec_of
from tests.runs import quiet, small_run
from tests.train.test_linear import FEATURES, rows

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from components.train.train import train
from tests.logs import spec_of
def die(done, total, message):
    if message.startswith("2 of 3"):
        os.kill(os.getpid(), signal.SIGKILL)
run = Path(sys.argv[1])
train(spec_of(), run / "splits", run / "rows", run / "o", trials=3, minutes=10, threads=1, cache=run / "c",
      progress=die)
"""


def record(number):
    return TrialRecord(
        number=number, state="complete", log_loss=0.1 + 0.2, rounds=3, parameters={"eta": 0.1, "start": "trees"},
        losses=((0, 0.5), (10, 0.1 + 0.2)), cpu_seconds=1.5,
    )  # fmt: skip


def test_a_killed_search_goes_on_to_the_same_bytes(tmp_path):
    run, begun = small_run(tmp_path), []
    child = subprocess.run([sys.executable, "-c", KILLED, str(run)], cwd=ROOT, check=False, timeout=60)
    assert child.returncode == -signal.SIGKILL
    [journal] = (run / "c" / "searches").iterdir()
    with journal.open("ab") as file:
        file.write(b'{"number": 2, "state": "comp')  # what a kill within a write leaves
    train(
        spec_of(), run / "splits", run / "rows", run / "o", trials=3, minutes=10, threads=1, cache=run / "c",
        progress=lambda *call: begun.append(call[2]),
    )  # fmt: skip
    assert [message.split(",")[0] for message in begun if " of 3 trials" in message] == ["3 of 3 trials"]
    assert bundle_digest(run / "o" / "bundle") == bundle_digest(run / "trained" / "bundle")
    assert (run / "o" / "training.json").read_bytes() == (run / "trained" / "training.json").read_bytes()
    assert not journal.exists()


def test_a_journal_keeps_whole_lines_and_one_writer(tmp_path):
    path = tmp_path / "searches" / "a.jsonl"
    with Journal(path) as journal, Journal(path) as second:
        journal.add(record(0))
        second.add(record(0))
        journal.add(record(1))
        assert (len(journal.records), len(second.records)) == (2, 1)
    path.write_bytes(path.read_bytes() + b'{"number": 2}\n' + record(2).model_dump_json().encode())
    with Journal(path) as journal:
        assert journal.records == [record(0), record(1)]
    assert path.read_bytes().count(b"\n") == 2
    with Journal(path / "no-folder") as nowhere:
        nowhere.add(record(0))
        nowhere.remove()


FULL = """
import resource, signal, sys
from pathlib import Path
from components.train.journal import Journal
from tests.train.test_search import record
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
with Journal(Path(sys.argv[1])) as journal:
    for number in range(4):
        journal.add(record(number))
    print(len(journal.records))
"""


def test_a_disk_that_is_full_ends_the_journal_and_not_the_search(tmp_path):
    path = tmp_path / "searches" / "a.jsonl"
    child = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], cwd=ROOT, check=True, timeout=60, capture_output=True, text=True
    )
    assert child.stdout == "4\n"
    assert path.stat().st_size == 300, "the second line is cut"
    with Journal(path) as journal:
        assert journal.records == [record(0)]


def test_usual_settings_of_several_regimes_come_first_and_every_trial_has_its_cost(tmp_path):
    trained = small_run(tmp_path) / "trained"
    report, cost = TrainingReport.read(trained), SearchCost.read(trained)
    assert [trial.parameters for trial in report.trials] == list(CANDIDATES[:3])
    assert [(trial.parameters["start"], trial.parameters["max_depth"]) for trial in report.trials] == [
        ("trees", 4), ("linear", 2), ("trees", 5),
    ]  # fmt: skip
    best = min(report.trials, key=lambda trial: trial.log_loss)
    assert (report.members[0], report.best.log_loss) == (best.number, best.log_loss)
    assert all(report.trials[number].log_loss <= best.log_loss * (1 + report.chance) for number in report.members)
    assert [trial.number for trial in cost.trials] == [0, 1, 2]
    assert all(trial.cpu_seconds > 0 for trial in cost.trials)
    assert report.logistic_log_loss is not None


def test_processor_seconds_end_a_search_and_say_so(tmp_path):
    run, spec = small_run(tmp_path), spec_of(training__cpu_seconds=1e-6)
    train(spec, run / "splits", run / "rows", run / "o", trials=500, minutes=9, threads=1, progress=quiet)
    report = TrainingReport.read(run / "o")
    assert (report.stopped_by, report.budget.cpu_seconds) == ("cpu_seconds", 1e-6)
    assert len(report.trials) < 5


@pytest.mark.parametrize(("positives", "by_time", "folds"), [(ENOUGH - 1, False, 5), (ENOUGH, False, 1), (50, True, 1)])
def test_few_conversions_are_judged_on_several_folds_unless_time_is_declared(positives, by_time, folds):
    count = 3 * ENOUGH
    label = (np.arange(count) < positives).astype(np.float32)
    group = np.arange(count, dtype=np.uint64)
    time = np.arange(count) if by_time else None
    split = SplitRows.in_memory(np.zeros((count, 1), np.float32), label, group, time)
    unseen = held_out(split, by_time=by_time)
    assert len(unseen) == folds
    covered = np.sum(unseen, axis=0)
    if by_time:
        assert (np.flatnonzero(covered) >= count - count // 5).all(), "the newest"
    else:
        assert covered.max() == 1
        assert covered.all() == (folds == 5)


def test_a_path_of_logistic_regressions_ends_where_each_alone_does():
    matrix, label = rows()
    design = linear.Design(matrix, label, FEATURES)
    for strength, fitted in zip(STRENGTHS, design.path(STRENGTHS), strict=True):
        alone = design.fit(strength=strength)
        assert fitted.margin(matrix, ["a", "b", "c"]) == pytest.approx(alone.margin(matrix, ["a", "b", "c"]), abs=2e-3)


@pytest.mark.parametrize(("by", "better"), [("time", False), ("random", True)])
def test_validation_rows_have_a_say_in_trees_or_none_unless_time_is_declared(by, better):
    split = {"by": by, "test_share": "25%", "calibration_share": "15%"}
    train_rows, calibration = (
        SplitRows.in_memory(np.zeros((count, 1), np.float32), np.zeros(count, np.float32), np.zeros(count, np.uint64))
        for count in (400, 100)
    )
    engine = LocalEngine(1, RowStorage())
    inputs = TrainingInputs(spec_of(split=split), (), train_rows, calibration, Sampling(kept_negatives=1.0), engine)
    result = SearchResult(
        recipe=Recipe((MemberSetting("trees", 1, {}),), 1.0), members=(0,), chance=0.01, log_loss=0.40, alone=0.41,
        folds=5, validation_rows=400, trials=(), stopped_by="trials",
    )  # fmt: skip
    trees, alone = (
        FittedModel("", Linear(intercept=0.0), b"", Trees.of((1,)), Calibration(method="platt", a=1, c=0), x)
        for x in (0.41, 0.40)
    )
    assert (gain_of_trees(inputs, result, trees, alone) > 0) is better
