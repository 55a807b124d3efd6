"""The library of this machine in a folder."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from build.kernel import CannotCompile
from build.kernel.cached_kernel import InstallCompiler, cached_kernel
from build.kernel.compiler import FLAGS, compile_sources
from build.kernel.loads import refuse_unloadable
from build.kernel.target import Target, this_machine
from build.kernel.zig import install_zig
from model.files import write_atomically
from model.kernel.sources import KernelSources

COMPILERS = ("cc", "clang", "gcc")


def install_kernel(
    sources: KernelSources,
    folder: Path,
    cache: Path,
    *,
    install: InstallCompiler = install_zig,
    report: Callable[[str], None],
) -> Path:
    """The file in `folder`: the cached library, else, on this machine alone, one of its own compiler.

    No image gets the latter: what serves is of the pinned compiler. Raises CannotCompile, and OSError when `folder`
    cannot be written.
    """
    target = this_machine()
    path = folder / sources.library_name(target.ending)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, _library(sources, target, cache, install, report))
    return path


def installed_kernel(sources: KernelSources, folder: Path) -> bool:
    """Whether the library of these sources for this machine is in `folder`. Raises CannotCompile as well."""
    return (folder / sources.library_name(this_machine().ending)).is_file()


def _library(
    sources: KernelSources, target: Target, cache: Path, install: InstallCompiler, report: Callable[[str], None]
) -> bytes:
    try:
        return cached_kernel(sources, target, cache, install=install, report=report).read_bytes()
    except CannotCompile as reason:
        first = str(reason)
    except OSError as error:
        first = f"the cache {cache} cannot be written ({error.strerror})"
    report(f"{first}; this machine's own compiler is used")
    try:
        return _by_own_compiler(sources, target)
    except CannotCompile as reason:
        raise CannotCompile(f"{first}; {reason}") from reason


def _by_own_compiler(sources: KernelSources, target: Target) -> bytes:
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        raise CannotCompile("this machine has no compiler of its own (cc)")
    with tempfile.TemporaryDirectory(prefix="kamado-kernel-") as scratch:
        library = Path(scratch) / f"kernel{target.ending}"
        compile_sources([compiler, *FLAGS], sources, library, Path(scratch) / "sources", {})
        refuse_unloadable(library, sources.sha256)
        return library.read_bytes()
