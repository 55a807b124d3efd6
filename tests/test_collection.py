"""A test that is never collected cannot fail."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import LONGEST

ROOT = Path(__file__).resolve().parents[1]


def test_make_test_collects_every_file_of_tests(request):
    """pytest leaves folders with some names out, and says nothing."""
    whole = request.config.args == ["tests"]
    collected = {item.nodeid.partition("::")[0] for item in request.session.items} if whole else collection()
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    assert there - collected == set()


def test_the_files_that_begin_first_are_there():
    """A name that a file no longer has would be passed over silently."""
    assert [file for file in LONGEST if not (ROOT / file).is_file()] == []


def collection() -> set[str]:
    """Files that `make test` would run, when it was asked for a part of them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    listing = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    return {line.partition("::")[0] for line in listing.splitlines() if "::" in line}
