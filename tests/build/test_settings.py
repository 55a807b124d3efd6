"""The commit that names what is submitted."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASK = "import sys; from pathlib import Path; from build.settings import git_commit"


@pytest.fixture
def checkout(tmp_path):
    """A repository with one commit of build/settings.py and a spec."""
    folder = tmp_path / "checkout"
    (folder / "build").mkdir(parents=True)
    (folder / "specs").mkdir()
    (folder / "build" / "__init__.py").touch()
    shutil.copyfile(ROOT / "build" / "settings.py", folder / "build" / "settings.py")
    (folder / "specs" / "spec.yaml").touch()
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def commit_of(checkout, *files, **environ) -> str:
    code = f"{ASK}; print(git_commit({environ}, [Path(name) for name in sys.argv[1:]]))"
    command = [sys.executable, "-B", "-c", code, *map(str, files)]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.strip()


def test_a_spec_that_is_not_in_the_commit_is_a_change(checkout, tmp_path):
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True)
    clean = commit.stdout.strip()
    (checkout / "specs" / "new*.yaml").touch()
    (tmp_path / "elsewhere.yaml").touch()
    assert commit_of(checkout) == commit_of(checkout, "specs/spec.yaml") == clean
    for file in ("specs/new*.yaml", tmp_path / "elsewhere.yaml"):
        assert commit_of(checkout, "specs/spec.yaml", file) == f"{clean}-dirty"
    assert commit_of(checkout, "specs/new*.yaml", KAMADO_COMMIT="f00") == "f00"
