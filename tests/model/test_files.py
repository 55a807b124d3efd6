"""A reader never meets half a file, whenever the writer died."""

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model.files import dump_json, new_folder, output_folder, parse_json, sha256_of, write_atomically

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from model.files import new_folder
with new_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("ha")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_folder_appears_whole(tmp_path):
    with new_folder(tmp_path / "deep" / "out") as folder:
        (folder / "file").write_text("all of it")
        assert not (tmp_path / "deep" / "out").exists()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    assert (tmp_path / "deep" / "out" / "file").read_text() == "all of it"


def test_an_error_leaves_nothing(tmp_path):
    def fail_half_way(path):
        with new_folder(path) as folder:
            (folder / "file").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_no_folder_of_that_name_and_the_next_one_succeeds(tmp_path):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "out")], cwd=ROOT, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    assert len(list(tmp_path.iterdir())) == 1
    with new_folder(tmp_path / "out") as folder:
        (folder / "file").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "file").exists()


def test_what_a_living_writer_is_filling_is_left_alone(tmp_path):
    with new_folder(tmp_path / "out") as first:
        (first / "file").write_text("first")
        with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "out"):
            raise ZeroDivisionError
        assert (first / "file").read_text() == "first"
    assert (tmp_path / "out" / "file").read_text() == "first"


def test_an_empty_folder_may_be_there_and_a_full_one_is_left_alone(tmp_path):
    (tmp_path / "empty").mkdir()
    with new_folder(tmp_path / "empty") as folder:
        (folder / "file").touch()
    with pytest.raises(OSError, match="not empty"), new_folder(tmp_path / "empty"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_writing_replaces_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    with pytest.raises(TypeError):
        write_atomically(path, "text is no bytes")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["pipe", "link to a device", "folder"])
def test_what_is_not_a_file_is_never_replaced(tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link to a device").symlink_to(os.devnull)
    (tmp_path / "folder").mkdir()
    before = (tmp_path / name).lstat()
    with pytest.raises(OSError, match="not a regular file"):
        write_atomically(tmp_path / name, b"text")
    assert (tmp_path / name).lstat().st_ino == before.st_ino
    assert len(list(tmp_path.iterdir())) == 3


def test_one_value_has_one_json(tmp_path):
    assert dump_json({"b": 1, "a": [0.1, "é"]}) == dump_json({"a": [0.1, "é"], "b": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump_json({"p": math.nan})


@pytest.mark.parametrize(
    "text",
    [
        '{"a": NaN}',
        '{"a": 1, "a": 2}',
        "{",
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "[" * 101 + "]" * 101,
        "1e999",
        "-1e999",
        "1" + "0" * 400,
        "-" + "9" * 5_000,
    ],
    ids=lambda text: text[:12],
)
def test_json_is_read_as_the_standard_has_it(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_json(text.encode())


def test_what_a_float_can_hold_and_a_reader_can_follow_is_read():
    assert parse_json(b"[" * 100 + b"]" * 100)
    assert parse_json(b"9" * 308) < 1e308
    assert parse_json(b'{"a": [1e308, -5e-324, 0]}') == {"a": [1e308, -5e-324, 0]}


def test_a_digest_is_sha256_s(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_of(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def _link_and_fail(folder, target):
    (folder / "part").mkdir()
    (folder / "part" / "link").symlink_to(target, target_is_directory=True)
    (folder / "part").mkdir()


def test_an_output_folder_is_written_where_it_stays_and_is_gone_after_an_error(tmp_path):
    with output_folder(tmp_path / "deep" / "out") as folder:
        assert folder == tmp_path / "deep" / "out"
        (folder / "a").write_text("1")
    with pytest.raises(OSError, match="not empty"), output_folder(tmp_path / "deep" / "out"):
        pass
    assert (tmp_path / "deep" / "out" / "a").read_text() == "1"
    with pytest.raises(FileExistsError), output_folder(tmp_path / "other") as folder:
        _link_and_fail(folder, tmp_path / "deep")
    assert not (tmp_path / "other").exists()
    assert (tmp_path / "deep" / "out" / "a").exists()
