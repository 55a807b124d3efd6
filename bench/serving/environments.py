"""The environment of each server: a venv with exactly the packages of its lock, in the user's cache."""

import os
import sys
from pathlib import Path

from bench.environments import environment
from build.kernel.install import install_kernel
from build.settings import cache_folder
from model.kernel.sources import kernel_sources

SERVER_LOCK = Path(__file__).resolve().parents[2] / "build" / "image" / "base_images" / "server" / "requirements.txt"


def server_environment() -> Path:
    """Of Kamado's server: the packages of its image, and the kernel. Raises CannotCompile without the latter."""
    folder = environment("kamado", SERVER_LOCK)
    cache = cache_folder(os.environ) / "kernel"
    install_kernel(kernel_sources(), folder / "lib" / "kamado", cache, report=lambda line: print(line, file=sys.stderr))
    return folder


def site_packages(folder: Path) -> int:
    """Bytes of the venv's packages with their bytecode."""
    return sum(path.lstat().st_size for path in (folder / "lib").rglob("*") if path.is_file())
