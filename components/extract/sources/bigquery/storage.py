"""Rows of a table over the Storage Read API: several streams at once, in Arrow, in bounded memory and in any order."""

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import pyarrow as pa

from components.extract.sources.bigquery.batch_sizes import merged
from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.stream import FIRST_WAIT, RowStream

STREAMS = 4
WAITING = 8  # batches between the streams and who reads them; the service makes them of about a megabyte
POLL_SECONDS = 0.2
Waiting: TypeAlias = "queue.Queue[pa.RecordBatch | int]"


class StorageReader:
    """Reads tables with `client`, google-cloud-bigquery-storage's."""

    def __init__(
        self, connection: Connection, client: Any, *, streams: int = STREAMS, first_wait: float = FIRST_WAIT
    ) -> None:
        self._connection, self._client, self._streams = connection, client, streams
        self._first_wait = first_wait

    def batches(self, table: Any) -> Iterator[pa.RecordBatch]:
        """All rows of a TableReference. Raises what the client raises, and what a stream raises, at once for all."""
        session = self._session(table)
        schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        yield from merged(_all_streams(self._client, session, schema, self._first_wait))

    def _session(self, table: Any) -> Any:
        """A read session, which is a snapshot of the table."""
        from google.api_core import exceptions
        from google.api_core.retry import Retry, if_exception_type
        from google.cloud.bigquery_storage_v1 import types

        options = types.ArrowSerializationOptions(
            buffer_compression=types.ArrowSerializationOptions.CompressionCodec.LZ4_FRAME
        )
        requested = types.ReadSession(
            table=f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}",
            data_format=types.DataFormat.ARROW,
            read_options=types.ReadSession.TableReadOptions(arrow_serialization_options=options),
        )
        passing = if_exception_type(exceptions.ServiceUnavailable, exceptions.InternalServerError)
        return self._client.create_read_session(
            parent=f"projects/{self._connection.project}",
            read_session=requested,
            max_stream_count=self._streams,
            retry=Retry(predicate=passing, timeout=self._connection.seconds),
        )


def _all_streams(client: Any, session: Any, schema: pa.Schema, first_wait: float) -> Iterator[pa.RecordBatch]:
    stop = threading.Event()
    waiting: Waiting = queue.Queue(WAITING)
    streams = [RowStream(client, stream.name, schema, stop, first_wait=first_wait) for stream in session.streams]
    with ThreadPoolExecutor(max(len(streams), 1), "row streams") as threads:
        readers = [threads.submit(_read, index, stream, waiting, stop) for index, stream in enumerate(streams)]
        going_on = len(readers)
        try:
            while going_on:
                item = waiting.get()
                if isinstance(item, int):
                    readers[item].result()  # raises what the stream raised
                    going_on -= 1
                else:
                    yield item
        finally:
            stop.set()
            for stream in streams:
                stream.cancel()


def _read(index: int, stream: RowStream, waiting: Waiting, stop: threading.Event) -> None:
    """Batches of a stream, and then its index, however it ended."""
    try:
        for batch in stream.batches():
            _put(batch, waiting, stop)
    finally:
        _put(index, waiting, stop)


def _put(item: pa.RecordBatch | int, waiting: Waiting, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            waiting.put(item, timeout=POLL_SECONDS)
        except queue.Full:
            continue
        return
