"""Folders of builders: one's own for as long as it lives, nobody's afterwards."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from build.oci.tempdir import scratch

ROOT = Path(__file__).resolve().parents[3]
BUILD = """
from build.oci.tempdir import scratch
with scratch() as folder:
    (folder / "layer").write_text("half")
    print(folder, flush=True)
    input()
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def builder():
    child = subprocess.Popen(
        [sys.executable, "-c", BUILD], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return child, Path(child.stdout.readline().strip())


def test_a_folder_goes_with_its_builder(temporary):
    with scratch(temporary) as folder:
        assert list(folder.iterdir()) == []
    assert list(temporary.iterdir()) == []


def test_what_a_killed_builder_left_goes_with_the_next_one_and_a_living_one_keeps_its_own(temporary):
    (killed, abandoned), (living, occupied) = builder(), builder()
    killed.kill()
    killed.communicate()
    (temporary / "kamado-build-empty").mkdir()
    with scratch(temporary):
        assert not abandoned.exists()
        assert (occupied / "layer").read_text() == "half"
        assert not (temporary / "kamado-build-empty").exists()
    living.communicate("done")
    assert living.returncode == 0
    assert list(temporary.iterdir()) == []


def test_a_removal_that_could_not_be_finished_is_gone_on_with(temporary):
    if os.geteuid() != 0:
        pytest.skip("needs root: something is mounted where it is in the way")
    child, abandoned = builder()
    (abandoned / "busy").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", abandoned / "busy"], check=True)
    try:
        child.kill()
        child.communicate()
        with scratch(temporary):
            assert [path.name for path in abandoned.iterdir()] == ["busy"]
    finally:
        subprocess.run(["umount", abandoned / "busy"], check=True)
    with scratch(temporary):
        pass
    assert list(temporary.iterdir()) == []


def test_what_others_lay_into_the_temporary_folder_is_neither_waited_for_nor_removed(temporary, tmp_path_factory):
    (temporary / "kamado-build-pipe").mkdir()
    os.mkfifo(temporary / "kamado-build-pipe" / ".builder")
    theirs = tmp_path_factory.mktemp("theirs")
    (theirs / "content").mkdir()
    (theirs / ".builder").touch()
    (temporary / "kamado-build-link").symlink_to(theirs)
    with scratch(temporary):
        assert (theirs / "content").exists()


def enter(_: int) -> bool:
    with scratch() as folder:
        (folder / "layer").write_text("mine")
        return (folder / "layer").read_text() == "mine"


def test_builders_that_begin_together_never_take_each_others_folder(temporary):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert all(pool.map(enter, range(2_000), chunksize=50))
    assert list(temporary.iterdir()) == []
