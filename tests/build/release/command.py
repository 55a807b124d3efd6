"""The command line of releases, as its users run it."""

import subprocess
import sys
from pathlib import Path

from build.release.releases import Release, candidate, number_next

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def refused(store, folder) -> str:
    result = run("fetch", "toy-conversion", "--in", f"oci:{store.folder}", "--into", str(folder))
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert not folder.exists()
    return result.stderr


def tagged(store, tag) -> Release:
    """The next release tag, as whoever may write to a store can write it: nothing is verified."""
    return number_next(store, "toy-conversion", candidate(store, "toy-conversion", tag))
