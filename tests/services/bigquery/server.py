"""The service in a `with` block: the tables of PROJECT in LOCATION, and the jobs that ran on them."""

import contextlib
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from model.errors import KamadoError
from tests.services.bigquery import wire
from tests.services.bigquery.faults import Faults
from tests.services.bigquery.insert import InsertRequest
from tests.services.bigquery.job import Job
from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal
from tests.services.bigquery.rest import Handler
from tests.services.http import Server

if TYPE_CHECKING:
    from tests.services.bigquery.session import Sessions


class Service:
    """A table is `folder`/dataset/table.parquet; a query's rows are a table of an anonymous dataset."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.jobs: dict[str, Job] = {}
        self.dry_runs = 0
        self.faults = Faults()
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()

    @cached_property
    def sessions(self) -> "Sessions":
        """The read sessions of the Storage Read API."""
        from tests.services.bigquery.session import Sessions

        return Sessions(self.table_rows)

    @cached_property
    def storage_address(self) -> str:
        """`127.0.0.1:PORT` of the Storage Read API, which starts with the first question for it: a test of the REST
        API does not pay for gRPC."""
        from tests.services.bigquery.storage import storage

        return self._stack.enter_context(storage(self.sessions))

    def insert(self, project: str, body: dict) -> dict:
        request = InsertRequest(self.folder, project, body)
        columns, processed = request.planned()
        if request.dry_run:
            self.dry_runs += 1
            return request.resource(columns, processed, billed=0)
        with self._lock:
            if request.job_id in self.jobs:
                raise Refusal(409, "duplicate", f"Already Exists: Job {PROJECT}:{LOCATION}.{request.job_id}")
            billed = wire.bytes_billed(processed, len(request.tables))
            job = self.jobs[request.job_id] = Job(request.resource(columns, processed, billed=billed), columns)
        error = None
        if self.faults.take("failed_jobs"):
            error = Refusal(500, "backendError", "The job encountered an error during execution")
        elif request.limit is not None and billed > request.limit:
            message = f"Query exceeded limit for bytes billed: {request.limit}. {billed} or higher required."
            error = Refusal(400, "bytesBilledLimitExceeded", message)
        else:
            try:
                job.rows = request.rows(columns)
            except KamadoError as refusal:
                error = Refusal(400, "invalidQuery", refusal.problems[0].problem)
        if error:
            job.resource["status"] |= {"errorResult": error.error, "errors": [error.error]}
        return job.resource

    def job(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise Refusal(404, "notFound", f"Not found: Job {PROJECT}:{LOCATION}.{job_id}")
        return self.jobs[job_id]

    def table(self, dataset: str, name: str) -> dict:
        """tables.get"""
        path = self.folder / dataset / f"{name}.parquet"
        rows = None if path.is_file() else self._anonymous(dataset, name)
        if rows is None and not path.is_file():
            raise _no_table(dataset, name)
        return {
            "kind": "bigquery#table",
            "tableReference": {"projectId": PROJECT, "datasetId": dataset, "tableId": name},
            "type": "TABLE",
            "location": LOCATION,
            "numRows": str(pq.read_metadata(path).num_rows if rows is None else rows.num_rows),
            "lastModifiedTime": str(path.stat().st_mtime_ns // 1_000_000 if rows is None else 1782864000000),
        }

    def table_rows(self, dataset: str, name: str) -> pa.Table:
        """All rows of a table. Raises Refusal."""
        path = self.folder / dataset / f"{name}.parquet"
        rows = pq.read_table(path) if path.is_file() else self._anonymous(dataset, name)
        if rows is None:
            raise _no_table(dataset, name)
        return rows

    def _anonymous(self, dataset: str, name: str) -> pa.Table | None:
        destination = {"projectId": PROJECT, "datasetId": dataset, "tableId": name}
        for job in list(self.jobs.values()):
            if job.resource["configuration"]["query"]["destinationTable"] == destination:
                return job.rows
        return None

    def close(self) -> None:
        self._stack.close()


def _no_table(dataset: str, name: str) -> Refusal:
    return Refusal(404, "notFound", f"Not found: Table {PROJECT}:{dataset}.{name}")


@contextlib.contextmanager
def bigquery(folder: Path) -> Iterator[Service]:
    """A running service. The caller sets BIGQUERY_EMULATOR_HOST to its `url`, and BIGQUERY_STORAGE_EMULATOR_HOST to its
    `storage_address` for the Storage Read API."""
    service = Service(folder)
    handler = type("Handler", (Handler,), {"service": service})
    with contextlib.closing(service), Server(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = False  # no thread remains when this returns
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
