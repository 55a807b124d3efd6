"""A Python to start from where no public one can be had: a small Debian with pip, made by debootstrap and kept.

It is made once for a release and kept as a tarball: images change on purpose only. Delete it to take newer packages.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from build.image.base.base import Report
from build.image.base.layer_cache import EPOCH
from build.image.base_images import BaseImagesError
from model.errors import Problem

PACKAGES = ("python3", "python3-venv", "python3-pip", "ca-certificates")
EMPTIED = (
    *("dev", "proc", "sys", "run", "var/cache", "var/log", "var/lib/apt/lists"),
    *("usr/share/locale", "usr/share/man", "usr/share/info", "usr/share/i18n"),
)
RULES = 1  # of what is emptied; a change makes it anew
NAMES_OF_THIS_MACHINE = ("etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/machine-id")


def debian_tarball(cache: Path, release: str, *, report: Report) -> Path:
    """The file system of `release` with PACKAGES, as `docker import` takes it. Raises BaseImagesError."""
    folder = cache / "python"
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(" ".join((str(RULES), platform.machine(), *PACKAGES)).encode()).hexdigest()
    path = folder / f"debian-{release}-{key[:12]}.tar.gz"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two builders one works, the other finds what it made
        if not path.exists():
            _refuse_impossible()
            report(f"making Debian {release} with debootstrap, once (about a minute)")
            with tempfile.TemporaryDirectory(dir=folder, prefix=".making-", ignore_cleanup_errors=True) as scratch:
                _make(Path(scratch), release).replace(path)
    return path


def _refuse_impossible() -> None:
    if shutil.which("debootstrap") is None:
        raise _refused("debootstrap is not on this machine", "apt-get install debootstrap")
    if os.geteuid() != 0:
        raise _refused("debootstrap makes a file system with owners, which only root can", "Run as root")


def _make(scratch: Path, release: str) -> Path:
    root = scratch / "root"
    try:
        _run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", release, str(root))
    finally:
        for mounted in ("proc", "sys"):  # a debootstrap that fails may leave these, and they must not be cleared away
            subprocess.run(["umount", root / mounted], capture_output=True, check=False)
    for name in EMPTIED:
        _empty(root / name)
    for name in NAMES_OF_THIS_MACHINE:
        (root / name).unlink(missing_ok=True)
    for page in (root / "usr/share/doc").rglob("*"):
        if page.name != "copyright" and not page.is_dir():
            page.unlink()
    archive = scratch / "root.tar.gz"
    _run("tar", "--create", "--gzip", "--sort=name", f"--mtime=@{EPOCH}", "--numeric-owner", "--exclude=__pycache__",
         "--directory", str(root), "--file", str(archive), ".")  # fmt: skip
    return archive


def _empty(folder: Path) -> None:
    for inside in folder.iterdir() if folder.is_dir() else ():
        if inside.is_dir() and not inside.is_symlink():
            shutil.rmtree(inside)
        else:
            inside.unlink()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("E:", "W:", "tar:"))]
        raise _refused(f"{command[0]} fails ({'; '.join(said[-2:]) or done.returncode})", "Fix what it names")


def _refused(found: str, hint: str) -> BaseImagesError:
    return BaseImagesError(Problem("Debian's Python", found, f"{hint}, or give PYTHON_IMAGE", "python-missing"))
