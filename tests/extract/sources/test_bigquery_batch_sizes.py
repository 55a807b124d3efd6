"""Batches have many rows where these are narrow, and few where they are wide."""

import pyarrow as pa
import pytest

from components.extract.sources.bigquery.batch_sizes import BYTES, ROWS, merged


@pytest.mark.parametrize(
    ("text", "rows", "batches"), [("x", 25_000, 9), ("x" * 500_000, 10, 9)], ids=["narrow", "wide"]
)
def test_every_row_comes_once_in_batches_that_fit_into_memory(text, rows, batches):
    sent = [
        pa.record_batch({"id": range(start, start + rows), "text": [text] * rows})
        for start in range(0, rows * batches, rows)
    ]
    received = list(merged(iter(sent)))
    assert pa.Table.from_batches(received).equals(pa.Table.from_batches(sent))
    assert len(received) == 3
    assert all(batch.num_rows <= ROWS and batch.nbytes < BYTES + sent[0].nbytes for batch in received)


def test_no_batches_are_none():
    assert list(merged(iter(()))) == []
