"""One jobs.insert, validated as the service's reference says."""

import hashlib
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import sqlglot
from sqlglot import exp

from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import Window
from model.errors import KamadoError
from tests.services.bigquery import wire
from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal

QUERY_FIELDS = {
    "query", "useLegacySql", "useQueryCache", "parameterMode", "queryParameters", "maximumBytesBilled",
    "defaultDataset",
}  # fmt: skip
ANONYMOUS_DATASET = "_" + hashlib.sha1(PROJECT.encode()).hexdigest()
LABEL = re.compile(r"[a-z0-9_-]{0,63}")
JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,1024}")


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
        if problem.where.startswith("SQL column"):
            near = f"; {problem.hint}" if problem.hint.startswith("Did you mean") else ""
            return Refusal(400, "invalidQuery", f"Unrecognized name: {name}{near}{self._at(name)}")
        return Refusal(400, "invalidQuery", f"{problem.where}: {problem.problem}")

    def _destination(self) -> dict:
        if self.dry_run:
            return {}
        table = "anon" + hashlib.sha256(self.job_id.encode()).hexdigest()
        return {"destinationTable": {"projectId": PROJECT, "datasetId": ANONYMOUS_DATASET, "tableId": table}}

    def _at(self, text: str) -> str:
        before = self.sql[: max(self.sql.find(text), 0)]
        return f" at [{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}]"

    def resource(self, columns: dict[str, str], processed: int, *, billed: int) -> dict:
        """The job. Rows of a query are in its destination, a table of an anonymous dataset that nobody named."""
        tables = [{"projectId": PROJECT, "datasetId": dataset, "tableId": name} for dataset, name in self.tables]
        reference = {"projectId": PROJECT, "location": LOCATION} | ({} if self.dry_run else {"jobId": self.job_id})
        counted = {"totalBytesProcessed": str(processed), "totalBytesBilled": str(billed), "cacheHit": False}
        return {
            "kind": "bigquery#job",
            "jobReference": reference,
            "configuration": self._configuration | {"query": self._query | self._destination()},
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
