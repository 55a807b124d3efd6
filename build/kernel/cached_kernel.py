"""What the pinned compiler made of the sources, cached on this machine: no network where nothing has changed."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from build.kernel.loads import refuse_unloadable
from build.kernel.target import IMAGES, Target, this_machine
from build.kernel.zig import LOCK, Zig, flags_for, install_zig
from model.files import write_atomically
from model.kernel.sources import KernelSources

InstallCompiler = Callable[[Path], Zig]
SCRATCH = ".making-"


def cached_kernel(
    sources: KernelSources,
    target: Target,
    cache: Path,
    *,
    install: InstallCompiler = install_zig,
    report: Callable[[str], None],
) -> Path:
    """The library of these sources for `target`, a file in the folder `cache`.

    When it is missing, it is compiled for every target at once, by what `install` puts into an empty folder. One
    process compiles, others wait for it. Raises CannotCompile, and OSError when the cache cannot be written.
    """
    with _turn(cache):
        path = _path(cache, sources, target)
        if not path.exists():
            report("compiling the kernel")
            with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=cache) as scratch:
                _compile(sources, (*IMAGES, target), cache, install(Path(scratch)))
    return path


def _compile(sources: KernelSources, targets: Iterable[Target], cache: Path, zig: Zig) -> None:
    libraries = {target: zig.compile(sources, target) for target in targets}
    if library := libraries.get(this_machine()):
        refuse_unloadable(library, sources.sha256)
    for target, library in libraries.items():
        write_atomically(_path(cache, sources, target), library.read_bytes())


def _path(cache: Path, sources: KernelSources, target: Target) -> Path:
    """By all that decides its bytes."""
    inputs = "\0".join((sources.sha256, *flags_for(target), LOCK.read_text("utf-8")))
    return cache / f"{hashlib.sha256(inputs.encode()).hexdigest()}{target.ending}"


@contextlib.contextmanager
def _turn(cache: Path) -> Iterator[None]:
    """One at a time. A compiler that a killed process left behind is removed."""
    cache.mkdir(parents=True, exist_ok=True)
    lock = os.open(cache / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in cache.glob(f"{SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(lock)
