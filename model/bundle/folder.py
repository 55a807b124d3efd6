"""The files of a bundle on disk, and their identity. Only regular files of the known names and size are opened."""

import errno
import hashlib
import os
import stat
from pathlib import Path

from model.errors import Problem

MANIFEST, BOOSTER, GOLDEN = "manifest.json", "booster.ubj", "golden.json"
FILES = (BOOSTER, GOLDEN, MANIFEST)
MOST_BYTES = 50_000_000  # of one file
RETRAIN = "Train the bundle again; a bundle is never edited by hand"
KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def digest_of(files: dict[str, bytes]) -> str:
    """The identity of these files, by name."""
    return identity({name: hashlib.sha256(data).hexdigest() for name, data in files.items()})


def identity(digests: dict[str, str]) -> str:
    """`sha256:` over one line "<hex>  <name>" per file, sorted by name, as sha256sum would print them."""
    lines = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def bundle_digest(folder: Path) -> str:
    """The identity of the bundle in `folder`, from its files as they are. Raises OSError."""
    return digest_of({name: (folder / name).read_bytes() for name in FILES})


def read_folder(folder: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """The files that can be read, by name, and every problem of the folder."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 (names that are not UTF-8 are reported, not followed)
    except OSError as error:
        _raise_without_memory(error)
        missing = isinstance(error, FileNotFoundError)
        problem = "is missing" if missing else f"cannot be listed ({error.strerror})"
        return {}, [Problem(str(folder), problem, "BUNDLE names the folder that train wrote", "folder-unreadable")]
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
            problem = f"has {status.st_size:,} bytes, more than {MOST_BYTES:,}"
            return Problem(path.name, problem, "Train with fewer or shallower trees", "file-size")
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return Problem(path.name, "is missing", "BUNDLE names the complete folder that train wrote", "file-missing")
    except OSError as error:
        _raise_without_memory(error)
        return Problem(path.name, f"cannot be read ({error.strerror})", "Fix its permissions", "file-unreadable")


def _raise_without_memory(error: OSError) -> None:
    """The folder is not at fault where the process has no memory left to read it."""
    if error.errno == errno.ENOMEM:
        raise MemoryError from error
