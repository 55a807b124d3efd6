"""The prediction log as Parquet files in a folder: a new file by size and by time.

A file has its name only when it is complete. Until then it ends in `.part`: a process that is killed loses the rows of
that one file, and leaves it. Files of several servers may share the folder.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import time

from serving.prediction_log.columns import COLUMNS
from serving.prediction_log.parquet.writer import RowGroupWriter
from serving.prediction_log.scored_request import Row, ScoredRequest

MAX_BYTES = 32 << 20
MAX_SECONDS = 300
GROUP_ROWS = 20_000  # of a row group: what is kept in memory


class ParquetFolder:
    """`lost` counts the rows of files that could not be written, for example to a full disk."""

    def __init__(
        self,
        folder: Path,
        model: str,
        digest: str,
        *,
        max_bytes: int = MAX_BYTES,
        max_seconds: float = MAX_SECONDS,
        group_rows: int = GROUP_ROWS,
        report: Callable[[str], None],
        clock: Callable[[], float] = time,
    ) -> None:
        self.lost = 0
        self._folder = folder
        self._constants = (model, digest)
        self._limits = (max_bytes, max_seconds, group_rows)
        self._report = report
        self._clock = clock
        self._rows: list[Row] = []
        self._file: RowGroupWriter | None = None
        self._opened = 0.0
        self._is_failing = False

    def write(self, requests: Sequence[ScoredRequest]) -> None:
        max_bytes, max_seconds, group_rows = self._limits
        for request in requests:
            if self._file is None and not self._rows:
                self._opened = self._clock()
            self._rows.extend(request.rows())
            if len(self._rows) >= group_rows:
                self._write_group()
        is_old = self._clock() - self._opened >= max_seconds
        if is_old or (self._file is not None and self._file.size >= max_bytes):
            self.close()

    def close(self) -> None:
        """Complete the open file, if there is a row."""
        if self._rows:
            self._write_group()
        if self._file is not None:
            self._attempt(self._file.close)
            self._file = None

    def _write_group(self) -> None:
        rows, self._rows = self._rows, []
        times, *others = zip(*rows, strict=True)
        constants = [(value,) * len(rows) for value in self._constants]
        self._attempt(lambda: self._open().write_group([times, *others, *constants]), rows=len(rows))

    def _open(self) -> RowGroupWriter:
        if self._file is None:
            begin = datetime.fromtimestamp(self._opened, UTC)
            name = f"predictions-{begin:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.parquet"
            self._file = RowGroupWriter(self._folder / name, COLUMNS)
        return self._file

    def _attempt(self, action: Callable[[], None], rows: int = 0) -> None:
        """On failure the whole file is given up: without its end nobody can read it."""
        try:
            action()
        except OSError as error:
            self.lost += rows + (self._file.rows if self._file is not None else 0)
            if self._file is not None:
                self._file.discard()
                self._file = None
            if not self._is_failing:
                self._report(f"the prediction log cannot be written to {self._folder}: {error.strerror}")
            self._is_failing = True
        else:
            self._is_failing = False
