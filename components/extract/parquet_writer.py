"""Record batches into Parquet files of a bounded number of rows."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_FILE = 2_000_000


class ParquetWriter:
    """Files `part-00000.parquet`, `part-00001.parquet`, … in `folder`; a new one when the last is full."""

    def __init__(self, folder: Path, *, rows_per_file: int = ROWS_PER_FILE) -> None:
        self._folder, self._rows_per_file = folder, rows_per_file
        self._writer: pq.ParquetWriter | None = None
        self._files = self._rows_in_file = 0
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        if self._writer is None or self._rows_in_file >= self._rows_per_file:
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


def write_all(batches: Iterable[pa.RecordBatch], writer: ParquetWriter) -> Iterable[int]:
    """Rows written so far, after each batch. The last file is closed at the end, also when reading fails."""
    try:
        for batch in batches:
            writer.write(batch)
            yield writer.rows
    finally:
        writer.close()
