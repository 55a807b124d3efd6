"""The compiler of the kernel, unpacked once for all tests."""

from pathlib import Path

import pytest

from build.kernel import CannotCompile
from build.kernel.target import this_machine
from build.kernel.zig import Zig, install_zig
from model.kernel.library import KernelLibrary, load_library
from model.kernel.sources import kernel_sources
from tests.once import once


@pytest.fixture(scope="session")
def zig_program(run_folder) -> Path:
    def make(folder: Path) -> None:
        try:
            (folder / "program").write_text(str(install_zig(folder).program))
        except CannotCompile as reason:
            pytest.skip(f"{reason}; a package index that has it makes this test run")

    return Path((once(run_folder / "zig", make) / "program").read_text())


@pytest.fixture(scope="session")
def host_library(zig_program, tmp_path_factory) -> KernelLibrary:
    """The kernel's library for this machine, compiled of the sources as they are now."""
    folder = tmp_path_factory.mktemp("host")
    library = load_library(Zig(zig_program, folder).compile(kernel_sources(), this_machine()))
    assert isinstance(library, KernelLibrary), library
    return library
