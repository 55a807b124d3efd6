"""One stream of a read session: the messages that carry its rows, and what goes wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
import pyarrow as pa
from google.cloud.bigquery_storage_v1 import types

from tests.services.bigquery.faults import ENDS, EXPIRES, TORN, StreamFault

Response = types.ReadRowsResponse.pb()


class StorageRefusal(Exception):
    """An error of the API."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def invalid(message: str) -> StorageRefusal:
    return StorageRefusal(grpc.StatusCode.INVALID_ARGUMENT, f"request failed: {message}")


def unknown_here(what: str) -> StorageRefusal:
    return StorageRefusal(grpc.StatusCode.UNIMPLEMENTED, f"this stand-in knows no {what}")


@dataclass
class Session:
    """A snapshot of a table. `codec` compresses the buffers of messages, or `whole_messages`. `serialized` are batches
    of its table by their rows, or None."""

    rows: pa.Table
    codec: str | None
    whole_messages: bool
    expires: datetime
    serialized: dict[tuple, bytes] | None = None


@dataclass(frozen=True)
class Stream:
    """Rows `start` to `end` of a session."""

    session: Session
    name: str
    start: int
    end: int

    def messages(self, offset: int, rows_per_message: int, fault: StreamFault | None) -> Iterator[Response]:
        """Those from an offset on. Raises StorageRefusal, at once or in the middle."""
        self._check(offset)
        schema = types.ArrowSchema.pb()(serialized_schema=self.session.rows.schema.serialize().to_pybytes())
        starts = range(self.start + offset, self.end, rows_per_message)
        for number, start in enumerate(starts):
            is_here = fault is not None and fault.message == number
            if is_here and fault.kind == ENDS:
                return
            if is_here:
                self._fail(fault)
            message = self._message(start, min(start + rows_per_message, self.end), is_torn=is_here)
            if number == 0:
                message.arrow_schema.CopyFrom(schema)
            yield message
        if fault is not None and fault.message >= len(starts):
            self._fail(fault)

    def _check(self, offset: int) -> None:
        """An offset at the end has no rows; one beyond it fails (seen on the service)."""
        if self.session.expires <= datetime.now(UTC):
            since = self.session.expires.isoformat("T", "seconds")
            message = f"there was an error operating on '{self.name}': session expired at {since}"
            raise StorageRefusal(grpc.StatusCode.FAILED_PRECONDITION, message)
        if offset < 0:
            raise invalid(f"offset {offset} is negative")
        if offset > self.end - self.start:
            raise StorageRefusal(grpc.StatusCode.FAILED_PRECONDITION, f"offset {offset} has not been allocated yet")

    def _fail(self, fault: StreamFault) -> None:
        if fault.kind == EXPIRES:
            self.session.expires = datetime.now(UTC)
            self._check(0)
        if fault.kind not in (ENDS, TORN):
            is_reset = fault.kind == "INTERNAL"
            message = "Received RST_STREAM with error code 2" if is_reset else f"{fault.kind}, as a test wants it"
            raise StorageRefusal(grpc.StatusCode[fault.kind], message)

    def _message(self, start: int, end: int, *, is_torn: bool) -> Response:
        rows = (end - start) // 2 if is_torn else end - start
        message = Response(row_count=end - start)
        data = self._data(start, rows)
        if self.session.whole_messages:
            packed = pa.Codec("lz4_raw").compress(data, asbytes=True)
            message.uncompressed_byte_size = len(data) if len(packed) < len(data) else -1
            data = min(packed, data, key=len)
        message.arrow_record_batch.serialized_record_batch = data
        message.arrow_record_batch.row_count = end - start
        total = self.end - self.start
        message.stats.progress.at_response_start = (start - self.start) / total
        message.stats.progress.at_response_end = (end - self.start) / total
        return message

    def _data(self, start: int, rows: int) -> bytes:
        session, key = self.session, (start, rows, self.session.codec)
        if session.serialized is not None and key in session.serialized:
            return session.serialized[key]
        data = _serialized(_batch(session.rows, start, rows), None if session.whole_messages else session.codec)
        if session.serialized is not None:
            session.serialized[key] = data
        return data


def _batch(table: pa.Table, start: int, rows: int) -> pa.RecordBatch:
    batches = table.slice(start, rows).to_batches()
    if len(batches) == 1:
        return batches[0]
    return pa.concat_batches(batches) if batches else table.schema.empty_table().combine_chunks().to_batches()[0]


def _serialized(batch: pa.RecordBatch, codec: str | None) -> bytes:
    """RecordBatch.serialize takes no codec: the message is cut out of a stream."""
    if codec is None:
        return batch.serialize().to_pybytes()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_batch(batch)
    reader = pa.ipc.MessageReader.open_stream(sink.getvalue())
    reader.read_next_message()  # the schema
    return reader.read_next_message().serialize().to_pybytes()
