"""OUT changes in one rename, is held by one run, and survives runs that died."""

import subprocess
import sys

import pytest

from model.errors import OutputError
from pipelines.compile import ROOT
from pipelines.local.run_dir import KEEP, MARK, Output, run_id


def finished(output, text):
    run = output.new_run()
    (run / "verdict.json").write_text(text)
    (run / "bundle").mkdir()
    (run / "bundle" / "manifest.json").write_text(text)
    output.publish(run)
    return run


def test_the_latest_run_is_seen_through_short_names(tmp_path):
    output = Output(tmp_path / "out")
    with output.locked():
        finished(output, "first")
        finished(output, "second")
    assert (output.root / "verdict.json").read_text() == "second"
    assert (output.root / "bundle" / "manifest.json").read_text() == "second"


def test_a_run_that_never_came_to_a_verdict_changes_nothing_and_is_cleared_by_the_next(tmp_path):
    output = Output(tmp_path / "out")
    with output.locked():
        finished(output, "first")
        died = output.new_run()
        (died / "rows.parquet").write_text("half")
    assert (output.root / "verdict.json").read_text() == "first"
    with output.locked():
        again = output.new_run()
    assert not (died / "rows.parquet").exists()
    assert (output.root / "verdict.json").read_text() == "first"
    assert again.exists()


def test_a_run_that_carries_another_on_has_its_id_and_a_new_one_has_its_own(tmp_path):
    output = Output(tmp_path / "out")
    with output.locked():
        first = run_id(output.new_run())
        again = run_id(output.new_run())
        assert first == again != ""
        assert run_id(finished(output, "done")) == first
        assert run_id(output.new_run()) not in ("", first)
    assert run_id(tmp_path) == ""


def test_a_run_that_is_emptied_leaves_its_id_to_the_next(tmp_path):
    output = Output(tmp_path / "out")
    with output.locked():
        first = run_id(run := output.new_run())
        (run / "artifacts").mkdir()
        (run / "artifacts" / "rows.parquet").touch()
        (run / "run.log").touch()
        output.empty(run)
        assert [path.name for path in run.iterdir()] == [MARK]
        assert run_id(output.new_run()) == first


def test_a_run_that_is_killed_while_folders_change_leaves_nothing_and_loses_no_id(tmp_path):
    output = Output(tmp_path / "out")
    with output.locked():
        first = run_id(died := output.new_run())
        died.rename(output.runs / ".new")  # as where the next one was killed before its folder had a number
        (output.runs / ".old").mkdir()  # and as where it was killed while it removed the first
        (output.runs / ".old" / "rows.parquet").touch()
        again = output.new_run()
    assert run_id(again) == first
    assert [path.name for path in output.runs.iterdir()] == [again.name] == ["000001"]


def test_out_shows_what_the_latest_run_has_and_no_more(tmp_path):
    output = Output(tmp_path / "out")
    with output.locked():
        promoted = output.new_run()
        for name in ("verdict.json", "image.json"):
            (promoted / name).write_text("promoted")
        output.publish(promoted)
        assert (output.root / "image.json").read_text() == "promoted"
        finished(output, "held")
    links = [path for path in output.root.iterdir() if path.is_symlink()]
    assert sorted(link.name for link in links) == ["bundle", "latest", "verdict.json"]
    assert all(link.exists() for link in links), "no link leads nowhere"
    assert (promoted / "image.json").exists()


def test_old_runs_are_let_go(tmp_path):
    output = Output(tmp_path / "out")
    with output.locked():
        runs = [finished(output, str(number)) for number in range(KEEP + 2)]
    assert [run.exists() for run in runs] == [False, False] + [True] * KEEP


def test_two_runs_into_one_out_are_refused_with_the_way_out(tmp_path):
    holder = "import sys; from pathlib import Path; from pipelines.local.run_dir import Output\n"
    holder += "with Output(Path(sys.argv[1])).locked(): print('held', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "held\n"
        with (
            pytest.raises(OutputError, match=r"in use by another run.*give this run its own OUT"),
            Output(tmp_path).locked(),
        ):
            pass
        process.kill()
    with Output(tmp_path).locked():
        pass  # a killed holder holds nothing


def test_an_out_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    output = Output(tmp_path / "file" / "out")
    with pytest.raises(OutputError, match=r"file/out: cannot be written.*Choose a folder"), output.locked():
        pass


@pytest.mark.parametrize("name", ["bundle", "latest", "report.html", "images"])
def test_what_somebody_else_keeps_in_out_is_not_written_over(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=f"holds {name} where results would go"), Output(tmp_path).locked():
        pass
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_of_somebody_else_among_the_runs_stays(tmp_path):
    output = Output(tmp_path)
    for name in ("2024", "000000"):
        (output.runs / name).mkdir(parents=True)
        (output.runs / name / "work.txt").write_text("mine")
    with output.locked():
        for number in range(KEEP + 2):
            finished(output, str(number))
    assert [(output.runs / name / "work.txt").read_text() for name in ("2024", "000000")] == ["mine", "mine"]
