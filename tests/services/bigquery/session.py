"""Read sessions: which rows each stream has, and the messages that carry them.

A session is a snapshot of one table. Its streams share the rows out, and each is read in messages of a bounded number
of rows from any offset. An offset at the end of a stream gives no message; one beyond it fails (seen on the service).
"""

import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import grpc
import pyarrow as pa
from google.cloud.bigquery_storage_v1 import types

from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal

LIFE = timedelta(hours=6)
LONGEST_RESTRICTION, LONGEST_TRACE = 1 << 20, 256
MOST_STREAMS = 1000
USUAL_STREAMS = 8  # where the client sets no limit
CODECS = {1: "lz4", 2: "zstd"}
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


@dataclass(frozen=True)
class Stream:
    """Rows of a session."""

    rows: pa.Table
    codec: str | None
    whole_messages: bool
    """The codec compresses whole messages, not their buffers."""
    expires: datetime

    def messages(self, offset: int, rows_per_message: int) -> Iterator[Response]:
        schema = types.ArrowSchema.pb()(serialized_schema=self.rows.schema.serialize().to_pybytes())
        total = self.rows.num_rows
        for start in range(offset, total, rows_per_message):
            part = self.rows.slice(start, rows_per_message).combine_chunks()
            [batch] = part.to_batches()
            message = self._message(batch)
            message.stats.progress.at_response_start = start / total
            message.stats.progress.at_response_end = (start + batch.num_rows) / total
            if start == offset:
                message.arrow_schema.CopyFrom(schema)
            yield message

    def _message(self, batch: pa.RecordBatch) -> Response:
        options = pa.ipc.IpcWriteOptions(compression=None if self.whole_messages else self.codec)
        data = batch.serialize().to_pybytes() if options.compression is None else _serialized(batch, options)
        message = Response(row_count=batch.num_rows)
        if self.whole_messages:
            packed = pa.Codec("lz4_raw").compress(data, asbytes=True)
            message.uncompressed_byte_size = len(data) if len(packed) < len(data) else -1
            data = min(packed, data, key=len)
        message.arrow_record_batch.serialized_record_batch = data
        message.arrow_record_batch.row_count = batch.num_rows
        return message


def _serialized(batch: pa.RecordBatch, options: pa.ipc.IpcWriteOptions) -> bytes:
    """RecordBatch.serialize takes no options: the message is cut out of a stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    reader = pa.ipc.MessageReader.open_stream(sink.getvalue())
    reader.read_next_message()  # the schema
    return reader.read_next_message().serialize().to_pybytes()


class Sessions:
    """The sessions, made from requests; `rows` gives a table's rows or raises Refusal."""

    def __init__(self, rows: Callable[[str, str], pa.Table]) -> None:
        self._rows = rows
        self._streams: dict[str, Stream] = {}
        self.rows_per_stream = 1000  # the least; the service decides by size
        self.rows_per_message = 250

    def create(self, request: types.CreateReadSessionRequest) -> types.ReadSession:
        """CreateReadSession"""
        asked = request.read_session
        self._check(request)
        rows = self._selected(self._table(asked.table), list(asked.read_options.selected_fields))
        now = datetime.now(UTC)
        name = f"projects/{PROJECT}/locations/{LOCATION.lower()}/sessions/{uuid.uuid4().hex}"
        session = types.ReadSession(
            name=name,
            expire_time=now + LIFE,
            data_format=types.DataFormat.ARROW,
            arrow_schema={"serialized_schema": rows.schema.serialize().to_pybytes()},
            table=asked.table,
            read_options=asked.read_options,
            estimated_row_count=rows.num_rows,
            estimated_total_bytes_scanned=rows.nbytes,
            trace_id=asked.trace_id,
        )
        for number, part in enumerate(self._parts(rows, request.max_stream_count)):
            stream = f"{name}/streams/{number}"
            self._streams[stream] = Stream(part, *_codec(asked.read_options), now + LIFE)
            session.streams.append(types.ReadStream(name=stream))
        return session

    def read(self, request: types.ReadRowsRequest) -> Iterator[Response]:
        """ReadRows"""
        stream = self._streams.get(request.read_stream)
        if stream is None:
            raise StorageRefusal(grpc.StatusCode.NOT_FOUND, f"Not found: stream {request.read_stream!r}")
        if stream.expires <= datetime.now(UTC):
            message = f"there was an error operating on '{request.read_stream}': session expired at "
            raise StorageRefusal(
                grpc.StatusCode.FAILED_PRECONDITION, message + stream.expires.isoformat("T", "seconds")
            )
        if request.offset < 0:
            raise invalid(f"offset {request.offset} is negative")
        if request.offset > stream.rows.num_rows:
            message = f"offset {request.offset} has not been allocated yet"
            raise StorageRefusal(grpc.StatusCode.FAILED_PRECONDITION, message)
        return stream.messages(request.offset, self.rows_per_message)

    def _check(self, request: types.CreateReadSessionRequest) -> None:
        asked, options = request.read_session, request.read_session.read_options
        parent = re.fullmatch(r"projects/([^/]+)", request.parent)
        if not parent:
            raise invalid(f"parent {request.parent!r} is not of the form projects/PROJECT")
        if parent[1] != PROJECT:
            message = f"the user does not have 'bigquery.readsessions.create' permission for 'projects/{parent[1]}'"
            raise StorageRefusal(grpc.StatusCode.PERMISSION_DENIED, f"request failed: {message}")
        if asked.data_format == types.DataFormat.DATA_FORMAT_UNSPECIFIED:
            raise invalid("data_format must be set")
        if asked.data_format != types.DataFormat.ARROW:
            raise unknown_here("other data_format than ARROW")
        if request.max_stream_count < 0 or request.preferred_min_stream_count < 0:
            raise invalid("a stream count is negative")
        if 0 < request.max_stream_count < request.preferred_min_stream_count:
            raise invalid("max_stream_count is below preferred_min_stream_count")
        if len(options.row_restriction.encode()) > LONGEST_RESTRICTION:
            message = "read_session.read_options.row_restriction exceeded maximum allowed length"
            raise StorageRefusal(
                grpc.StatusCode.INVALID_ARGUMENT, f"{message}. Maximum bytes allowed: {LONGEST_RESTRICTION}"
            )
        if len(asked.trace_id.encode()) > LONGEST_TRACE:
            raise invalid(f"trace_id is longer than {LONGEST_TRACE} bytes")
        if options.row_restriction or options.sample_percentage or "snapshot_time" in asked.table_modifiers:
            raise unknown_here("row_restriction, sample_percentage or snapshot_time")
        if options.response_compression_codec and options.arrow_serialization_options.buffer_compression:
            raise invalid("at most one of response_compression_codec and buffer_compression may be set")

    def _table(self, path: str) -> pa.Table:
        name = re.fullmatch(r"projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)", path)
        if not name:
            raise invalid(f"table {path!r} is not of the form projects/PROJECT/datasets/DATASET/tables/TABLE")
        try:
            if name[1] != PROJECT:
                raise Refusal(404, "notFound", f"Not found: Table {name[1]}:{name[2]}.{name[3]}")
            return self._rows(name[2], name[3])
        except Refusal as refusal:
            raise StorageRefusal(grpc.StatusCode.NOT_FOUND, refusal.error["message"]) from None

    def _selected(self, rows: pa.Table, names: list[str]) -> pa.Table:
        """In the table's order, whatever the request's."""
        if unknown := [name for name in names if name not in rows.column_names]:
            message = "The following selected fields do not exist in the table schema: "
            raise invalid(message + ", ".join(unknown))
        return rows.select([name for name in rows.column_names if name in names]) if names else rows

    def _parts(self, rows: pa.Table, most: int) -> list[pa.Table]:
        """A table without rows has no stream."""
        enough = -(-rows.num_rows // self.rows_per_stream)
        streams = min(enough, most or USUAL_STREAMS, MOST_STREAMS)
        edges = [rows.num_rows * number // streams for number in range(streams + 1)] if streams else []
        return [rows.slice(start, end - start) for start, end in itertools.pairwise(edges)]


def _codec(options: types.ReadSession.TableReadOptions) -> tuple[str | None, bool]:
    if options.response_compression_codec:
        return "lz4_raw", True
    return CODECS.get(options.arrow_serialization_options.buffer_compression), False
