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
from model.files import sha256_of, write_atomically
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
    """The library of these sources for `target`, a file in the folder `cache`, named after its own bytes as well.

    When it is missing, it is compiled for every target at once, by what `install` puts into an empty folder. One
    process compiles, others wait for it. Raises CannotCompile, and OSError when the cache cannot be written.
    """
    with _turn(cache):
        path = _find(cache, sources, target)
        if path is None:
            report("compiling the kernel")
            with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=cache) as scratch:
                path = _compile(sources, (*IMAGES, target), cache, install(Path(scratch)))[target]
    return path


def _compile(sources: KernelSources, targets: Iterable[Target], cache: Path, zig: Zig) -> dict[Target, Path]:
    libraries = {target: zig.compile(sources, target) for target in targets}
    if library := libraries.get(this_machine()):
        refuse_unloadable(library, sources.sha256)
    paths = {}
    for target, library in libraries.items():
        data = library.read_bytes()
        paths[target] = cache / f"{_key(sources, target)}-{hashlib.sha256(data).hexdigest()}{target.ending}"
        write_atomically(paths[target], data)
    return paths


def _find(cache: Path, sources: KernelSources, target: Target) -> Path | None:
    """Whole, or not at all: a library that lost its end kills the process that loads it. Damaged ones are removed."""
    key = _key(sources, target)
    for path in sorted(cache.glob(f"{key}-*{target.ending}")):
        if path.name == f"{key}-{sha256_of(path)}{target.ending}":
            return path
        path.unlink()
    return None


def _key(sources: KernelSources, target: Target) -> str:
    """By all that decides its bytes."""
    inputs = "\0".join((sources.sha256, *flags_for(target), LOCK.read_text("utf-8")))
    return hashlib.sha256(inputs.encode()).hexdigest()


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
