"""OUT, the folder of results: every run has a folder of its own, and one link says which is the latest.

    OUT/runs/000007/        what one run made: bundle/ judged/ report.html verdict.json metrics.json run.log …
    OUT/latest              -> runs/000007, swapped in one rename when a run has come to its verdict
    OUT/bundle, …           -> latest/bundle, …; only what the latest run has: a held model has no image.json
    OUT/images/             OCI image layout, shared by all runs

A run that is killed has swapped nothing; the next one removes what it left.
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from model.errors import OutputError, Problem
from model.files import sync_folder

DOCUMENTS = ("verdict.json", "metrics.json", "rejections.json", "image.json")
RESULTS = ("bundle", "judged", "report.html", *DOCUMENTS, "run.log")
KEEP = 3
NUMBERED = re.compile(r"\d{6}")
MARK = ".kamado"  # in every run's folder, with the run's id: what has none was not made here and is not removed


class Output:
    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.runs = self.root / "runs"
        self.images = self.root / "images"
        self.latest = self.root / "latest"
        self.lock = self.root / ".lock"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold OUT for one run. Raises OutputError with every reason against it."""
        if problems := self.problems():
            raise OutputError(*problems)
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
            handle = self.lock.open("a")
        except OSError as error:
            raise OutputError(self._unwritable(error.strerror)) from None
        with handle:
            if not _lock(handle):
                raise OutputError(self._in_use())
            yield

    def problems(self) -> list[Problem]:
        """Every reason against a run into OUT. Nothing is created or changed for this look."""
        parent = next(path for path in (self.runs, *self.runs.parents) if path.exists())
        if not parent.is_dir():
            return [self._unwritable(os.strerror(errno.ENOTDIR))]
        if not os.access(parent, os.W_OK | os.X_OK) or (self.lock.exists() and not os.access(self.lock, os.W_OK)):
            return [self._unwritable(os.strerror(errno.EACCES))]
        return [*self._foreign(), *([self._in_use()] if self._is_locked() else [])]

    def _is_locked(self) -> bool:
        if not self.lock.exists():
            return False
        with self.lock.open("a") as handle:
            return not _lock(handle)

    def _unwritable(self, reason: str | None) -> Problem:
        hint = "Choose a folder you may write to"
        return Problem(f"OUT={self.root}", f"cannot be written ({reason})", hint, "out-unwritable")

    def _in_use(self) -> Problem:
        hint = "Wait for it, or give this run its own OUT"
        return Problem(f"OUT={self.root}", "is in use by another run", hint, "out-in-use")

    def _foreign(self) -> list[Problem]:
        """Files that Kamado did not write are never overwritten."""
        mine = {name: self.root / name for name in ("latest", *RESULTS)}
        foreign = [name for name, path in mine.items() if path.exists() and not path.is_symlink()]
        foreign += ["images"] if self.images.exists() and not self.images.is_dir() else []
        if not foreign:
            return []
        problem = f"holds {', '.join(foreign)} where results would go, and Kamado did not write them"
        return [Problem(f"OUT={self.root}", problem, "Name another folder, or move them away", "out-foreign")]

    def new_run(self) -> Path:
        """A fresh numbered folder; those of runs that never came to a verdict are removed first.

        It carries on the last of them, and so has its id.
        """
        fresh = self.runs / ".new"  # so that no folder has a number and no mark, whenever a run is killed
        identity = run_id(fresh)
        died = [folder for folder in self._numbered() if not (folder / "run.json").exists()]
        for folder in died:
            identity = run_id(folder) or identity
        fresh.mkdir(exist_ok=True)
        (fresh / MARK).write_text(identity or uuid.uuid4().hex, encoding="utf-8")
        self._remove(died)
        number = max((int(path.name) for path in self.runs.iterdir() if NUMBERED.fullmatch(path.name)), default=0) + 1
        return fresh.rename(self.runs / f"{number:06d}")

    def empty(self, run: Path) -> None:
        """Remove all but its id, which the next run takes over and does not pay again."""
        for path in run.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != MARK:
                path.unlink()

    def keep(self, run: Path) -> None:
        """Keep the next run from removing this one."""
        (run / "run.json").touch()
        sync_folder(run)

    def publish(self, run: Path) -> None:
        """Make `run` the latest in one rename, and remove all but the last few."""
        self.keep(run)
        self._link(self.latest, Path("runs") / run.name)
        for name in RESULTS:
            link = self.root / name
            if (run / name).exists() and not link.is_symlink():
                self._link(link, Path("latest") / name)
            elif not (run / name).exists() and link.is_symlink():
                link.unlink()  # it was for an earlier run, and would lead nowhere
        self._remove(self._numbered()[:-KEEP])

    def _remove(self, folders: Sequence[Path]) -> None:
        """Each gets another name first: what is half removed when a run is killed is removed by the next one."""
        removed = self.runs / ".old"
        shutil.rmtree(removed, ignore_errors=True)
        for folder in folders:
            folder.rename(removed)
            shutil.rmtree(removed)

    def _numbered(self) -> list[Path]:
        return sorted(
            folder for folder in self.runs.iterdir() if NUMBERED.fullmatch(folder.name) and (folder / MARK).exists()
        )

    def _link(self, name: Path, target: Path) -> None:
        temporary = name.with_name(f".{name.name}.new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        temporary.replace(name)
        sync_folder(name.parent)


def run_id(folder: Path) -> str:
    """Of the run in a folder; empty where it has none."""
    mark = folder / MARK
    return mark.read_text("utf-8") if mark.exists() else ""


def _lock(handle: IO[str]) -> bool:
    """False when another process holds it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
