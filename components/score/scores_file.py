"""The scores as Parquet: the id columns as they were, and a probability for each row, in the order of the input."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from model.arrays import Floats
from model.files import replacing

PROBABILITY = "probability"
ROW_GROUP = 1 << 17  # rows


class ScoresFile:
    """Batches of scores, written in the order in which they come."""

    def __init__(self, writer: pq.ParquetWriter, ids: pa.Schema) -> None:
        self._writer, self._ids = writer, ids
        self._waiting: list[pa.RecordBatch] = []  # for the row group to be full

    @classmethod
    @contextmanager
    def open(cls, path: Path, ids: pa.Schema, *, model: str, bundle: str) -> Iterator["ScoresFile"]:
        """A file that appears whole or not at all. Its metadata names the model and the bundle's digest."""
        about = {"kamado.model": model, "kamado.bundle": bundle}
        schema = ids.append(pa.field(PROBABILITY, pa.float64(), nullable=False)).with_metadata(about)
        with replacing(path) as temporary:
            # Probabilities hardly repeat: a dictionary of them is built for nothing.
            with pq.ParquetWriter(temporary, schema, compression="lz4", use_dictionary=ids.names) as writer:
                scores_file = cls(writer, ids)
                yield scores_file
                scores_file._write_row_group()

    def write(self, batch: pa.RecordBatch, probability: Floats) -> None:
        """`batch` has the ids among its columns; `probability` is (rows,)."""
        columns = [batch.column(name).cast(self._ids.field(name).type) for name in self._ids.names]
        self._waiting.append(pa.record_batch([*columns, pa.array(probability)], schema=self._writer.schema))
        if sum(scored.num_rows for scored in self._waiting) >= ROW_GROUP:
            self._write_row_group()

    def _write_row_group(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting))
        self._waiting = []
