"""One stream of a read session, resumed at its offset after a break."""

import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from components.extract.sources.bigquery.errors import SourceUnavailableError
from model.errors import Problem

MOST_RESUMES = 6  # without a row in between
FIRST_WAIT, LONGEST_WAIT = 0.1, 20.0  # seconds
CALL_SECONDS = 300.0  # then it is resumed: a service that says nothing holds no run up for ever


class RowStream:
    """Batches of a stream of the Storage Read API.

    Google's own ReadRowsStream resumes without end and without a pause, and a start of a stream is repeated for a day
    there. Here a break without a row is followed by a longer pause each time, and the last one is an error.
    """

    def __init__(
        self, client: Any, name: str, schema: pa.Schema, stop: threading.Event, *, first_wait: float = FIRST_WAIT
    ) -> None:
        self._client, self._name, self._schema, self._stop = client, name, schema, stop
        self._first_wait = first_wait
        self._offset = 0
        self._call: Any = None

    def cancel(self) -> None:
        """End a call that waits for the service, from another thread, after the event is set."""
        if (call := self._call) is not None and hasattr(call, "cancel"):
            call.cancel()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows once, until the event is set. Raises what the client raises, and SourceUnavailableError for a
        message that does not have the rows that it names."""
        breaks = 0
        while not self._stop.is_set():
            before = self._offset
            try:
                yield from self._read()
            except _resumable() as error:
                breaks = 1 if self._offset > before else breaks + 1
                if breaks > MOST_RESUMES and not self._stop.is_set():
                    raise _broken(self._name, self._offset, error) from None
                self._stop.wait(min(self._first_wait * 2 ** (breaks - 1), LONGEST_WAIT))
            else:
                return

    def _read(self) -> Iterator[pa.RecordBatch]:
        from google.cloud.bigquery_storage_v1.types import ReadRowsRequest, ReadRowsResponse

        request = ReadRowsRequest(read_stream=self._name, offset=self._offset)
        self._call = self._client.read_rows(request=request, retry=None, timeout=CALL_SECONDS)
        if self._stop.is_set():  # while the call was made
            self.cancel()
        for response in self._call:
            message = ReadRowsResponse.pb(response)
            data = pa.py_buffer(message.arrow_record_batch.serialized_record_batch)
            batch = pa.ipc.read_record_batch(data, self._schema)
            if batch.num_rows != message.row_count:
                raise _torn(self._name, batch.num_rows, message.row_count)
            self._offset += batch.num_rows
            yield batch


def _resumable() -> tuple[type[Exception], ...]:
    from google.api_core import exceptions

    return (
        exceptions.ServiceUnavailable,
        exceptions.InternalServerError,
        exceptions.Unknown,
        exceptions.Aborted,
        exceptions.Cancelled,
        exceptions.DeadlineExceeded,
        exceptions.ResourceExhausted,
    )


def _broken(name: str, offset: int, error: Exception) -> SourceUnavailableError:
    message = f"broke {MOST_RESUMES + 1} times without a row, after {offset:,} rows ({error})"
    return SourceUnavailableError(
        Problem(_short(name), message, "Run again: the query is not billed again", "rows-broken")
    )


def _torn(name: str, rows: int, announced: int) -> SourceUnavailableError:
    message = f"has a message of {rows:,} rows that announces {announced:,}"
    return SourceUnavailableError(
        Problem(_short(name), message, "Run again: the query is not billed again", "rows-broken")
    )


def _short(name: str) -> str:
    return f"BigQuery stream {name.rpartition('/')[2]}"
