"""Run every test, or what the variable TESTS says in pytest's words: `python -m tests`."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import os
import shlex
import sys
from pathlib import Path

import pytest

from build.oci.tempdir import scratch
from tests.memory import disk_in_memory

# Four for two cores: many tests wait for servers, engines and disks.
PARALLEL = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")


def main() -> int:
    """pytest's exit code; 2 for a TESTS that cannot be read."""
    try:
        selection = shlex.split(os.environ.get("TESTS") or "tests")
    except ValueError as error:
        print(f"TESTS={os.environ['TESTS']}: cannot be read ({error}). Close the quote", file=sys.stderr)
        return 2
    disk = disk_in_memory()
    if disk is None:
        return int(pytest.main([*PARALLEL, *selection]))
    with scratch(disk) as folder:
        os.environ["TMPDIR"] = str(_temporary(folder))
        return int(pytest.main([*PARALLEL, f"--basetemp={folder / 'tests'}", *selection]))


def _temporary(folder: Path) -> Path:
    """A folder for temporary files of all programs, which every user may write to, as into /tmp."""
    folder.parent.chmod(0o755)
    temporary = folder / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    return temporary


if __name__ == "__main__":
    interrupt.raise_from_now_on()
    sys.exit(main())
