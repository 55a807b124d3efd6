"""The parts of the quality bench that compute: what is division out, what is compared, what is missed."""

import io
import json
from datetime import datetime, timedelta

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from artifacts.extract import Extract
from artifacts.typed_rows import row_file
from bench.quality import table
from bench.quality.comparison import SetComparison, ToolResult, goals, log_losses
from bench.quality.data_sets import SETS, DataSet
from bench.quality.hold_out import Division, divide
from bench.quality.measurements import Measurement, Measurements, ToolFailed
from bench.quality.shuffled import shuffle
from bench.quality.tools import TOOLS, Tool, code
from components.evaluate.test_set import Rows
from components.preprocess.preprocess import preprocess
from tests.logs import extracted, log, replaced, spec_of
from tests.runs import quiet

BY_TIME = spec_of(split={"by": "time", "test_share": 0.2, "calibration_share": 0.1})
AT_RANDOM = spec_of(
    columns={"label": "inquired", "user": "user_id"},
    split={"by": "random", "test_share": 0.2, "calibration_share": 0.1},
)


def rows_of(path):
    return pq.read_table(path)


@pytest.fixture(scope="module")
def by_time(tmp_path_factory):
    folder = tmp_path_factory.mktemp("by-time")
    rent = log()["rent"].to_numpy().copy()
    rent[::30] = 5  # which the spec rejects
    rows = extracted(folder / "rows", BY_TIME, replaced(log(), "rent", rent), log().slice(1, 3))  # three copies
    return divide(BY_TIME, rows, folder / "division")


def test_the_newest_fifth_of_the_usable_rows_is_held_out(by_time):
    rest, outer = rows_of(by_time.rest), rows_of(by_time.outer)
    first = pc.min(outer["shown_at"]).as_py()
    assert pc.max(rest["shown_at"]).as_py() < first - timedelta(days=3)  # whose conversions were known by then
    assert min(rest["rent"].to_pylist() + outer["rent"].to_pylist()) >= 100
    keys = [(*row.values(),) for part in (rest, outer) for row in part.select(["list_id", "listing_id"]).to_pylist()]
    assert len(keys) - len(set(keys)) < 20  # an item may be twice in a list, but the copies are gone
    usable = 3_000 * 29 / 30 * 57 / 60
    assert 0.19 * usable < outer.num_rows < 0.21 * usable


def test_kamado_gets_the_same_rest_as_the_others(by_time, tmp_path):
    document = Extract.read(by_time.extracted)
    first = pc.min(rows_of(by_time.outer)["shown_at"]).as_py()
    cut = datetime.fromisoformat(document.end).replace(tzinfo=None)
    assert first - timedelta(seconds=1) < cut <= first
    preprocess(BY_TIME, by_time.extracted, tmp_path / "splits", progress=quiet)
    parts = [rows_of(path) for path in (tmp_path / "splits").glob("*.parquet") if path.name != "rejected.parquet"]
    rents = sorted(rent for part in parts for rent in part["rent"].to_pylist())
    assert rents == sorted(rows_of(by_time.rest)["rent"].to_pylist())


def test_the_others_are_told_of_time_and_groups(by_time):
    columns = json.loads((by_time.folder / "columns.json").read_text())
    assert columns == {
        "label": "inquired", "numbers": ["rent", "area", "position"], "categories": ["layout"], "time": "shown_at",
        "group": "list_id",
    }  # fmt: skip


def test_without_time_users_stay_on_one_side(tmp_path):
    rows = extracted(tmp_path / "rows", AT_RANDOM, log())
    division = divide(AT_RANDOM, rows, tmp_path / "division")
    rest, outer = rows_of(division.rest), rows_of(division.outer)
    assert not set(rest["user_id"].to_pylist()) & set(outer["user_id"].to_pylist())
    assert rest.num_rows + outer.num_rows == 3_000
    assert 0.15 < outer.num_rows / 3_000 < 0.25
    assert divide(AT_RANDOM, rows, tmp_path / "again").digest() == division.digest()


def test_shuffling_moves_labels_alone(tmp_path):
    spec = spec_of()
    path = row_file(extracted(tmp_path / "rows", spec, log(lists=60)))
    before = rows_of(path)
    shuffle(spec, path, seed=1)
    after = rows_of(path)
    assert after.schema == before.schema
    assert after.drop_columns("inquired") == before.drop_columns("inquired")
    assert after["inquired"] != before["inquired"]
    assert pc.sum(after["inquired"]) == pc.sum(before["inquired"])


LABEL = np.tile([0.0, 0.0, 0.0, 1.0], 250)
ROWS = Rows(LABEL, np.arange(1_000) // 5, "list", None, None, None)


def measurement(tool, seed, chance, rate=1e6, size=1_000_000, judged=None):
    """Every row has the probability `chance` of what happened."""
    probability = np.where(LABEL > 0, chance, 1 - chance)
    return Measurement(tool, seed, probability, judged, 10.0, size, rate, "a note", None)


def compared(kamado, autogluon, catboost, **of_kamado):
    chances = {"kamado": kamado, "autogluon": autogluon, "catboost": catboost}
    results = {
        name: ToolResult.of(LABEL, [measurement(name, seed, chance, **(of_kamado if name == "kamado" else {}))
                                    for seed, chance in enumerate(chances)])
        for name, chances in chances.items()
    }  # fmt: skip
    return SetComparison("a set", ROWS, results)


def test_the_figure_of_a_tool_is_the_median_of_its_seeds_and_the_best_peer_has_the_lowest():
    comparison = compared([0.7, 0.8, 0.5], [0.6, 0.75, 0.9], [0.7, 0.7, 0.7])
    assert comparison.kamado.log_loss == pytest.approx(-np.log(0.7))
    assert (comparison.kamado.best_log_loss, comparison.kamado.worst_log_loss) == pytest.approx(
        (-np.log(0.8), -np.log(0.5))
    )
    assert comparison.best.tool == "autogluon"
    assert comparison.interval(comparison.best).value == pytest.approx(comparison.behind(comparison.best) / 100)
    assert comparison.behind(comparison.best) == pytest.approx(100 * (np.log(0.7) / np.log(0.75) - 1))
    assert comparison.kamado.auc == 1


def test_a_difference_has_its_paired_interval():
    comparison = compared([0.7], [0.7], [0.6])
    same, ahead = (
        comparison.interval(comparison.results["autogluon"]),
        comparison.interval(comparison.results["catboost"]),
    )
    assert (same.low, same.value, same.high) == (0, 0, 0)
    assert ahead.value == pytest.approx(np.log(0.7) / np.log(0.6) - 1)
    assert ahead.low <= ahead.value <= ahead.high < 0


def test_a_sure_and_wrong_probability_has_a_finite_loss():
    losses = log_losses(np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]))
    assert losses == pytest.approx([16.118, 16.118, 0], abs=1e-3)


def test_goals_are_missed_where_a_peer_is_better():
    ahead, behind = compared([0.8], [0.7], [0.7]), compared([0.7], [0.705], [0.6])
    reached = {goal.name: goal for goal in goals([ahead, ahead])}
    assert all(goal.reached for goal in reached.values() if "rate" not in goal.name)
    assert not reached["least of Kamado's scoring rate over AutoGluon's"].reached
    missed = {goal.name: goal for goal in goals([ahead, behind, behind, behind])}
    assert missed["sets of 4 on which a peer's log loss is lower"].figure == 3
    assert not missed["sets of 4 on which a peer's log loss is lower"].reached
    assert not missed["furthest behind the best peer (a set)"].reached
    large = {goal.name: goal for goal in goals([compared([0.8], [0.7], [0.7], size=11_000_000, rate=6e6)])}
    assert not large["largest bundle"].reached
    assert large["least of Kamado's scoring rate over AutoGluon's"].reached


def test_the_table_shows_where_kamado_is_behind():
    console = Console(width=190, record=True, file=io.StringIO())
    table.show([compared([0.7], [0.8], [0.6]), compared([0.8], [0.7], [0.6])], console)
    text = console.export_text()
    assert "BEHIND AutoGluon" in text
    assert "ahead of AutoGluon" in text
    assert "+59.84 %" in text


def test_a_measurement_is_made_once_and_a_tool_that_fails_is_named(tmp_path):
    """A tool that stands in for the real ones: it writes what it was asked."""
    program = tmp_path / "tool.py"
    program.write_text(
        "import json, pathlib, shutil, sys\n"
        "task = json.loads(pathlib.Path(sys.argv[1]).read_text())\n"
        "if task['seed'] == 13: sys.exit('no luck')\n"
        "out = pathlib.Path(task['out'])\n"
        "shutil.copy(pathlib.Path(sys.argv[0]).with_name('half.npy'), out / 'probability.npy')\n"
        "answer = {'cpu_seconds': task['cpu_seconds'], 'bytes': 1, 'rows_per_cpu_second': 2.0, 'note': ''}\n"
        "(out / 'answer.json').write_text(json.dumps(answer))\n"
    )
    np.save(tmp_path / "half.npy", np.full(3, 0.5))
    folder = tmp_path / "division"
    folder.mkdir()
    for name in ("rest.parquet", "outer.parquet", "columns.json"):
        (folder / name).write_text("")
    (tmp_path / "spec.yaml").write_text("")
    (tmp_path / "training.sql").write_text("")
    tool = Tool("kamado", "Kamado", program, None, peer=False)
    data_set, division = DataSet("small", tmp_path, "nowhere"), Division(folder)
    measurements = Measurements(tmp_path / "work", 60)
    with pytest.raises(ToolFailed, match="no luck"):
        measurements.measure(data_set, division, tool, 13)
    assert measurements.present(data_set, division, tool, 1) is None
    assert measurements.measure(data_set, division, tool, 1).cpu_seconds == 60
    before = measurements.folder(data_set, division, tool, 1)
    assert measurements.present(data_set, division, tool, 1) is not None
    program.write_text("other = 1")
    assert measurements.folder(data_set, division, tool, 1) != before
    assert measurements.present(data_set, division, tool, 1) is None


def test_what_changes_no_result_measures_nothing_again(tmp_path):
    texts = {"a.py": '"""One."""\nx = 1  # a\n', "b.py": '"""Two."""\nx = (\n    1\n)\n', "c.py": "x = 2\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    first, same, other = (code(tmp_path / name) for name in ("a.py", "b.py", "c.py"))
    assert first == same != other


def test_every_peer_has_a_lock_with_hashes_and_every_set_a_spec():
    for tool in TOOLS.values():
        assert tool.program.is_file()
        if tool.lock:
            lines = [line for line in tool.lock.read_text().splitlines() if line and not line.startswith((" ", "#"))]
            assert all("==" in line and line.endswith("\\") for line in lines)
    for data_set in SETS.values():
        assert (data_set.folder / "spec.yaml").is_file()
