"""The command line of releases, in this process: a process of its own spends a second on imports alone."""

import contextlib
import io
import os
import subprocess
from pathlib import Path

from build.release.releases import Release, candidate, number_next
from cli.main import main

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Exit code and output of a verb, as a process would give them; an error that it lets through is raised here."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments, os.environ | environment)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def refused(store, folder) -> str:
    result = run("fetch", "toy-conversion", "--in", f"oci:{store.folder}", "--into", str(folder))
    assert result.returncode == 1
    assert not folder.exists()
    return result.stderr


def tagged(store, tag) -> Release:
    """The next release tag, as whoever may write to a store can write it: nothing is verified."""
    return number_next(store, "toy-conversion", candidate(store, "toy-conversion", tag))
