"""Record batches into Parquet files of bounded size."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_A_FILE = 2_000_000


class Parts:
    """Files `part-00000.parquet`, `part-00001.parquet`, … in `folder`; a new one where the last is full."""

    def __init__(self, folder: Path, *, rows_a_file: int = ROWS_A_FILE) -> None:
        self._folder, self._most = folder, rows_a_file
        self._writer: pq.ParquetWriter | None = None
        self._files = self._rows_in_file = 0
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        if self._writer is None or self._rows_in_file >= self._most:
            self.close()
            path = self._folder / f"part-{self._files:05d}.parquet"
            self._writer = pq.ParquetWriter(path, batch.schema, compression="lz4")
            self._files, self._rows_in_file = self._files + 1, 0
        self._writer.write_batch(batch)
        self._rows_in_file += batch.num_rows
        self.rows += batch.num_rows

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def write_all(batches: Iterable[pa.RecordBatch], parts: Parts) -> Iterable[int]:
    """Rows written so far, after each batch; the last file is closed at the end, also when reading fails."""
    try:
        for batch in batches:
            parts.write(batch)
            yield parts.rows
    finally:
        parts.close()
