"""The stand-in's Storage Read API, read by the real client as the service's reference says that it is read."""

import grpc
import pyarrow as pa
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, types
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

from tests.extract.logs import data
from tests.logs import log
from tests.services.bigquery import LOCATION, PROJECT, bigquery

PARENT, ARROW = f"projects/{PROJECT}", types.DataFormat.ARROW
TABLE = f"projects/{PROJECT}/datasets/logs/tables/impressions"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bigquery")
    data(folder / "logs")
    with bigquery(folder) as service, pytest.MonkeyPatch.context() as environment:
        environment.setenv("BIGQUERY_EMULATOR_HOST", service.url)
        yield service


@pytest.fixture(scope="module")
def reader(service):
    with grpc.insecure_channel(service.storage_address, [("grpc.max_receive_message_length", -1)]) as channel:
        yield BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))


@pytest.fixture
def session(reader):
    def create(*, table=TABLE, data_format=ARROW, parent=PARENT, most=0, least=0, trace_id="", **options):
        requested = {"table": table, "data_format": data_format, "read_options": options, "trace_id": trace_id}
        return reader.create_read_session(
            {
                "parent": parent,
                "read_session": requested,
                "max_stream_count": most,
                "preferred_min_stream_count": least,
            },
            retry=None,
        )

    return create


def decoded(message, schema: pa.Schema) -> pa.RecordBatch:
    content, size = message.arrow_record_batch.serialized_record_batch, message.uncompressed_byte_size
    return pa.ipc.read_record_batch(pa.Codec("lz4_raw").decompress(content, size) if size > 0 else content, schema)


def rows(reader, session, *, offset=0) -> pa.Table:
    schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
    messages = (message for stream in session.streams for message in reader.read_rows(stream.name, offset))
    return pa.Table.from_batches([decoded(message, schema) for message in messages], schema)


def test_the_rows_of_a_query_are_in_its_destination(service, reader, session):
    client = google.Client(project=PROJECT, location=LOCATION, credentials=AnonymousCredentials())
    job = client.query("SELECT i.* FROM logs.impressions AS i WHERE i.position < 3")
    job.result()
    opened = session(table=job.destination.to_bqstorage())
    assert [job.destination.dataset_id[0], job.destination.table_id[:4]] == ["_", "anon"]
    assert opened.estimated_row_count == client.get_table(job.destination).num_rows == 1200
    assert rows(reader, opened).equals(job.to_arrow(create_bqstorage_client=False).cast(log().schema))


def test_streams_share_the_rows_and_a_stream_has_several_messages(reader, session):
    opened = session()
    assert len(opened.streams) == 3
    assert rows(reader, opened).equals(log())
    messages = list(reader.read_rows(opened.streams[1].name))
    assert [message.row_count for message in messages] == [250] * 4
    assert [bool(message.arrow_schema.serialized_schema) for message in messages] == [True, False, False, False]
    assert [message.stats.progress.at_response_end for message in messages] == [0.25, 0.5, 0.75, 1.0]
    assert len(session(most=2).streams) == 2


@pytest.mark.parametrize("offset", [0, 1, 250, 999])
def test_a_stream_goes_on_at_an_offset(reader, session, offset):
    assert rows(reader, session(most=1), offset=offset).equals(log().slice(offset))


def test_an_offset_at_the_end_has_no_rows_and_one_beyond_it_fails(reader, session):
    [stream] = session(most=1).streams
    assert list(reader.read_rows(stream.name, 3000)) == []
    with pytest.raises(exceptions.FailedPrecondition, match="offset 3001 has not been allocated yet"):
        list(reader.read_rows(stream.name, 3001))
    with pytest.raises(exceptions.InvalidArgument, match="negative"):
        list(reader.read_rows(stream.name, -1))
    with pytest.raises(exceptions.NotFound):
        list(reader.read_rows(f"{stream.name}0"))


@pytest.mark.parametrize("codec", ["LZ4_FRAME", "ZSTD"])
def test_buffers_are_compressed_where_it_was_asked_for(reader, session, codec):
    compression = types.ArrowSerializationOptions.CompressionCodec[codec]
    opened = session(most=1, arrow_serialization_options={"buffer_compression": compression})
    plain = session(most=1)
    size = [sum(len(m.arrow_record_batch.serialized_record_batch) for m in reader.read_rows(s.streams[0].name))
            for s in (opened, plain)]  # fmt: skip
    assert size[0] < size[1]
    assert rows(reader, opened).equals(log())


def test_whole_messages_are_compressed_where_it_was_asked_for(reader, session):
    opened = session(most=1, response_compression_codec=2)
    assert rows(reader, opened).equals(log())


def test_selected_fields_come_in_the_order_of_the_table(reader, session):
    assert rows(reader, session(selected_fields=["rent", "list_id"])).equals(log().select(["list_id", "rent"]))


@pytest.mark.parametrize(
    ("request_fields", "error", "message"),
    [
        ({"parent": "my-project"}, exceptions.InvalidArgument, "parent"),
        ({"parent": "projects/others"}, exceptions.PermissionDenied, "bigquery.readsessions.create"),
        ({"table": "logs.impressions"}, exceptions.InvalidArgument, "table"),
        ({"table": TABLE + "s"}, exceptions.NotFound, "Not found: Table my-project:logs.impressionss"),
        ({"data_format": 0}, exceptions.InvalidArgument, "data_format"),
        ({"data_format": types.DataFormat.AVRO}, exceptions.MethodNotImplemented, "stand-in"),
        ({"selected_fields": ["rnt"]}, exceptions.InvalidArgument, "do not exist in the table schema: rnt"),
        ({"row_restriction": "rent > 1"}, exceptions.MethodNotImplemented, "stand-in"),
        ({"row_restriction": "x" * 2**21}, exceptions.InvalidArgument, "exceeded maximum allowed length"),
        ({"most": -1}, exceptions.InvalidArgument, "negative"),
        ({"most": 1, "least": 2}, exceptions.InvalidArgument, "preferred_min_stream_count"),
        ({"trace_id": "t" * 300}, exceptions.InvalidArgument, "trace_id"),
        (
            {"response_compression_codec": 2, "arrow_serialization_options": {"buffer_compression": 1}},
            exceptions.InvalidArgument,
            "at most one",
        ),
    ],
)
def test_a_request_that_the_service_refuses_is_refused(session, request_fields, error, message):
    with pytest.raises(error, match=message):
        session(**request_fields)


def test_a_table_without_rows_has_no_stream(service, session):
    client = google.Client(project=PROJECT, location=LOCATION, credentials=AnonymousCredentials())
    job = client.query("SELECT i.rent FROM logs.impressions AS i WHERE i.rent < 0")
    job.result()
    assert session(table=job.destination.to_bqstorage()).streams == []
