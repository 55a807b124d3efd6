"""The kernel's library: the same bytes wherever it is compiled, and there without a network once it was compiled."""

import ctypes
import os
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from build.kernel import CannotCompile
from build.kernel.cached_kernel import cached_kernel
from build.kernel.install import install_kernel, installed_kernel
from build.kernel.target import IMAGES, this_machine
from build.kernel.zig import Zig
from build.settings import cache_folder
from model.kernel.sources import KernelSources, kernel_sources
from tests.build.kernel.small import EDITED, SMALL, C

ROOT = Path(__file__).resolve().parents[3]
ELF_AMD64, ELF_ARM64 = 62, 183


def no_compiler(folder: Path) -> Zig:
    raise CannotCompile("there is no compiler")


@pytest.fixture
def install(zig_program):
    """What a compiler is installed by: the one of all tests, and how often it was asked for."""
    calls = []

    def installed(folder: Path) -> Zig:
        calls.append(folder)
        return Zig(zig_program, folder)

    installed.calls = calls
    return installed


def compiled(cache, install, target=IMAGES[0], sources=SMALL):
    return cached_kernel(sources, target, cache, install=install, report=lambda _: None)


def test_the_kernel_compiled_again_in_another_folder_is_the_same_bytes_for_every_image(kernel_cache):
    """As in this machine's own cache, which the set-up has filled."""
    sources, own = kernel_sources(), cache_folder(os.environ) / "kernel"
    for target, machine in zip(IMAGES, (ELF_AMD64, ELF_ARM64), strict=True):
        library = compiled(kernel_cache, no_compiler, target, sources).read_bytes()
        assert library == cached_kernel(sources, target, own, report=print).read_bytes()
        assert str(kernel_cache.parent).encode() not in library
        assert struct.unpack_from("<H", library, 18) == (machine,)


def test_it_is_compiled_once_for_every_image_and_then_needs_no_compiler(tmp_path, install):
    paths = [compiled(tmp_path, install, target) for target in IMAGES]
    assert len({path.read_bytes() for path in paths}) == len(IMAGES)
    assert len(install.calls) == 1
    assert compiled(tmp_path, no_compiler) == paths[0]


@pytest.mark.case("a cached library that lost its end, or a byte")
@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:-1] + b"?"])
def test_a_damaged_library_in_the_cache_is_compiled_anew(tmp_path, install, damage, outcome):
    path = compiled(tmp_path, install)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert compiled(tmp_path, install).read_bytes() == whole
    assert len(install.calls) == 2
    outcome("compiled anew")


def test_what_is_installed_says_its_sources_and_copies_by_the_c_library_of_its_process(tmp_path, install):
    path = install_kernel(SMALL, tmp_path / "lib", tmp_path / "cache", install=install, report=lambda _: None)
    assert path.name == SMALL.library_name(this_machine().ending)
    assert installed_kernel(SMALL, tmp_path / "lib")
    library = ctypes.CDLL(str(path))
    library.kmd_sources.restype = ctypes.c_char_p
    assert library.kmd_sources().decode() == SMALL.sha256
    start, target = (ctypes.c_float * 3000)(*range(3000)), (ctypes.c_float * 3000)()
    library.kmd_copy(target, start)
    assert list(target) == list(start)


def test_two_at_once_compile_once(tmp_path, install):
    threads = [threading.Thread(target=compiled, args=(tmp_path, install)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(install.calls) == 1


KILLED = """
import os, pathlib, signal, sys
from build.kernel.cached_kernel import cached_kernel
from build.kernel.target import IMAGES
from build.settings import cache_folder
from model.kernel.sources import KernelSources, kernel_sources
from tests.build.kernel.small import EDITED, SMALL, C

def install(folder):
    (folder / "half of a compiler").write_bytes(b"zig")
    os.kill(os.getpid(), signal.SIGKILL)

cached_kernel(KernelSources({}), IMAGES[0], pathlib.Path(sys.argv[1]), install=install, report=print)
"""


def test_a_kill_while_it_is_compiled_leaves_nothing_that_the_next_one_takes_or_keeps(tmp_path, install):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(tmp_path.glob(".making-*"))
    path = compiled(tmp_path, install)
    assert {entry for entry in tmp_path.iterdir() if entry.suffix != path.suffix} == {tmp_path / ".lock"}


@pytest.mark.case("an edited source, another target")
def test_other_sources_are_compiled_anew(tmp_path, install, outcome):
    assert EDITED.library_name(".so") != SMALL.library_name(".so")
    assert compiled(tmp_path, install) != compiled(tmp_path, install, sources=EDITED)
    assert len(install.calls) == 2
    outcome("compiled anew, the earlier library stays")


@pytest.mark.case("sources that do not compile")
def test_what_the_compiler_refuses_is_said_and_nothing_is_cached(tmp_path, install, outcome):
    with pytest.raises(CannotCompile, match=r"small\.c:1:\d+: error") as refusal:
        compiled(tmp_path, install, sources=KernelSources({"small.c": b"not C"}))
    assert list(tmp_path.iterdir()) == [tmp_path / ".lock"]
    outcome(refusal.value)


@pytest.mark.case("sources that end the process which loads them")
def test_a_library_that_cannot_be_loaded_is_refused(tmp_path, install, outcome):
    deadly = C + b"__attribute__((constructor)) static void start(void) { __builtin_trap(); }\n"
    with pytest.raises(CannotCompile, match="what was compiled cannot be loaded") as refusal:
        compiled(tmp_path, install, target=this_machine(), sources=KernelSources({**SMALL.files, "small.c": deadly}))
    assert list(tmp_path.iterdir()) == [tmp_path / ".lock"]
    outcome(refusal.value)


class TestWithoutThePinnedCompiler:
    """As where no package index can be reached."""

    @pytest.fixture(autouse=True)
    def no_index(self, monkeypatch):
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_NO_INDEX", "1")

    def test_this_machines_own_compiler_serves_this_machine_and_no_image(self, tmp_path):
        lines = []
        try:
            path = install_kernel(SMALL, tmp_path / "lib", tmp_path / "cache", report=lines.append)
        except CannotCompile as reason:
            pytest.skip(f"{reason}; apt-get install gcc")
        assert "pip cannot download the compiler" in lines[-1]
        assert "this machine's own compiler is used" in lines[-1]
        assert path.is_file()
        assert list((tmp_path / "cache").iterdir()) == [tmp_path / "cache" / ".lock"]

    def test_without_any_compiler_the_refusal_says_what_is_missing(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CannotCompile, match="there is no compiler; this machine has no compiler of its own"):
            install_kernel(SMALL, tmp_path / "lib", tmp_path, install=no_compiler, report=lambda _: None)
        assert not list((tmp_path / "lib").iterdir())


def test_a_cache_that_cannot_be_written_is_no_reason_to_do_without(tmp_path):
    lines = []
    (tmp_path / "cache").touch()
    try:
        path = install_kernel(SMALL, tmp_path / "lib", tmp_path / "cache", report=lines.append)
    except CannotCompile as reason:
        pytest.skip(f"{reason}; apt-get install gcc")
    assert path.is_file()
    assert "cannot be written" in lines[0]
