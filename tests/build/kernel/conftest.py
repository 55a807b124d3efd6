"""The compiler of the kernel, unpacked once for all tests."""

from pathlib import Path

import pytest

from build.kernel import CannotCompile
from build.kernel.zig import install_zig
from tests.once import once


@pytest.fixture(scope="session")
def zig_program(run_folder) -> Path:
    def make(folder: Path) -> None:
        try:
            (folder / "program").write_text(str(install_zig(folder).program))
        except CannotCompile as reason:
            pytest.skip(f"{reason}; a package index that has it makes this test run")

    return Path((once(run_folder / "zig", make) / "program").read_text())
