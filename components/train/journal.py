"""The trials of a search as they end, so that a search that was killed goes on where it was, to the same answer.

One line of JSON for each trial. A line that a kill cut short is dropped, and its trial is made again.
"""

import fcntl
import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self

import optuna
import pydantic

from artifacts.document import Section
from components.train.candidates import CANDIDATES, SPACE
from model.bundle.booster import xgboost

FORMAT = 2  # grows when the same trial would have another result: of the search, its folds or its rounds


class TrialRecord(Section):
    """A trial that has ended. `losses` are what it reported on its way, (round, log loss): the pruner compares them."""

    number: int
    state: Literal["complete", "pruned"]
    log_loss: float
    rounds: int | None
    parameters: dict[str, int | float | str]
    losses: tuple[tuple[int, float], ...]
    cpu_seconds: float
    cut: bool = False  # its rounds, because the time was over


class Journal:
    """`with Journal(path) as journal:` reads what an attempt before has left, and keeps others away meanwhile.

    Nothing is kept without a path, where the folder cannot be written, and where another process makes the same search.
    """

    def __init__(self, path: Path | None) -> None:
        self.records: list[TrialRecord] = []
        self._path = path
        self._file: BinaryIO | None = None
        self._is_full = False

    def __enter__(self) -> Self:
        if self._path is not None:
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._open(self._path.open("a+b", buffering=0))
        return self

    def _open(self, file: BinaryIO) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return
        file.seek(0)
        good = 0
        for line in file.read().splitlines(keepends=True):
            record = _record(line)
            if record is None or record.number != len(self.records):
                break
            self.records.append(record)
            good += len(line)
        file.truncate(good)
        self._file = file

    def add(self, record: TrialRecord) -> None:
        """It is on the disk when this returns. Where the disk takes no more, the search goes on without its journal."""
        self.records.append(record)
        if self._file is not None and not self._is_full:
            line = record.model_dump_json().encode() + b"\n"
            try:
                self._is_full = self._file.write(line) < len(line)
                os.fsync(self._file.fileno())
            except OSError:
                self._is_full = True  # a part of the line may be there, after which nothing would be read

    def remove(self) -> None:
        """The search's result is written: nobody goes on with it."""
        if self._file is not None and self._path is not None:
            self._path.unlink(missing_ok=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _record(line: bytes) -> TrialRecord | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return TrialRecord.model_validate_json(line)
    except pydantic.ValidationError:
        return None


def journal_path(folder: Path, *, spec_sha256: str, sql_sha256: str, data_sha256: str) -> Path:
    """Of this search alone: another spec, other rows, other candidates and another XGBoost have other files."""
    code = [FORMAT, repr(CANDIDATES), repr(SPACE), xgboost.__version__, optuna.__version__]
    key = json.dumps([spec_sha256, sql_sha256, data_sha256, *code]).encode()
    return folder / "searches" / f"{hashlib.sha256(key).hexdigest()}.jsonl"
