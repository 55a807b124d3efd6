"""A strict stand-in for BigQuery's REST API on loopback: jobs.insert, jobs.get, jobs.getQueryResults and tables.get.

It is not BigQuery. Queries run through DuckDbSource, so the agreement of the two sources proves nothing about
GoogleSQL. It proves the client's side of the wire: it refuses what the service's reference refuses (a repeated job id,
an unqualified or unknown table, a missing parameter or one of another type, a bill above its limit, unknown fields),
counts bytes as columns times rows, cuts results into pages, leaves `rows` out of an answer to maxResults=0 and writes
moments as whole microseconds.
"""

import contextlib
import json
import re
import threading
import traceback
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import Window
from model.errors import KamadoError
from tests.services import bigquery_wire as wire
from tests.services.http import Server

PROJECT, LOCATION = "my-project", "EU"
ROWS_PER_PAGE = 1000  # whatever the client asks for: the service's own limit is in bytes
QUERY_FIELDS = {
    "query", "useLegacySql", "useQueryCache", "parameterMode", "queryParameters", "maximumBytesBilled",
    "defaultDataset",
}  # fmt: skip
LABEL = re.compile(r"[a-z0-9_-]{0,63}")
JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,1024}")


class Refusal(Exception):
    """An error body of the API."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        self.code = code
        self.error = {"reason": reason, "message": message, "domain": "global"}

    def body(self) -> dict:
        return {"error": {"code": self.code, "message": self.error["message"], "errors": [self.error]}}


@dataclass
class Job:
    resource: dict
    columns: dict[str, str] = field(default_factory=dict)
    rows: pa.Table | None = None


class Service:
    """The tables of PROJECT in LOCATION, `folder`/dataset/table.parquet, and the jobs that ran on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.jobs: dict[str, Job] = {}
        self.dry_runs = 0
        self.answers_to_lose = 0  # that many jobs run, but the connection breaks before their answer
        self.jobs_to_break = 0  # that many jobs fail inside the service
        self._lock = threading.Lock()

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
        if self.jobs_to_break:
            self.jobs_to_break -= 1
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

    def table(self, dataset: str, name: str) -> dict:
        path = self.folder / dataset / f"{name}.parquet"
        if not path.is_file():
            raise Refusal(404, "notFound", f"Not found: Table {PROJECT}:{dataset}.{name}")
        return {
            "kind": "bigquery#table",
            "tableReference": {"projectId": PROJECT, "datasetId": dataset, "tableId": name},
            "type": "TABLE",
            "location": LOCATION,
            "numRows": str(pq.read_metadata(path).num_rows),
            "lastModifiedTime": str(path.stat().st_mtime_ns // 1_000_000),
        }

    def job(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise Refusal(404, "notFound", f"Not found: Job {PROJECT}:{LOCATION}.{job_id}")
        return self.jobs[job_id]

    def results(self, job_id: str, query: dict[str, str]) -> dict:
        job = self.job(job_id)
        if error := job.resource["status"].get("errorResult"):
            raise Refusal(400, error["reason"], error["message"])
        if query.get("formatOptions.useInt64Timestamp") != "True":
            raise Refusal(400, "invalid", "this stand-in only writes moments as formatOptions.useInt64Timestamp")
        answer = {
            "kind": "bigquery#getQueryResultsResponse",
            "jobReference": job.resource["jobReference"],
            "jobComplete": True,
            "totalRows": str(job.rows.num_rows),
            "schema": wire.schema(job.columns),
        }
        size = min(int(query.get("maxResults", ROWS_PER_PAGE)), ROWS_PER_PAGE)
        if size == 0:
            return answer  # without `rows`: an empty list would be taken for the first page
        start = int(query.get("pageToken") or query.get("startIndex") or 0)
        answer["rows"] = wire.rows(job.rows.slice(start, size))
        if start + size < job.rows.num_rows:
            answer["pageToken"] = str(start + size)
        return answer


class InsertRequest:
    """One jobs.insert, validated."""

    def __init__(self, folder: Path, project: str, body: dict) -> None:
        reference, self._configuration = body.get("jobReference", {}), body["configuration"]
        query = self._query = self._configuration["query"]
        self.dry_run = self._configuration.get("dryRun", False)
        self.job_id = reference.get("jobId") or uuid.uuid4().hex
        self.limit = int(query["maximumBytesBilled"]) if "maximumBytesBilled" in query else None
        self.sql = query["query"]
        if unknown := sorted(set(query) - QUERY_FIELDS):
            raise Refusal(400, "invalid", f"Invalid JSON payload received. Unknown name {unknown[0]!r}")
        if project != PROJECT:
            raise Refusal(
                403, "accessDenied", f"Access Denied: Project {project}: User does not have bigquery.jobs.create"
            )
        if not JOB_ID.fullmatch(self.job_id):
            raise Refusal(400, "invalid", f"Invalid job ID {self.job_id!r}")
        for pair in self._configuration.get("labels", {}).items():
            if not all(LABEL.fullmatch(text) for text in pair):
                raise Refusal(400, "invalid", f"Label {pair} does not conform to the rules")
        if query.get("useLegacySql") is not False:
            raise Refusal(400, "invalidQuery", "this stand-in knows GoogleSQL only: useLegacySql must be false")
        self._window = self._parameters(query)
        self.default = query.get("defaultDataset", {}).get("datasetId", "")
        self._tree = self._syntax_tree()
        self._source = DuckDbSource(str(folder / self.default))
        self.tables = self._tables(folder, reference.get("location"))

    def _syntax_tree(self) -> exp.Expr:
        try:
            return sqlglot.parse_one(self.sql, read="bigquery")
        except sqlglot.errors.SqlglotError as error:
            raise Refusal(400, "invalidQuery", f"Syntax error: {str(error).splitlines()[0]} at [1:1]") from None

    def _parameters(self, query: dict) -> Window:
        values = {}
        for parameter in query.get("queryParameters", ()):
            kind, text = parameter["parameterType"]["type"], parameter["parameterValue"]["value"]
            if kind != "TIMESTAMP" or query.get("parameterMode") != "NAMED":
                raise Refusal(400, "invalidQuery", f"this stand-in takes named TIMESTAMPs, not {kind}")
            try:
                values[parameter["name"].lower()] = datetime.fromisoformat(text)
            except ValueError:
                raise Refusal(400, "invalid", f"Invalid value for type TIMESTAMP: {text!r}") from None
        for name in re.findall(r"@(\w+)", self.sql):
            if name.lower() not in values:
                raise Refusal(400, "invalidQuery", f"Query parameter '{name}' not found{self._at('@' + name)}")
        return Window(values.get("start"), values.get("end", datetime(1970, 1, 1, tzinfo=UTC)))

    def _tables(self, folder: Path, location: str | None) -> dict[tuple[str, str], Path]:
        names = {cte.alias for cte in self._tree.find_all(exp.CTE)}
        paths = {}
        for table in self._tree.find_all(exp.Table):
            dataset = table.db or self.default
            if not table.db and table.name in names:
                continue
            if not dataset:
                message = f'Table "{table.name}" must be qualified with a dataset (e.g. dataset.table).'
                raise Refusal(400, "invalidQuery", message)
            path = folder / dataset / f"{table.name}.parquet"
            full = f"{table.catalog or PROJECT}:{dataset}.{table.name}"
            if location != LOCATION or table.catalog not in ("", PROJECT) or not path.is_file():
                raise Refusal(404, "notFound", f"Not found: Table {full} was not found in location {location}")
            paths[dataset, table.name] = path
        return paths

    def planned(self) -> tuple[dict[str, str], int]:
        """Schema and bytes, known before a row is read."""
        try:
            columns = self._source.columns(self.sql, self._window)
        except KamadoError as error:
            raise self._refusal(error) from None
        names = wire.columns_read(self._tree)
        return columns, sum(wire.bytes_of(str(path), names) for path in self.tables.values())

    def rows(self, columns: dict[str, str]) -> pa.Table:
        batches = list(self._source.fetch(self.sql, self._window))
        return pa.Table.from_batches(batches) if batches else pa.table({name: [] for name in columns})

    def _refusal(self, error: KamadoError) -> Refusal:
        problem = error.problems[0]
        name = problem.where.rpartition(" ")[2]
        if "times in the result" in problem.problem:
            message = "Duplicate column names in the result are not supported when a destination table is present."
            return Refusal(400, "invalidQuery", f"{message} Found duplicate(s): {name}")
        if problem.code == "sql-name-unknown":
            near = f"; {problem.hint}" if problem.hint.startswith("Did you mean") else ""
            return Refusal(400, "invalidQuery", f"Unrecognized name: {name}{near}{self._at(name)}")
        return Refusal(400, "invalidQuery", f"{problem.where}: {problem.problem}")

    def _at(self, text: str) -> str:
        before = self.sql[: max(self.sql.find(text), 0)]
        return f" at [{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}]"

    def resource(self, columns: dict[str, str], processed: int, *, billed: int) -> dict:
        tables = [{"projectId": PROJECT, "datasetId": dataset, "tableId": name} for dataset, name in self.tables]
        reference = {"projectId": PROJECT, "location": LOCATION} | ({} if self.dry_run else {"jobId": self.job_id})
        counted = {"totalBytesProcessed": str(processed), "totalBytesBilled": str(billed), "cacheHit": False}
        return {
            "kind": "bigquery#job",
            "jobReference": reference,
            "configuration": self._configuration,
            "status": {"state": "DONE"},
            "statistics": {
                "creationTime": "1782864000000",
                "totalBytesProcessed": str(processed),
                "query": {
                    **counted,
                    "statementType": "SELECT",
                    "schema": wire.schema(columns),
                    "referencedTables": tables,
                },
            },
        }


class Handler(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if path := re.fullmatch(r"/bigquery/v2/projects/([^/]+)/jobs", urlsplit(self.path).path):
            lost = not body["configuration"].get("dryRun") and self.service.answers_to_lose
            self._answer(lambda: self.service.insert(path[1], body), lost=bool(lost))
        else:
            self._answer(self._unknown)

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if path := re.fullmatch(rf"/bigquery/v2/projects/{PROJECT}/(jobs|queries)/([^/]+)", parts.path):
            if path[1] == "jobs":
                self._answer(lambda: self.service.job(path[2]).resource)
            else:
                self._answer(lambda: self.service.results(path[2], query))
        elif path := re.fullmatch(rf"/bigquery/v2/projects/{PROJECT}/datasets/(\w+)/tables/(\w+)", parts.path):
            self._answer(lambda: self.service.table(path[1], path[2]))
        else:
            self._answer(self._unknown)

    def _unknown(self):
        raise Refusal(404, "notFound", f"this stand-in does not know {self.path}")

    def _answer(self, work, *, lost: bool = False):
        try:
            code, answer = 200, work()
        except Refusal as refusal:
            code, answer = refusal.code, refusal.body()
        except Exception:
            # A defect of the stand-in: with a reason that the client does not retry for a minute.
            code, answer = 500, Refusal(500, "standInDefect", traceback.format_exc(limit=-1)).body()
        if lost:
            self.service.answers_to_lose -= 1
            self.close_connection = True
            return
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Quiet."""


@contextlib.contextmanager
def bigquery(folder: Path) -> Iterator[Service]:
    """A running service; BIGQUERY_EMULATOR_HOST must be set to its `url` by the caller."""
    service = Service(folder)
    handler = type("Handler", (Handler,), {"service": service})
    with Server(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = False  # no thread remains when this returns
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
