"""The Storage Read API over gRPC."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.cloud.bigquery_storage_v1 import types

from tests.services.bigquery.session import Sessions
from tests.services.bigquery.stream import Response, StorageRefusal

SERVICE = "google.cloud.bigquery.storage.v1.BigQueryRead"
STREAMS_AT_ONCE = 32
ANY_LENGTH = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


@contextlib.contextmanager
def storage(sessions: Sessions) -> Iterator[str]:
    """`127.0.0.1:PORT` where the API answers, without TLS."""
    with ThreadPoolExecutor(STREAMS_AT_ONCE) as threads:
        server = grpc.server(threads, options=ANY_LENGTH)
        server.add_generic_rpc_handlers([_handlers(sessions)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


def _handlers(sessions: Sessions) -> grpc.GenericRpcHandler:
    def create(request: types.CreateReadSessionRequest, context: grpc.ServicerContext) -> types.ReadSession:
        return _answered(lambda: sessions.create(request), context)

    def read(request: types.ReadRowsRequest, context: grpc.ServicerContext) -> Iterator[Response]:
        try:
            yield from sessions.read(request)
        except StorageRefusal as refusal:
            context.abort(refusal.code, refusal.message)

    methods = {
        "CreateReadSession": grpc.unary_unary_rpc_method_handler(
            create, types.CreateReadSessionRequest.deserialize, types.ReadSession.serialize
        ),
        "ReadRows": grpc.unary_stream_rpc_method_handler(
            read, types.ReadRowsRequest.deserialize, Response.SerializeToString
        ),
    }
    return grpc.method_handlers_generic_handler(SERVICE, methods)


def _answered(work: Callable[[], Any], context: grpc.ServicerContext) -> Any:
    try:
        return work()
    except StorageRefusal as refusal:
        context.abort(refusal.code, refusal.message)
