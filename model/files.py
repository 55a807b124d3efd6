"""Writing so that a reader never meets half a file, even if the writer is killed."""

import contextlib
import errno
import fcntl
import glob
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"
DEEPEST = 100  # levels of nesting; none of our documents has ten
TOO_DEEP = f"it is nested more than {DEEPEST} deep"
UNFINISHED = ".unfinished"  # ending of a folder that a writer is filling
MOST_DIGITS = 308  # of a whole number: any of so many is within the range of a float


def write_atomically(path: Path, data: bytes) -> None:
    """Raises OSError and leaves `path` as it was."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file that takes the place of `path` when it is complete: temporary name in the same folder, fsync, rename.

    Yields the temporary file, which is empty. On any error it is removed, and `path` is as it was. Raises OSError where
    `path` is a folder, a device or a pipe: to rename over /dev/null would take it from the whole machine.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EEXIST, "is there, and is not a regular file", str(path))
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync_file(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def dump_json(value: object, *, sort_keys: bool = True) -> bytes:
    """One byte sequence per value: sorted keys, no NaN or infinity (ValueError), newline at the end.

    Without `sort_keys`, keys stay in the order that they have.
    """
    return (json.dumps(value, sort_keys=sort_keys, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def write_json(path: Path, value: object) -> None:
    write_atomically(path, dump_json(value))


def parse_json(data: bytes) -> Any:
    """JSON that every reader understands alike; raises ValueError for any other.

    No duplicate keys, no NaN or Infinity, no number beyond the range of a float (1e999, 400 digits), and at most
    DEEPEST levels of nesting, so that whoever walks the value may use recursion.
    """
    try:
        value = json.loads(
            data,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_int,
            parse_float=_float,
        )
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    _refuse_deep(value)
    return value


def _refuse_deep(value: JSON) -> None:
    level: list[JSON] = [value]
    for _ in range(DEEPEST + 1):
        containers = [value for value in level if isinstance(value, dict | list)]
        if not containers:
            return
        level = [inner for outer in containers for inner in (outer.values() if isinstance(outer, dict) else outer)]
    raise ValueError(TOO_DEEP)


def _int(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number has {len(text):,} digits")
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text:.40} is beyond the range of a number")
    return number


def _unique(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"duplicate key {next(key for key in keys if keys.count(key) > 1)!r}")
    return dict(pairs)


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def sha256_of(path: Path) -> str:
    """Hex digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def new_folder(path: Path, *, finish: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """A folder that appears complete or not at all.

    Yields a temporary sibling to fill; on success its files are synced, `finish` may look at it once more, and it
    takes the name `path` (which must not hold a folder already, else OSError). On any error it is removed. Unfinished
    folders of killed writers are removed first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(path)
    temporary, lock = _locked_sibling(path)
    try:
        yield temporary
        sync_files(temporary)
        temporary.chmod(0o755)
        if finish is not None:
            finish(temporary)
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()  # an output folder that the runner made empty beforehand
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    finally:
        os.close(lock)
    sync_folder(path.parent)


@contextlib.contextmanager
def output_folder(path: Path) -> Iterator[Path]:
    """A new folder that is written where it stays, for the output of a step, which nobody reads before the step ends.

    No folder is renamed: mounts of object stores refuse that. `path` must not hold anything yet, else OSError. On any
    error it is removed.
    """
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(path))
    try:
        yield path
    except BaseException:
        empty(path)
        path.rmdir()
        raise


def empty(folder: Path) -> None:
    """Remove everything in a folder, which itself stays."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def sync_files(folder: Path) -> None:
    """Make the content of all files below a folder durable."""
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            _sync_file(file)


def _locked_sibling(path: Path) -> tuple[Path, int]:
    """A new hidden folder beside `path`, locked as long as its writer lives, in whatever way it ends."""
    while True:
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=UNFINISHED, dir=path.parent))
        # Until it is locked, another writer may take it for unfinished and remove it.
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY)
            with contextlib.suppress(OSError):  # not every file system has locks; nothing is removed there
                fcntl.flock(lock, fcntl.LOCK_EX)
            if temporary.exists():
                return temporary, lock
            os.close(lock)


def _remove_unfinished(path: Path) -> None:
    for folder in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED}"):
        with contextlib.suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(lock).st_uid == os.geteuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable, not only the files behind them."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
