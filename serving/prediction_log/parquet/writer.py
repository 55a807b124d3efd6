"""A Parquet file, written row group by row group; it has its name when it is complete."""

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serving.prediction_log.parquet.column import Column
from serving.prediction_log.parquet.metadata import Chunk, RowGroup, footer, page_header

_MAGIC = b"PAR1"
_GZIP_FORMAT = 31  # of zlib: with gzip's header, without a time
_FASTEST = 1


class RowGroupWriter:
    """Writes `path`.part, which close() renames. `rows` and `size` (bytes) are those of the file so far."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.rows = 0
        self.size = 0
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._columns = columns
        self._groups: list[RowGroup] = []
        self._file = self._part.open("xb")
        self._write(_MAGIC)

    def write_group(self, values: Sequence[Sequence[Any]]) -> None:
        """The values of each column, all of one length from 1 on."""
        chunks = [self._write_chunk(column, of_it) for column, of_it in zip(self._columns, values, strict=True)]
        self._groups.append(RowGroup(len(values[0]), chunks))
        self.rows += len(values[0])

    def close(self) -> None:
        """Complete the file, on the disk, under its name."""
        end = footer(self._columns, self._groups)
        self._write(end + len(end).to_bytes(4, "little") + _MAGIC)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.rename(self._path)

    def discard(self) -> None:
        """Remove what was written, as far as that is possible."""
        for undo in (self._file.close, self._part.unlink):
            try:
                undo()
            except OSError:
                continue

    def _write_chunk(self, column: Column, values: Sequence[Any]) -> Chunk:
        page = column.page(values)
        compressor = zlib.compressobj(_FASTEST, zlib.DEFLATED, _GZIP_FORMAT)
        compressed = compressor.compress(page) + compressor.flush()
        header = page_header(len(values), len(page), len(compressed))
        offset = self.size
        self._write(header + compressed)
        return Chunk(column, len(values), offset, self.size - offset, len(header) + len(page))

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self.size += len(data)
