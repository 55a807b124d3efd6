"""The command line, as a person or a program meets it."""

import json
import subprocess
import sys
from pathlib import Path

import build
from tests.build.forge import forge_manifest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "build", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_import_build_is_ours():
    """PyPA has a package of this name, which another tool may have installed beside us."""
    assert Path(build.__file__).parent == ROOT / "build"


def test_a_sound_bundle_exits_0(sound, verdict):
    done = run("verify", sound, "--verdict", verdict)
    assert (done.returncode, done.stdout) == (0, f"{sound} is sound\n")


def test_faults_are_shown_with_their_codes_and_exit_1(bundle):
    forge_manifest(bundle, lambda manifest: manifest.update(model="[red]../up[/red]"))
    done = run("verify", bundle)
    assert done.returncode == 1
    assert "manifest-model" in done.stdout
    assert "[red]" in done.stdout  # as text: a bundle cannot colour the terminal


def test_faults_as_json_are_for_programs(bundle):
    (bundle / "more").touch()
    done = run("verify", bundle, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["sound"]) == (1, False)
    assert told["faults"] == [
        {"code": "file-extra", "where": "'more'", "found": "is not a file of a bundle", "way_out": "Remove it"}
    ]


def test_a_refused_image_exits_1_and_writes_nothing(bundle, tmp_path):
    done = run("image", bundle, "--verdict", tmp_path / "none.json", "--to", f"oci:{tmp_path}/images")
    assert done.returncode == 1
    assert "[verdict-missing]" in done.stderr
    assert not (tmp_path / "images").exists()
