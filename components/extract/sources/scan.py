"""A query's rows as a relation of DuckDB, which writes them without a way through Python's memory."""

import contextlib
import itertools
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import duckdb

from components.extract.sources.batch_feed import BatchFeed
from components.extract.sources.source import Source
from components.extract.window import Window
from model.sql import literal

if TYPE_CHECKING:
    import pyarrow as pa

THREADS = 2


@dataclass(frozen=True)
class Scan:
    """`relation` can be read once, on `connection`: in another thread, where a `feed` has to send its rows."""

    connection: duckdb.DuckDBPyConnection
    relation: duckdb.DuckDBPyRelation
    feed: BatchFeed | None = None


@runtime_checkable
class DuckDbRows(Protocol):
    """A source whose rows DuckDB reads itself."""

    def scan(self, sql: str, window: Window) -> AbstractContextManager[Scan]:
        """The result in the types of `columns`. Raises DataError or SpecError, also for what the block raises."""
        ...


@contextlib.contextmanager
def scan_of(source: Source, sql: str, window: Window) -> Iterator[Scan | None]:
    """The rows of any source; None where a source that sends batches has none."""
    if isinstance(source, DuckDbRows):
        with source.scan(sql, window) as scan:
            yield scan
        return
    batches = source.fetch(sql, window)
    try:
        first = next(batches, None)
        if first is None:
            yield None
            return
        with stream(first, batches) as scan:
            yield scan
    finally:
        if isinstance(batches, Generator):  # its streams end, also where not all of them was read
            batches.close()


@contextlib.contextmanager
def stream(first: "pa.RecordBatch", others: Iterator["pa.RecordBatch"]) -> Iterator[Scan]:
    """Batches of one schema as they come."""
    import pyarrow as pa

    feed = BatchFeed(itertools.chain([first], others))
    with _connected() as connection:
        reader = pa.RecordBatchReader.from_batches(first.schema, feed.received())
        yield Scan(connection, connection.from_arrow(reader), feed)


@contextlib.contextmanager
def scan_files(pattern: Path) -> Iterator[Scan]:
    """The rows of Parquet files as they are."""
    with _connected() as connection:
        yield Scan(connection, connection.sql(f"SELECT * FROM read_parquet({literal(str(pattern))})"))


@contextlib.contextmanager
def _connected() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone='UTC'; SET preserve_insertion_order=false; SET threads={THREADS}")
        yield connection
