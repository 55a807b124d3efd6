"""Environments of what a bench compares with: a venv with exactly the packages of a lock, in the user's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from build.environment.pip_config import pip_config, uv_environment
from build.settings import cache_folder

STAMP = "lock.sha256"


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
