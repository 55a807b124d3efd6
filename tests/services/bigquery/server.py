"""The service in a `with` block: the tables of PROJECT in LOCATION, and the jobs that ran on them."""

import contextlib
import threading
from collections.abc import Iterator, MutableMapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tests.services.bigquery.columns import SCALARS, rest_schema
from tests.services.bigquery.engine import Plan, planned
from tests.services.bigquery.extract_job import extract_job
from tests.services.bigquery.faults import Faults
from tests.services.bigquery.insert import InsertRequest
from tests.services.bigquery.job import Job
from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal
from tests.services.bigquery.rest import Handler
from tests.services.bigquery.sizes import bytes_billed
from tests.services.bigquery.tables import Tables
from tests.services.http import Server

if TYPE_CHECKING:
    from tests.services.bigquery.session import Sessions


class Service:
    """`calls` are the methods of the REST API that were called, in order; `buckets` those of Cloud Storage to which
    tables can be extracted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.tables = Tables(folder)
        self.jobs: dict[str, Job] = {}
        self.dry_runs = 0
        self.calls: list[str] = []
        self.buckets: dict[str, MutableMapping[str, bytes]] = {}
        self.faults = Faults()
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()

    @cached_property
    def sessions(self) -> "Sessions":
        """The read sessions of the Storage Read API."""
        from tests.services.bigquery.session import Sessions

        return Sessions(self.tables, self.faults)

    @cached_property
    def storage_address(self) -> str:
        """`127.0.0.1:PORT` of the Storage Read API, which starts with the first question for it: a test of the REST
        API does not pay for gRPC."""
        from tests.services.bigquery.storage import storage

        return self._stack.enter_context(storage(self.sessions))

    @property
    def billed(self) -> int:
        """Bytes, of all jobs."""
        queries = [job.resource["statistics"].get("query", {}) for job in self.jobs.values()]
        return sum(int(query.get("totalBytesBilled", 0)) for query in queries)

    def insert(self, project: str, body: dict) -> dict:
        """jobs.insert"""
        if "extract" in body["configuration"]:
            if (job_id := body.get("jobReference", {}).get("jobId")) in self.jobs:
                raise _duplicate(job_id)
            job = extract_job(self.tables, self.buckets, body)
            self.jobs[job.resource["jobReference"]["jobId"]] = job
            return job.look()
        request = InsertRequest(self.tables, project, body)
        if not request.dry_run and request.job_id in self.jobs:
            raise _duplicate(request.job_id)
        with planned(request.query) as plan:
            if request.dry_run:
                self.dry_runs += 1
                return request.resource(plan, billed=0)
            return self._start(request, plan).look()

    def _start(self, request: InsertRequest, plan: Plan) -> Job:
        billed = bytes_billed(plan.processed, len(request.query.tables))
        job = Job(request.resource(plan, billed=billed), self.faults.running_polls)
        with self._lock:
            if self.jobs.setdefault(request.job_id, job) is not job:
                raise _duplicate(request.job_id)
        try:
            self._run(job, request, plan, billed)
        except Refusal as error:
            job.fail(error)
        return job

    def _run(self, job: Job, request: InsertRequest, plan: Plan, billed: int) -> None:
        if self.faults.take("failed_jobs"):
            raise Refusal(500, "backendError", "The job encountered an error during execution")
        if request.limit is not None and billed > request.limit:
            message = f"Query exceeded limit for bytes billed: {request.limit}. {billed} or higher required."
            raise Refusal(400, "bytesBilledLimitExceeded", message)
        changed = {name: SCALARS[kind] for name, kind in self.faults.changed_columns.items()}
        rows = request.write(plan, changed=changed)
        job.resource["statistics"]["query"]["schema"] = rest_schema(rows.schema)

    def job(self, job_id: str, location: str = LOCATION) -> Job:
        if job_id not in self.jobs or location != LOCATION:
            raise Refusal(404, "notFound", f"Not found: Job {PROJECT}:{location}.{job_id}")
        return self.jobs[job_id]

    def close(self) -> None:
        self._stack.close()


def _duplicate(job_id: str) -> Refusal:
    return Refusal(409, "duplicate", f"Already Exists: Job {PROJECT}:{LOCATION}.{job_id}")


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
