"""Tables in BigQuery, through Google's own client.

It refuses the same SQL as the files do, makes a dry run before every query, and gives every job an id that makes a
repeated request the same job. The client itself reads BIGQUERY_EMULATOR_HOST, the address of a local server.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from components.extract.googlesql import types
from components.extract.googlesql.parse import parameters, parse
from components.extract.sources import bigquery_errors
from components.extract.sources.source import QueryLineage, refuse_duplicate_names
from components.extract.sources.table_state import NO_TABLE, TableState, version_of
from components.extract.window import Window

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, QueryJob

ROWS_PER_PAGE = 50_000
ATTEMPTS = 3
CONNECT_SECONDS = 60.0


class BigQuerySource:
    """A Source over a project. `dataset` is the dataset of tables that the SQL names without one.

    `run` is part of every job id: sources of one `run`, in any process, get the same job for the same query and pay
    once. Without it every source is a run of its own, so it never gets the rows of an earlier run.
    """

    def __init__(
        self, project: str, location: str, *, max_bytes_billed: int, dataset: str | None = None, run: str | None = None
    ) -> None:
        self._project, self._location, self._dataset = project, location, dataset
        self._limit = max_bytes_billed
        self._run = run or uuid.uuid4().hex
        self._lineage = QueryLineage("bigquery", ())
        with bigquery_errors.translate_errors(project, location, max_bytes_billed):
            self._client = _client(project, location)

    def columns(self, sql: str, window: Window) -> dict[str, str]:
        parse(sql)  # refuses what has another meaning on files
        schema = self._dry_run(sql, window).schema or []
        refuse_duplicate_names([field.name for field in schema])
        return {field.name: types.of_bigquery(field.field_type, field.mode) for field in schema}

    def data_version(self, sql: str, window: Window, /) -> str:
        parse(sql)
        job = self._dry_run(sql, window)
        with bigquery_errors.translate_errors(self._project, self._location, self._limit):
            tables = [self._client.get_table(table, retry=_retry()) for table in job.referenced_tables]
        states = [TableState(str(table.reference), table.num_rows or 0, table.modified) for table in tables]
        return version_of(states, "rows") if states else NO_TABLE

    def fetch(self, sql: str, window: Window) -> Iterator[pa.RecordBatch]:
        parse(sql)
        self._dry_run(sql, window)
        with bigquery_errors.translate_errors(self._project, self._location, self._limit):
            job = self._job(sql, window)
            for batch in job.result(page_size=ROWS_PER_PAGE, job_retry=None).to_arrow_iterable():
                if batch.num_rows:
                    yield types.without_decimals(batch)
        tables = {f"{table.dataset_id}.{table.table_id}" for table in job.referenced_tables}
        self._lineage = QueryLineage("bigquery", tuple(sorted(tables)), job.total_bytes_billed or 0)

    def lineage(self) -> QueryLineage:
        return self._lineage

    def _dry_run(self, sql: str, window: Window) -> "QueryJob":
        """Free of charge; has the schema and the bytes. Raises SpecError when these are above the limit."""
        with bigquery_errors.translate_errors(self._project, self._location, self._limit):
            config = self._config(sql, window, dry_run=True, use_query_cache=False)
            job = self._client.query(sql, job_config=config, retry=_retry(), job_retry=None)
        if job.total_bytes_processed > self._limit:
            raise bigquery_errors.too_large(self._limit, job.total_bytes_processed)
        return job

    def _job(self, sql: str, window: Window) -> "QueryJob":
        """A job that has not failed: a new one, or that of an earlier request whose answer was lost."""
        from google.api_core.exceptions import Conflict

        config = self._config(sql, window, maximum_bytes_billed=self._limit)
        key = [sql, *(parameter.to_api_repr() for parameter in config.query_parameters), self._dataset]
        digest = hashlib.sha256(json.dumps([self._run, key], sort_keys=True).encode()).hexdigest()[:32]
        for attempt in range(1, ATTEMPTS + 1):
            job_id = f"kamado-extract-{digest}" + (f"-a{attempt}" if attempt > 1 else "")
            try:
                return self._client.query(sql, job_config=config, job_id=job_id, retry=_retry(), job_retry=None)
            except Conflict:
                job = cast("QueryJob", self._client.get_job(job_id, retry=_retry()))
                if attempt == ATTEMPTS or not job.error_result:
                    return job  # result() of a failed job raises its failure
        raise AssertionError("the last attempt returns")

    def _config(self, sql: str, window: Window, **options: Any) -> Any:
        from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

        bounds: dict[str, datetime | None] = {"start": window.start, "end": window.end}
        names = sorted(parameters(sql) & bounds.keys())
        values = [ScalarQueryParameter(name, "TIMESTAMP", bounds[name]) for name in names]
        if self._dataset:
            options["default_dataset"] = f"{self._project}.{self._dataset}"
        return QueryJobConfig(query_parameters=values, labels={"kamado-step": "extract"}, **options)


def _client(project: str, location: str) -> "Client":
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.bigquery import Client

    # google-auth has types for a part of its credentials only.
    credentials = AnonymousCredentials() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None  # type: ignore[no-untyped-call]
    return Client(project=project, location=location, credentials=credentials)


def _retry() -> Any:
    from google.cloud.bigquery import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(CONNECT_SECONDS)
