"""Rows of a job over the REST API, page by page: slower, and permitted wherever the query is."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa


def batches(rows: Any) -> Iterator[pa.RecordBatch]:
    """All rows of the client's iterator, in the order of the job. Raises what the client raises."""
    for batch in rows.to_arrow_iterable():
        if batch.num_rows:
            yield batch
