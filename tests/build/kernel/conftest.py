"""The compiler of the kernel, unpacked once for all tests."""

from functools import partial
from pathlib import Path

import pytest

from build.kernel import CannotCompile
from build.kernel.cached_kernel import cached_kernel
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
def kernel_cache(zig_program, run_folder) -> Path:
    """The kernel compiled for every image, of the sources as they are now."""

    def make(folder: Path) -> None:
        zig = partial(Zig, zig_program)
        cached_kernel(kernel_sources(), this_machine(), folder, install=zig, report=print)

    return once(run_folder / "kernel", make)


@pytest.fixture(scope="session")
def host_library(kernel_cache) -> KernelLibrary:
    """That for this machine."""
    library = load_library(cached_kernel(kernel_sources(), this_machine(), kernel_cache, report=print))
    assert isinstance(library, KernelLibrary), library
    return library
