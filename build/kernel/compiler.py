"""How a C compiler is run over the kernel's sources."""

import os
import subprocess
from pathlib import Path

from build.kernel import CannotCompile
from model.kernel.sources import KernelSources

# No contraction of a * b + c, which would round once where numpy rounds twice.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-ffreestanding", "-fPIC", "-shared")


def compile_sources(
    command: list[str], sources: KernelSources, library: Path, folder: Path, environment: dict[str, str]
) -> None:
    """Compile a copy of the sources, which is made in `folder`, to `library`. Raises CannotCompile.

    Their names are relative: no path of this machine is compiled in.
    """
    names = sorted(name for name in sources.files if name.endswith(".c"))
    if not names:
        raise CannotCompile("there are no C sources")
    folder.mkdir(exist_ok=True)
    for name, data in sources.files.items():
        (folder / name).write_bytes(data)
    macro = f'-DKMD_SOURCES="{sources.sha256}"'
    run([*command, macro, "-o", str(library), *names], f"{command[0]} fails", folder=folder, environment=environment)


def run(
    command: list[str], failure: str, *, folder: Path | None = None, environment: dict[str, str] | None = None
) -> str:
    """Its standard output. Raises CannotCompile, with the first error that it wrote."""
    variables = {**os.environ, **(environment or {})}
    try:
        done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CannotCompile(f"{failure} ({error.strerror})") from error
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        reason = next((line for line in lines if "error:" in line.lower()), lines[-1])
        raise CannotCompile(f"{failure} ({reason:.300})")
    return done.stdout
