"""Kernels of altered sources: real libraries with a planted fault."""

import shutil
import subprocess
from pathlib import Path

import pytest

from model.kernel.library import ENDING
from model.kernel.sources import FOLDER, KernelSources, kernel_sources

ROOT = Path(__file__).resolve().parents[3]
Alteration = tuple[str, str, str]  # a file, a text in it, and what stands in its place


def altered(*alterations: Alteration) -> KernelSources:
    """Every alteration has an effect, so that a source that has moved on is noticed."""
    files = dict(kernel_sources().files)
    for name, text, other in alterations:
        assert text.encode() in files[name], (name, text)
        files[name] = files[name].replace(text.encode(), other.encode())
    return KernelSources(files)


def compiled(sources: KernelSources, library: Path, *flags: str, claims: KernelSources | None = None) -> Path:
    """The library of these sources, which says that it is of `claims`."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc) on this machine; apt-get install gcc")
    folder = library.parent / f"{library.name}.sources"
    folder.mkdir(parents=True)
    for name, data in sources.files.items():
        (folder / name).write_bytes(data)
    digest = f'-DKMD_SOURCES="{(claims or sources).sha256}"'
    names = sorted(path.name for path in folder.glob("*.c"))
    command = [
        compiler,
        "-std=c11",
        "-O1",
        "-ffp-contract=off",
        *flags,
        "-fPIC",
        "-shared",
        digest,
        "-o",
        library,
        *names,
    ]
    subprocess.run(command, cwd=folder, check=True)
    return library


def checkout(folder: Path, sources: KernelSources, *, with_library: bool = True) -> Path:
    """The packages of the gate, with these sources of the kernel and their library beside them."""
    shutil.copytree(ROOT / "model", folder / "model", ignore=shutil.ignore_patterns("__pycache__", f"*{ENDING}"))
    for package in ("artifacts", "build"):
        (folder / package).symlink_to(ROOT / package)
    kernel = folder / FOLDER.relative_to(ROOT)
    for name, data in sources.files.items():
        (kernel / name).write_bytes(data)
    if with_library:
        compiled(sources, folder / "made" / "library").rename(kernel / sources.library_name(ENDING))
    return folder
