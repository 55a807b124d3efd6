"""Tables in BigQuery, through Google's own client.

The same portable subset as on files, a dry run in front of every query, and a job id that makes a repeated request the
same job. BIGQUERY_EMULATOR_HOST, which the client reads itself, points it at a server on this machine.
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
from components.extract.googlesql.parse import parameters, portable
from components.extract.sources import bigquery_errors
from components.extract.sources.source import Lineage, refuse_twice
from components.extract.window import Window

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, QueryJob

ROWS_A_PAGE = 50_000
ATTEMPTS = 3
SECONDS_TO_REACH = 60.0


class BigQuery:
    """A Source over a project. `dataset` is where tables are that the SQL names without one.

    `run` makes the job ids: sources of one `run` that ask the same get the same job and are billed once, also when
    they are other processes. Without it every source is a run of its own, so that nobody gets yesterday's rows.
    """

    def __init__(
        self, project: str, location: str, *, max_bytes_billed: int, dataset: str | None = None, run: str | None = None
    ) -> None:
        self._project, self._location, self._dataset = project, location, dataset
        self._limit = max_bytes_billed
        self._run = run or uuid.uuid4().hex
        self._lineage = Lineage("bigquery", ())
        with bigquery_errors.told(project, location, max_bytes_billed):
            self._client = _client(project, location)

    def columns(self, sql: str, window: Window) -> dict[str, str]:
        portable(sql)  # refuses what would not mean the same on files
        schema = self._dry_run(sql, window).schema or []
        refuse_twice([field.name for field in schema])
        return {field.name: types.of_bigquery(field.field_type, field.mode) for field in schema}

    def fetch(self, sql: str, window: Window) -> Iterator[pa.RecordBatch]:
        portable(sql)
        self._dry_run(sql, window)
        with bigquery_errors.told(self._project, self._location, self._limit):
            job = self._job(sql, window)
            for batch in job.result(page_size=ROWS_A_PAGE, job_retry=None).to_arrow_iterable():
                if batch.num_rows:
                    yield types.without_decimals(batch)
        tables = {f"{table.dataset_id}.{table.table_id}" for table in job.referenced_tables}
        self._lineage = Lineage("bigquery", tuple(sorted(tables)), job.total_bytes_billed or 0)

    def lineage(self) -> Lineage:
        return self._lineage

    def _dry_run(self, sql: str, window: Window) -> "QueryJob":
        """Costs nothing; tells the schema and the bytes. Raises SpecError when they are too many."""
        with bigquery_errors.told(self._project, self._location, self._limit):
            config = self._config(sql, window, dry_run=True, use_query_cache=False)
            job = self._client.query(sql, job_config=config, retry=_retry(), job_retry=None)
        if job.total_bytes_processed > self._limit:
            raise bigquery_errors.too_many(self._limit, job.total_bytes_processed)
        return job

    def _job(self, sql: str, window: Window) -> "QueryJob":
        """A job that has not failed: new, or our own of an earlier request whose answer was lost."""
        from google.api_core.exceptions import Conflict

        config = self._config(sql, window, maximum_bytes_billed=self._limit)
        asked = [sql, *(parameter.to_api_repr() for parameter in config.query_parameters), self._dataset]
        digest = hashlib.sha256(json.dumps([self._run, asked], sort_keys=True).encode()).hexdigest()[:32]
        for attempt in range(1, ATTEMPTS + 1):
            job_id = f"kamado-extract-{digest}" + (f"-a{attempt}" if attempt > 1 else "")
            try:
                return self._client.query(sql, job_config=config, job_id=job_id, retry=_retry(), job_retry=None)
            except Conflict:
                job = cast("QueryJob", self._client.get_job(job_id, retry=_retry()))
                if attempt == ATTEMPTS or not job.error_result:
                    return job  # one that failed repeats its failure when its result is asked for
        raise AssertionError("the last attempt returns")

    def _config(self, sql: str, window: Window, **options: Any) -> Any:
        from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

        given: dict[str, datetime | None] = {"start": window.start, "end": window.end}
        values = [
            ScalarQueryParameter(name, "TIMESTAMP", given[name]) for name in sorted(parameters(sql) & given.keys())
        ]
        if self._dataset:
            options["default_dataset"] = f"{self._project}.{self._dataset}"
        return QueryJobConfig(query_parameters=values, labels={"kamado-step": "extract"}, **options)


def _client(project: str, location: str) -> "Client":
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.bigquery import Client

    # google-auth types its credentials only in part.
    credentials = AnonymousCredentials() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None  # type: ignore[no-untyped-call]
    return Client(project=project, location=location, credentials=credentials)


def _retry() -> Any:
    from google.cloud.bigquery import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(SECONDS_TO_REACH)
