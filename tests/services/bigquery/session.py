"""Read sessions: what a request for one may ask, and which rows each of its streams has."""

import itertools
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import grpc
import pyarrow as pa
from google.cloud.bigquery_storage_v1 import types

from tests.services.bigquery.faults import Faults
from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal
from tests.services.bigquery.stream import Response, Session, StorageRefusal, Stream, invalid, unknown_here
from tests.services.bigquery.tables import Tables

LIFE = timedelta(hours=6)
LONGEST_RESTRICTION, LONGEST_TRACE = 1 << 20, 256
MOST_STREAMS = 1000
USUAL_STREAMS = 8  # where the client sets no limit
CODECS = {1: "lz4", 2: "zstd"}


class Sessions:
    """`rows_per_stream` are the least that a stream is opened for; the service decides by size.

    With `keeps_batches` a batch is serialized once for all sessions of its table: a bench then measures the client.
    """

    def __init__(self, tables: Tables, faults: Faults) -> None:
        self._tables, self._faults = tables, faults
        self._streams: dict[str, Stream] = {}
        self.rows_per_stream = 1000
        self.rows_per_message = 250
        self.keeps_batches = False
        self._serialized: dict[str, dict[tuple, bytes]] = {}

    def create(self, request: types.CreateReadSessionRequest) -> types.ReadSession:
        """CreateReadSession"""
        requested = request.read_session
        if status := self._faults.take_session():
            raise StorageRefusal(grpc.StatusCode[status], f"{status}, as a test wants it")
        self._check(request)
        rows = self._selected(self._table(requested.table), list(requested.read_options.selected_fields))
        now = datetime.now(UTC)
        name = f"projects/{PROJECT}/locations/{LOCATION.lower()}/sessions/{uuid.uuid4().hex}"
        session = types.ReadSession(
            name=name,
            expire_time=now + LIFE,
            data_format=types.DataFormat.ARROW,
            arrow_schema={"serialized_schema": rows.schema.serialize().to_pybytes()},
            table=requested.table,
            read_options=requested.read_options,
            estimated_row_count=rows.num_rows,
            estimated_total_bytes_scanned=rows.nbytes,
            trace_id=requested.trace_id,
        )
        opened = Session(rows, *_codec(requested.read_options), now + LIFE, self._serialized_of(requested.table))
        for number, (start, end) in enumerate(itertools.pairwise(self._edges(rows.num_rows, request.max_stream_count))):
            stream = f"{name}/streams/{number}"
            self._streams[stream] = Stream(opened, stream, start, end)
            session.streams.append(types.ReadStream(name=stream))
        return session

    def read(self, request: types.ReadRowsRequest) -> Iterator[Response]:
        """ReadRows"""
        stream = self._streams.get(request.read_stream)
        if stream is None:
            raise StorageRefusal(grpc.StatusCode.NOT_FOUND, f"Not found: stream {request.read_stream!r}")
        return stream.messages(request.offset, self.rows_per_message, self._faults.take_stream())

    def _serialized_of(self, table: str) -> dict[tuple, bytes] | None:
        return self._serialized.setdefault(table, {}) if self.keeps_batches else None

    def _check(self, request: types.CreateReadSessionRequest) -> None:
        requested, options = request.read_session, request.read_session.read_options
        parent = re.fullmatch(r"projects/([^/]+)", request.parent)
        if not parent:
            raise invalid(f"parent {request.parent!r} is not of the form projects/PROJECT")
        if parent[1] != PROJECT or self._faults.storage_denied:
            message = f"the user does not have 'bigquery.readsessions.create' permission for 'projects/{parent[1]}'"
            raise StorageRefusal(grpc.StatusCode.PERMISSION_DENIED, f"request failed: {message}")
        if requested.data_format == types.DataFormat.DATA_FORMAT_UNSPECIFIED:
            raise invalid("data_format must be set")
        if requested.data_format != types.DataFormat.ARROW:
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
        if len(requested.trace_id.encode()) > LONGEST_TRACE:
            raise invalid(f"trace_id is longer than {LONGEST_TRACE} bytes")
        if options.row_restriction or options.sample_percentage or "snapshot_time" in requested.table_modifiers:
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
            return self._tables.get(name[2], name[3]).rows
        except Refusal as refusal:
            raise StorageRefusal(grpc.StatusCode.NOT_FOUND, refusal.error["message"]) from None

    def _selected(self, rows: pa.Table, names: list[str]) -> pa.Table:
        """In the table's order, whatever the request's."""
        if unknown := [name for name in names if name not in rows.column_names]:
            message = "The following selected fields do not exist in the table schema: "
            raise invalid(message + ", ".join(unknown))
        return rows.select([name for name in rows.column_names if name in names]) if names else rows

    def _edges(self, rows: int, most: int) -> list[int]:
        """Where streams begin and end. A table without rows has no stream."""
        streams = min(-(-rows // self.rows_per_stream), most or USUAL_STREAMS, MOST_STREAMS)
        return [rows * number // streams for number in range(streams + 1)] if streams else []


def _codec(options: types.ReadSession.TableReadOptions) -> tuple[str | None, bool]:
    if options.response_compression_codec:
        return "lz4_raw", True
    return CODECS.get(options.arrow_serialization_options.buffer_compression), False
