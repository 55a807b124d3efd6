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
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def builder():
    child = subprocess.Popen(
        [sys.executable, "-c", BUILD], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return child, Path(child.stdout.readline().strip())


def test_a_folder_goes_with_its_builder(place):
    with scratch(place) as folder:
        assert list(folder.iterdir()) == []
    assert list(place.iterdir()) == []


def test_what_a_killed_builder_left_goes_with_the_next_one_and_a_living_one_keeps_its_own(place):
    (killed, left), (living, kept) = builder(), builder()
    killed.kill()
    killed.communicate()
    (place / "kamado-build-empty").mkdir()
    with scratch(place):
        assert not left.exists()
        assert (kept / "layer").read_text() == "half"
        assert not (place / "kamado-build-empty").exists()
    living.communicate("done")
    assert living.returncode == 0
    assert list(place.iterdir()) == []


def test_a_removal_that_could_not_be_finished_is_gone_on_with(place):
    if os.geteuid() != 0:
        pytest.skip("needs root: something is mounted where it is in the way")
    child, left = builder()
    (left / "busy").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", left / "busy"], check=True)
    try:
        child.kill()
        child.communicate()
        with scratch(place):
            assert [path.name for path in left.iterdir()] == ["busy"]
    finally:
        subprocess.run(["umount", left / "busy"], check=True)
    with scratch(place):
        pass
    assert list(place.iterdir()) == []


def test_what_others_lay_into_the_temporary_folder_is_neither_waited_for_nor_removed(place, tmp_path_factory):
    (place / "kamado-build-pipe").mkdir()
    os.mkfifo(place / "kamado-build-pipe" / ".builder")
    theirs = tmp_path_factory.mktemp("theirs")
    (theirs / "content").mkdir()
    (theirs / ".builder").touch()
    (place / "kamado-build-link").symlink_to(theirs)
    with scratch(place):
        assert (theirs / "content").exists()


def enter(_: int) -> bool:
    with scratch() as folder:
        (folder / "layer").write_text("mine")
        return (folder / "layer").read_text() == "mine"


def test_builders_that_begin_together_never_take_each_others_folder(place):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert all(pool.map(enter, range(2_000), chunksize=50))
    assert list(place.iterdir()) == []
