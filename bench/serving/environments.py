"""The environment of each server: a venv with exactly the packages of its lock, in the user's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from build.environment.pip_config import pip_config, uv_environment
from build.kernel.install import install_kernel
from build.settings import cache_folder
from model.kernel.sources import kernel_sources

STAMP = "lock.sha256"
SERVER_LOCK = Path(__file__).resolve().parents[2] / "build" / "image" / "base_images" / "server" / "requirements.txt"


def environment(name: str, lock: Path) -> Path:
    """The venv's folder, made when the lock has changed; with bytecode, as in an image. Raises CalledProcessError."""
    folder = cache_folder(os.environ) / "bench" / name
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = folder / STAMP
    if stamp.is_file() and stamp.read_text() == digest:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    variables = {**os.environ, **uv_environment(pip_config(sys.executable), os.environ)}
    uv = str(Path(sys.executable).with_name("uv"))
    commands = (
        ["venv", "--quiet", "--no-config", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--no-config", "--python", str(folder), "--no-deps", "--require-hashes",
         "--compile-bytecode", "--requirement", str(lock)],
    )  # fmt: skip
    for command in commands:
        subprocess.run([uv, *command], env=variables, check=True)
    stamp.write_text(digest)
    return folder


def server_environment() -> Path:
    """Of Kamado's server: the packages of its image, and the kernel. Raises CannotCompile without the latter."""
    folder = environment("kamado", SERVER_LOCK)
    cache = cache_folder(os.environ) / "kernel"
    install_kernel(kernel_sources(), folder / "lib" / "kamado", cache, report=lambda line: print(line, file=sys.stderr))
    return folder


def site_packages(folder: Path) -> int:
    """Bytes of the venv's packages with their bytecode."""
    return sum(path.lstat().st_size for path in (folder / "lib").rglob("*") if path.is_file())
