"""An arm64 processor in software: QEMU's user emulation, of this machine or of Debian's package."""

import os
import shutil
from pathlib import Path

import pytest

from build.image.base.apt import Apt, refuse_without_apt
from build.image.base.deb import unpack
from build.image.base.wheels import CannotMake
from build.settings import cache_folder
from tests.once import once

PACKAGE, PROGRAM = "qemu-user-static", "qemu-aarch64-static"


def qemu_arm64() -> Path:
    """The program that runs programs for arm64. Debian's is fetched once and kept in this machine's own cache."""
    if installed := shutil.which(PROGRAM):
        return Path(installed)
    return once(cache_folder(os.environ) / "tests" / PROGRAM, _fetch) / PROGRAM


def _fetch(folder: Path) -> None:
    try:
        refuse_without_apt()
        with Apt() as apt:
            packages = tuple(package for package in apt.closure((PACKAGE,)) if package.name == PACKAGE)
            (archive,) = apt.download(packages, folder)
        (entry,) = unpack(archive, folder, needed=lambda name: name == f"usr/bin/{PROGRAM}")
    except (CannotMake, ValueError) as reason:
        pytest.skip(f"needs {PROGRAM}, which cannot be fetched ({reason}): apt-get install {PACKAGE}")
    assert isinstance(entry.data, Path)
    entry.data.replace(folder / PROGRAM)
    (folder / PROGRAM).chmod(0o755)
    archive.unlink()
