"""Batches of a size that DuckDB reads well and that fits into memory, however wide the rows are."""

from collections.abc import Iterator

import pyarrow as pa

ROWS, BYTES = 100_000, 16_000_000  # a batch is full by the one or the other


def merged(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in fewer batches. Those of the service have a few thousand rows, of a wide table a few hundred."""
    pending, rows, size = list[pa.RecordBatch](), 0, 0
    for batch in batches:
        pending.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= ROWS or size >= BYTES:
            yield from pa.Table.from_batches(pending).combine_chunks().to_batches()
            pending, rows, size = [], 0, 0
    if rows:
        yield from pa.Table.from_batches(pending).combine_chunks().to_batches()
