"""OUT, the folder of results: every run has a folder of its own, and one link says which is the latest.

    OUT/runs/000007/        what one run made: bundle/ report.html verdict.json metrics.json ledger.json run.log …
    OUT/latest              -> runs/000007, swapped in one rename when a run has come to its verdict
    OUT/bundle, …           -> latest/bundle, …
    OUT/images/             OCI image layout, shared by all runs

A run that is killed has swapped nothing; the next one removes what it left.
"""

import contextlib
import fcntl
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from model.errors import Fault, OutputRefused
from model.files import sync_folder

SHOWN = ("bundle", "report.html", "verdict.json", "metrics.json", "ledger.json", "image.json", "run.log")
KEEP = 3
NUMBERED = re.compile(r"\d{6}")
MARK = ".kamado"  # stands in every run's folder: what has none was not made here and is not removed


class Output:
    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.runs = self.root / "runs"
        self.images = self.root / "images"
        self.latest = self.root / "latest"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold OUT for one run. Raises OutputRefused when it cannot be written or another run holds it."""
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
            handle = (self.root / ".lock").open("a")
        except OSError as error:
            fault = Fault(
                f"OUT={self.root}", f"cannot be written ({error.strerror})", "Choose a folder you may write to"
            )
            raise OutputRefused(fault) from None
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                fault = Fault(
                    f"OUT={self.root}", "is in use by another run", "Wait for it, or give this run its own OUT"
                )
                raise OutputRefused(fault) from None
            self._refuse_strangers()
            yield

    def _refuse_strangers(self) -> None:
        """Nothing that somebody else put here is written over: raises OutputRefused, with all of it."""
        mine = {name: self.root / name for name in ("latest", *SHOWN)}
        strange = [name for name, path in mine.items() if path.exists() and not path.is_symlink()]
        strange += ["images"] if self.images.exists() and not self.images.is_dir() else []
        if strange:
            found = f"holds {', '.join(strange)} of somebody else, where results would go"
            raise OutputRefused(Fault(f"OUT={self.root}", found, "Name another folder, or move them away"))

    def new_run(self) -> Path:
        """A fresh numbered folder; those of runs that never came to a verdict are removed first."""
        numbered = self._numbered()
        for folder in numbered:
            if not (folder / "run.json").exists():
                shutil.rmtree(folder)
        number = max((int(path.name) for path in self.runs.iterdir() if NUMBERED.fullmatch(path.name)), default=0) + 1
        folder = self.runs / f"{number:06d}"
        folder.mkdir()
        (folder / MARK).touch()
        return folder

    def keep(self, run: Path) -> None:
        """Let the next run not clear this one away."""
        (run / "run.json").touch()
        sync_folder(run)

    def publish(self, run: Path) -> None:
        """Make `run` the latest in one rename, and let go of all but the last few."""
        self.keep(run)
        self._link(self.latest, Path("runs") / run.name)
        for name in SHOWN:
            if not (self.root / name).is_symlink():
                self._link(self.root / name, Path("latest") / name)
        for old in self._numbered()[:-KEEP]:
            shutil.rmtree(old)

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
