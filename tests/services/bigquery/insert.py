"""One jobs.insert, validated as the service's reference says."""

import hashlib
import re
import uuid
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa

from tests.services.bigquery.columns import rest_schema
from tests.services.bigquery.engine import Plan
from tests.services.bigquery.query import Query
from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal
from tests.services.bigquery.tables import Tables

QUERY_FIELDS = {
    "query", "useLegacySql", "useQueryCache", "parameterMode", "queryParameters", "maximumBytesBilled",
    "defaultDataset", "destinationTable", "createDisposition", "writeDisposition", "priority",
}  # fmt: skip
DISPOSITIONS = {
    "createDisposition": ("CREATE_IF_NEEDED", "CREATE_NEVER"),
    "writeDisposition": ("WRITE_EMPTY", "WRITE_TRUNCATE", "WRITE_APPEND"),
}
ANONYMOUS_DATASET = "_" + hashlib.sha1(PROJECT.encode()).hexdigest()
LABEL = re.compile(r"[a-z0-9_-]{0,63}")
LABEL_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,1024}")
PARAMETERS = {
    "TIMESTAMP": datetime.fromisoformat,
    "DATETIME": datetime.fromisoformat,
    "DATE": date.fromisoformat,
    "TIME": time.fromisoformat,
    "STRING": str,
    "INT64": int,
    "FLOAT64": float,
    "BOOL": {"true": True, "false": False}.__getitem__,
}


class InsertRequest:
    """Raises Refusal for what is answered with an error; what fails later is an error of the job."""

    def __init__(self, tables: Tables, project: str, body: dict) -> None:
        reference, self._configuration = body.get("jobReference", {}), body["configuration"]
        if "query" not in self._configuration:
            raise Refusal(400, "invalid", "this stand-in runs queries only")
        request = self._request = self._configuration["query"]
        self.dry_run = self._configuration.get("dryRun", False)
        self.job_id = reference.get("jobId") or uuid.uuid4().hex
        self.limit = int(request["maximumBytesBilled"]) if "maximumBytesBilled" in request else None
        self._check(project)
        default = request.get("defaultDataset", {}).get("datasetId", "")
        self.query = Query(tables, request["query"], default, self._values(), reference.get("location"))
        self._tables = tables

    def write(self, plan: Plan, *, changed: dict[str, pa.DataType]) -> pa.Table:
        """Run it and write its rows to the destination. `changed` are columns whose type is another by now.

        Raises Refusal for an error of the job.
        """
        rows = plan.rows()
        for name, kind in changed.items():
            rows = rows.set_column(rows.column_names.index(name), name, rows[name].cast(kind))
        dataset, name = self.destination["datasetId"], self.destination["tableId"]
        if dataset != ANONYMOUS_DATASET:
            rows = self._disposed(rows, dataset, name)
        self._tables.add(dataset, name, rows)
        return rows

    @property
    def destination(self) -> dict:
        """A table that the request names, or one of an anonymous dataset, in which all rows are for a day."""
        named = self._request.get("destinationTable")
        table = "anon" + hashlib.sha256(self.job_id.encode()).hexdigest()
        return named or {"projectId": PROJECT, "datasetId": ANONYMOUS_DATASET, "tableId": table}

    def resource(self, plan: Plan, *, billed: int) -> dict:
        reference = {"projectId": PROJECT, "location": LOCATION} | ({} if self.dry_run else {"jobId": self.job_id})
        counted = {"totalBytesProcessed": str(plan.processed), "totalBytesBilled": str(billed), "cacheHit": False}
        query = self._request | ({} if self.dry_run else {"destinationTable": self.destination})
        return {
            "kind": "bigquery#job",
            "jobReference": reference,
            "configuration": self._configuration | {"query": query},
            "status": {"state": "DONE"},
            "statistics": {
                "creationTime": "1782864000000",
                "totalBytesProcessed": str(plan.processed),
                "query": {
                    **counted,
                    "statementType": "SELECT",
                    "schema": rest_schema(plan.schema),
                    "referencedTables": [table.reference for table in self.query.tables],
                },
            },
        }

    def _check(self, project: str) -> None:
        request = self._request
        if unknown := sorted(set(request) - QUERY_FIELDS):
            raise Refusal(400, "invalid", f"Invalid JSON payload received. Unknown name {unknown[0]!r}")
        if project != PROJECT:
            message = f"Access Denied: Project {project}: User does not have bigquery.jobs.create"
            raise Refusal(403, "accessDenied", message)
        if not JOB_ID.fullmatch(self.job_id):
            raise Refusal(400, "invalid", f"Invalid job ID {self.job_id!r}")
        for name, value in self._configuration.get("labels", {}).items():
            if not (LABEL_NAME.fullmatch(name) and LABEL.fullmatch(value)):
                raise Refusal(400, "invalid", f"Label {name!r}: {value!r} does not conform to the rules")
        if request.get("useLegacySql") is not False:
            raise Refusal(400, "invalidQuery", "this stand-in knows GoogleSQL only: useLegacySql must be false")
        for name, known in DISPOSITIONS.items():
            if request.get(name, known[0]) not in known:
                raise Refusal(400, "invalid", f"Invalid value for {name}: {request[name]}")
        if self.destination["projectId"] != PROJECT:
            message = (
                f"Access Denied: Project {self.destination['projectId']}: User does not have bigquery.tables.create"
            )
            raise Refusal(403, "accessDenied", message)

    def _values(self) -> dict[str, Any]:
        return dict(self._value(parameter) for parameter in self._request.get("queryParameters", ()))

    def _value(self, parameter: dict) -> tuple[str, Any]:
        kind, text = parameter["parameterType"]["type"], parameter["parameterValue"].get("value")
        if kind not in PARAMETERS or self._request.get("parameterMode") != "NAMED":
            raise Refusal(400, "invalidQuery", f"this stand-in takes named scalars, not {kind}")
        try:
            return parameter["name"].lower(), None if text is None else PARAMETERS[kind](text)
        except (KeyError, ValueError):
            raise Refusal(400, "invalid", f"Invalid value for type {kind}: {text!r}") from None

    def _disposed(self, rows: pa.Table, dataset: str, name: str) -> pa.Table:
        """What the destination has afterwards."""
        self._tables.check_dataset(dataset)
        try:
            before = self._tables.get(dataset, name).rows
        except Refusal:
            if self._request.get("createDisposition") == "CREATE_NEVER":
                raise
            return rows
        disposition = self._request.get("writeDisposition", "WRITE_EMPTY")
        if disposition == "WRITE_EMPTY" and before.num_rows:
            raise Refusal(409, "duplicate", f"Already Exists: Table {PROJECT}:{dataset}.{name}")
        if disposition != "WRITE_APPEND":
            return rows
        if before.schema != rows.schema:
            raise Refusal(400, "invalid", f"Provided Schema does not match Table {PROJECT}:{dataset}.{name}")
        return pa.concat_tables([before, rows])
