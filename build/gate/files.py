"""The bundle's folder as a thing on disk: exactly the declared files, regular, within size, with their checksums."""

import hashlib
import os
import stat
from pathlib import Path

from model.bundle.bundle import BOOSTER, FILES, GOLDEN, MANIFEST, RETRAIN, Manifest
from model.errors import Problem

MOST_BYTES = 50_000_000
KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_folder(folder: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """The files that may be looked at, and every problem of the folder. Nothing is opened but regular files."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 (names that are not UTF-8 must be told, not followed)
    except OSError as error:
        told = f"cannot be listed ({error.strerror})"
        return {}, [Problem(str(folder), told, "BUNDLE names the folder that train wrote", "folder-unreadable")]
    problems = [
        Problem(repr(name), "is not a file of a bundle", "Remove it", "file-extra")
        for name in names
        if name not in FILES
    ]
    files: dict[str, bytes] = {}
    for name in FILES:
        data = _read(folder / name)
        if isinstance(data, Problem):
            problems.append(data)
        else:
            files[name] = data
    return files, problems


def _read(path: Path) -> bytes | Problem:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            kind = KINDS.get(stat.S_IFMT(status.st_mode), "of an unknown kind")
            return Problem(path.name, f"is {kind}, not a regular file", RETRAIN, "file-kind")
        if status.st_size > MOST_BYTES:
            told = f"has {status.st_size:,} bytes, more than {MOST_BYTES:,}"
            return Problem(path.name, told, "Train with fewer or shallower trees", "file-size")
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return Problem(path.name, "is missing", "BUNDLE names the folder that train wrote, whole", "file-missing")
    except OSError as error:
        return Problem(path.name, f"cannot be read ({error.strerror})", "Fix its permissions", "file-unreadable")


def compare(files: dict[str, bytes], manifest: Manifest) -> list[Problem]:
    """The files against the digests that the manifest declares: those two, no more and no fewer."""
    problems = []
    for name in sorted(set(manifest.files) | {BOOSTER, GOLDEN}):
        declared = manifest.files.get(name)
        if declared is None:
            problems.append(Problem(f"{MANIFEST} files", f"does not declare {name}", RETRAIN, "file-undeclared"))
        elif name not in (BOOSTER, GOLDEN):
            problems.append(Problem(f"{MANIFEST} files", f"declares {name!r:.100}", RETRAIN, "file-undeclared"))
        elif name in files and len(files[name]) != declared.size:
            told = f"has {len(files[name])} bytes, declared are {declared.size}"
            problems.append(Problem(name, told, RETRAIN, "file-digest"))
        elif name in files and hashlib.sha256(files[name]).hexdigest() != declared.sha256:
            problems.append(Problem(name, "does not match its declared sha256", RETRAIN, "file-digest"))
    return problems
