"""What bench/extract.py measures, each in a process of its own, and the stand-in that serves it."""

import contextlib
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import grpc
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, types
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

from components.extract.extract import extract
from components.extract.window import window
from model.spec.types import Spec
from tests.logs import spec_of
from tests.services.bigquery import LOCATION, PROJECT, Service, bigquery

SQL = "SELECT i.* FROM impressions AS i WHERE i.shown_at >= @start AND i.shown_at < @end"
SOURCE = f"bigquery:{PROJECT}.logs@{LOCATION}"
END = "2026-07-01"
STREAMS = 4
LARGE_MESSAGE = 16_384  # rows: a megabyte, as the service sends
CONTEXT = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Measurement:
    rows: int
    seconds: float
    cpu: float
    kilobytes: int

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def spec() -> Spec:
    document = spec_of(sql_text=SQL)
    source = document.source.model_copy(update={"max_bytes_billed": 10**11, "max_unpartitioned_bytes": 10**11})
    return document.model_copy(update={"source": source})


def impressions(rows: int) -> pa.Table:
    """Rows of lists of five, as a portal logs them."""
    random_ = np.random.default_rng(7)
    start, day = int(datetime(2026, 5, 3, tzinfo=UTC).timestamp()), 86_400
    moments = np.sort(random_.integers(start * 10**6, (start + 55 * day) * 10**6, rows))
    return pa.table(
        {
            "shown_at": pa.array(moments, pa.timestamp("us", tz="UTC")),
            "list_id": np.arange(rows) // 5,
            "listing_id": random_.integers(0, 40_000, rows),
            "user_id": pa.array(random_.integers(0, 10**6, rows)).cast(pa.string()),
            "position": np.arange(rows) % 5 + 1,
            "rent": random_.uniform(300, 3000, rows).round(),
            "area": random_.uniform(15, 90, rows),
            "layout": pa.array(["1K", "2DK", "3LDK"]).take(pa.array(random_.integers(0, 3, rows))),
            "inquired": random_.integers(0, 2, rows),
        }
    )


@contextlib.contextmanager
def served(rows: int, folder: Path, *, rows_per_message: int = LARGE_MESSAGE) -> Iterator[Service]:
    with bigquery(folder) as service:
        service.tables.add("logs", "impressions", impressions(rows))
        service.sessions.rows_per_message = rows_per_message
        use(service.url, service.storage_address)
        yield service


def use(url: str, storage: str) -> None:
    os.environ |= {"BIGQUERY_EMULATOR_HOST": url, "BIGQUERY_STORAGE_EMULATOR_HOST": storage}


def extract_once(url: str, storage: str, run: str, out: Path) -> int:
    """The step, as the pipeline runs it."""
    use(url, storage)
    document = spec()
    return extract(document, SOURCE, window(document, END), out, run=run, progress=lambda *_: None).rows


def read_raw(_url: str, storage: str, table: str, _out: Path) -> int:
    """The same streams, read by as many threads, decoded and dropped."""
    return over_streams(storage, table, lambda batches, _: sum(batch.num_rows for batch in batches))


def write_bare(_url: str, storage: str, table: str, out: Path) -> int:
    """The same streams, each written by its thread into a file of its own, and nothing checked."""
    out.mkdir()

    def write(batches: Iterator[pa.RecordBatch], stream: types.ReadStream) -> int:
        first = next(batches)
        rows = first.num_rows
        with pq.ParquetWriter(out / stream.name.rpartition("/")[2], first.schema, compression="lz4") as writer:
            writer.write_batch(first)
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
        return rows

    return over_streams(storage, table, write)


def over_streams(storage: str, table: str, work: Callable[[Iterator[pa.RecordBatch], types.ReadStream], int]) -> int:
    """The sum of what `work` gives for each stream of a table."""
    channel = grpc.insecure_channel(storage, [("grpc.max_receive_message_length", -1)])
    client = BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))
    options = {"arrow_serialization_options": {"buffer_compression": 1}}
    requested = {"table": table, "data_format": types.DataFormat.ARROW, "read_options": options}
    request = {"parent": f"projects/{PROJECT}", "read_session": requested, "max_stream_count": STREAMS}
    session = client.create_read_session(request)
    schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))

    def batches(stream: types.ReadStream) -> Iterator[pa.RecordBatch]:
        for message in client.read_rows(stream.name):
            yield pa.ipc.read_record_batch(pa.py_buffer(message.arrow_record_batch.serialized_record_batch), schema)

    with ThreadPoolExecutor(STREAMS) as threads:
        return sum(threads.map(lambda stream: work(batches(stream), stream), session.streams))


def measure(answer: Connection, work: Callable[..., int], *arguments: object) -> None:
    """Answers when it begins, and with a Measurement."""
    answer.send(None)
    began, before = time.monotonic(), cpu()
    rows = work(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer.send(Measurement(rows, time.monotonic() - began, cpu() - before, peak))


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def begun(work: Callable[..., int], service: Service, *arguments: object) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process that has just begun to work, and its answer."""
    receiver, sender = CONTEXT.Pipe(duplex=False)
    all_arguments = (sender, work, service.url, service.storage_address, *arguments)
    process = CONTEXT.Process(target=measure, args=all_arguments)
    process.start()
    sender.close()
    receiver.recv()
    yield process, receiver
    process.join()


def in_process(work: Callable[..., int], service: Service, *arguments: object) -> Measurement:
    with begun(work, service, *arguments) as (_, answer):
        measurement: Measurement = answer.recv()
    return measurement
