"""The scores as Parquet: the id columns as they were, and a probability for each row, in the order of the input."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from model.arrays import Floats
from model.files import replacing

PROBABILITY = "probability"


class ScoresFile:
    """Batches of scores, written in the order in which they come."""

    def __init__(self, writer: pq.ParquetWriter, ids: pa.Schema) -> None:
        self._writer, self._ids = writer, ids

    @classmethod
    @contextmanager
    def open(cls, path: Path, ids: pa.Schema, *, model: str, bundle: str) -> Iterator["ScoresFile"]:
        """A file that appears whole or not at all. Its metadata names the model and the bundle's digest."""
        about = {"kamado.model": model, "kamado.bundle": bundle}
        schema = ids.append(pa.field(PROBABILITY, pa.float64(), nullable=False)).with_metadata(about)
        with replacing(path) as temporary:
            # Probabilities hardly repeat: a dictionary of them is built for nothing.
            with pq.ParquetWriter(temporary, schema, compression="lz4", use_dictionary=ids.names) as writer:
                yield cls(writer, ids)

    def write(self, batch: pa.RecordBatch, probability: Floats) -> None:
        """`batch` has the ids among its columns; `probability` is (rows,)."""
        columns = [batch.column(name).cast(self._ids.field(name).type) for name in self._ids.names]
        self._writer.write_batch(pa.record_batch([*columns, pa.array(probability)], schema=self._writer.schema))
