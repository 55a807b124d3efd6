"""The bundle's folder as a thing on disk: exactly the declared files, regular, within size, with their checksums."""

import hashlib
import os
import stat
from pathlib import Path

from model.bundle.bundle import BOOSTER, FILES, GOLDEN, MANIFEST, RETRAIN, Manifest
from model.errors import Fault

MOST_BYTES = 50_000_000
KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_folder(folder: Path) -> tuple[dict[str, bytes], list[Fault]]:
    """The files that may be looked at, and every fault of the folder. Nothing is opened that is not a regular file."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 (names that are not UTF-8 must be told, not followed)
    except OSError as error:
        told = f"cannot be listed ({error.strerror})"
        return {}, [Fault(str(folder), told, "BUNDLE names the folder that train wrote", "folder-unreadable")]
    faults = [
        Fault(repr(name), "is not a file of a bundle", "Remove it", "file-extra") for name in names if name not in FILES
    ]
    files: dict[str, bytes] = {}
    for name in FILES:
        data = _read(folder / name)
        if isinstance(data, Fault):
            faults.append(data)
        else:
            files[name] = data
    return files, faults


def _read(path: Path) -> bytes | Fault:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            kind = KINDS.get(stat.S_IFMT(status.st_mode), "of an unknown kind")
            return Fault(path.name, f"is {kind}, not a regular file", RETRAIN, "file-kind")
        if status.st_size > MOST_BYTES:
            told = f"has {status.st_size:,} bytes, more than {MOST_BYTES:,}"
            return Fault(path.name, told, "Train with fewer or shallower trees", "file-size")
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return Fault(path.name, "is missing", "BUNDLE names the folder that train wrote, whole", "file-missing")
    except OSError as error:
        return Fault(path.name, f"cannot be read ({error.strerror})", "Fix its permissions", "file-unreadable")


def compare(files: dict[str, bytes], manifest: Manifest) -> list[Fault]:
    """The files against the digests that the manifest declares: those two, no more and no fewer."""
    faults = []
    for name in sorted(set(manifest.files) | {BOOSTER, GOLDEN}):
        declared = manifest.files.get(name)
        if declared is None:
            faults.append(Fault(f"{MANIFEST} files", f"does not declare {name}", RETRAIN, "file-undeclared"))
        elif name not in (BOOSTER, GOLDEN):
            faults.append(Fault(f"{MANIFEST} files", f"declares {name!r:.100}", RETRAIN, "file-undeclared"))
        elif name in files and len(files[name]) != declared.size:
            told = f"has {len(files[name])} bytes, declared are {declared.size}"
            faults.append(Fault(name, told, RETRAIN, "file-digest"))
        elif name in files and hashlib.sha256(files[name]).hexdigest() != declared.sha256:
            faults.append(Fault(name, "does not match its declared sha256", RETRAIN, "file-digest"))
    return faults
