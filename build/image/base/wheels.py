"""The layer of the server's locked libraries, as wheels for the base's Python, whatever Python builds it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from build.image.base.dir_entries import entries
from build.oci.json_documents import dump
from build.oci.layer import TarEntry

FOLDER = Path(__file__).resolve().parents[1] / "base_images"
LOCK = FOLDER / "server" / "requirements.txt"
OLDEST_GLIBC = 17  # manylinux_2_17 is the oldest that the locked wheels are made for
# What no server reads: tests and what compiles, headers, sources, types for editors, and what pip notes for itself.
FOLDERS = {"tests", "include", "__pycache__", "bin", "f2py", "distutils"}
TESTED = re.compile(r"(_simd|\w+_tests)\..*\.so")  # of numpy, imported by its tests
ENDINGS = (".pyi", ".pxd", ".h", ".hpp", ".a", ".lib", ".f", ".f90", ".c", ".cpp", ".pyx")
NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


class CannotMake(Exception):
    """A base cannot be made on this machine; the message says why, in a clause."""


def libraries(scratch: Path, *, python: tuple[int, int], glibc: int, machine: str) -> Iterator[TarEntry]:
    """The locked libraries for Debian's Python, where it looks for what is installed beside its packages."""
    version = f"{python[0]}.{python[1]}"
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(glibc, OLDEST_GLIBC - 1, -1)]
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"),
        *("--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--target", str(scratch)),
        *("--implementation", "cp", "--python-version", version),
        *("--abi", f"cp{python[0]}{python[1]}", "--abi", "abi3", "--abi", "none"),
        *(part for platform in [*platforms, f"manylinux2014_{machine}"] for part in ("--platform", platform)),
        *("-r", str(LOCK)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotMake(f"pip could not fetch the locked libraries ({last:.300})")
    return entries(scratch, f"usr/local/lib/python{version}/dist-packages", needed=is_needed)


def is_needed(name: str) -> bool:
    *folders, file = name.split("/")
    if not FOLDERS.isdisjoint(folders) or file.endswith(ENDINGS) or TESTED.fullmatch(file):
        return False
    return not (file in NOTES and folders and folders[-1].endswith(".dist-info"))


def libraries_key(*, python: tuple[int, int], glibc: int, machine: str) -> str:
    return dump([LOCK.read_text("utf-8"), python, glibc, machine]).decode()
