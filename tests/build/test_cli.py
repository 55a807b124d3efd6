"""The command line, as a person or a program meets it."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import build
from model.text import is_control
from tests.build.tamper import forge_manifest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_import_build_is_ours():
    """PyPA has a package of this name, which another tool may have installed beside us."""
    assert Path(build.__file__).parent == ROOT / "build"


def test_a_sound_bundle_exits_0(valid_bundle, verdict):
    done = run("verify", valid_bundle, "--verdict", verdict)
    assert (done.returncode, done.stdout) == (0, f"{valid_bundle} is valid\n")


def test_faults_are_shown_with_their_codes_and_exit_1(bundle):
    forge_manifest(bundle, lambda manifest: manifest.update(model="[red]../up[/red]"))
    done = run("verify", bundle)
    assert done.returncode == 1
    assert "manifest-model" in done.stdout
    assert "[red]" in done.stdout  # as text: a bundle cannot colour the terminal


def test_faults_as_json_are_for_programs(bundle):
    (bundle / "more").touch()
    done = run("verify", bundle, "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["outcome"], answer["exit_code"]) == (1, "refused", 1)
    assert answer["problems"] == [
        {"code": "file-extra", "where": "'more'", "problem": "is not a file of a bundle", "hint": "Remove it"}
    ]


def test_a_refused_image_exits_1_and_writes_nothing(bundle, tmp_path):
    done = run("image", bundle, "--verdict", tmp_path / "none.json", "--to", f"oci:{tmp_path}/images")
    assert done.returncode == 1
    assert "[verdict-missing]" in done.stderr
    assert not (tmp_path / "images").exists()


def is_loading(child, _) -> bool:
    """Python is reading what the command needs."""
    return "numpy" in Path(f"/proc/{child.pid}/maps").read_text()


def is_checking(_, temporary) -> bool:
    return bool(list(temporary.glob("kamado-build-*/content/model/verdict.json")))


@pytest.mark.case("Ctrl-C in the first seconds of a build")
@pytest.mark.parametrize("moment", [is_loading, is_checking], ids=lambda moment: moment.__name__)
def test_an_interruption_ends_with_130_and_without_a_traceback(moment, valid_bundle, verdict, tmp_path, outcome):
    command = [
        sys.executable,
        "-m",
        "cli",
        "image",
        str(valid_bundle),
        "--verdict",
        str(verdict),
        "--to",
        f"oci:{tmp_path}",
    ]
    environment = os.environ | {"KAMADO_CACHE": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    # A shell starts what it puts in the background with interruptions ignored, and that is inherited.
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    while not moment(child, tmp_path):
        time.sleep(0.005)
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Traceback" not in err
    assert list(tmp_path.glob("kamado-*")) == []
    outcome(f"exit code {child.returncode}, nothing left")


@pytest.mark.case("a bundle in a folder whose name would steer a terminal")
def test_names_of_files_are_printed_without_control_characters(bundle, tmp_path, outcome):
    hostile = bundle.rename(tmp_path / "\x1b[2J\rsound\n")
    (hostile / "\x1b]0;owned\x07").touch()
    for done in (run("verify", hostile), run("image", hostile, "--verdict", tmp_path / "none\x1b[1m")):
        assert done.returncode == 1
        printed = done.stdout + done.stderr
        assert not [letter for letter in printed if is_control(letter) and letter != "\n"]
    outcome(done.stderr.splitlines()[1])


def test_a_mistake_on_the_command_line_is_told_without_control_characters():
    done = run("verify", "bundle", "--x\x1b[2J")
    assert done.returncode == 2
    assert r"[argument-unknown] --x\x1b[2J: is not an argument" in done.stderr
