"""KServe's own client from PyPI, in an environment of its own, which is installed once and cached."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from build.environment.pip_config import pip_config, uv_environment
from tests.once import once

LOCK = Path(__file__).with_suffix(".txt")
UV = Path(sys.executable).with_name("uv")


def kserve_python(cache: Path) -> str:
    """The Python of the environment, below `cache`. Skips the test where its packages cannot be fetched."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(f"{version}\n".encode() + LOCK.read_bytes()).hexdigest()[:12]
    folder = once(cache / "tests" / f"kserve-client-{key}", _install)
    return str(folder / "bin" / "python")


def _install(folder: Path) -> None:
    shutil.rmtree(folder)
    environment = os.environ | uv_environment(pip_config(sys.executable), os.environ)
    options = ("--quiet", "--no-deps", "--require-hashes", "--requirement", str(LOCK))
    for command in (
        [UV, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [UV, "pip", "install", "--python", str(folder / "bin" / "python"), *options],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"needs the packages of {LOCK.name} from a package index, which uv cannot reach: {done.stderr}")
