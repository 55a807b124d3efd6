"""Tables in BigQuery as a Source.

It refuses the same SQL as files do. Before every query it makes a dry run, which is free: what would cost too much, or
read a whole table without need, is refused by name. The job's id comes from the run, so that a run pays once. All rows
come, or the fetch fails.
"""

import contextlib
import uuid
from collections.abc import Iterator

import pyarrow as pa

from components.extract.googlesql import types
from components.extract.googlesql.parse import parse
from components.extract.sources.bigquery.client import CONNECT_SECONDS, Connection
from components.extract.sources.bigquery.cost import QueryPrice
from components.extract.sources.bigquery.jobs import StartedJob, start
from components.extract.sources.bigquery.labels import label_value, labels
from components.extract.sources.bigquery.materialize import MaterializedTable
from components.extract.sources.bigquery.partitions import refuse_full_scans
from components.extract.sources.bigquery.plan import Plan, make_plan
from components.extract.sources.bigquery.progress import Progress
from components.extract.sources.bigquery.query import Query
from components.extract.sources.bigquery.reader import ResultReader
from components.extract.sources.bigquery.result import QueryResult, has_table
from components.extract.sources.bigquery.row_check import RowCheck
from components.extract.sources.bigquery.schema import columns_of, paths_of, refuse_changed_schema
from components.extract.sources.column_types import refuse_unmapped
from components.extract.sources.options import QueryOptions
from components.extract.sources.source import BilledQuery, QueryLineage, refuse_duplicate_names
from components.extract.sources.table_state import NO_TABLE, TableState, version_of
from components.extract.window import Window

DEFAULTS = QueryOptions()


class BigQuerySource:
    """A Source over a project. `dataset` is the dataset of tables that the SQL names without one.

    `run` is part of every job id: sources of one `run`, in any process, get the same job for the same query and pay
    once. Without it every source is a run of its own, so it never gets the rows of an earlier run.
    """

    def __init__(
        self,
        project: str,
        location: str,
        *,
        max_bytes_billed: int,
        dataset: str | None = None,
        run: str | None = None,
        options: QueryOptions = DEFAULTS,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._dataset, self._options = dataset, options
        self._run = run or uuid.uuid4().hex
        self._labels = labels(step="extract", model=options.model, run=self._run, team=options.team)
        self._lineage = QueryLineage("bigquery", ())
        self._plans: dict[Query, Plan] = {}
        self._connection = Connection.open(project, location, limit=max_bytes_billed, seconds=connect_seconds)
        self._reader = ResultReader(self._connection, options, self._labels)

    def columns(self, sql: str, window: Window) -> dict[str, str]:
        schema = self._plan(self._query(sql, window)).schema
        refuse_duplicate_names([field.name for field in schema])
        refuse_unmapped(paths_of(schema))
        return columns_of(schema)

    def data_version(self, sql: str, window: Window, /) -> str:
        plan = self._plan(self._query(sql, window))
        states = [TableState(str(table.reference), table.num_rows or 0, table.modified) for table in plan.tables]
        return version_of(states, "rows") if states else NO_TABLE

    def fetch(self, sql: str, window: Window) -> Iterator[pa.RecordBatch]:
        query = self._query(sql, window)
        plan = self._plan(query)
        columns = columns_of(plan.schema)
        keys = {name: columns[name] for name in self._options.keys if name in columns}
        with self._connection.translate_errors(), contextlib.closing(RowCheck(keys)) as check:
            result = self._result(query)
            refuse_changed_schema(plan.schema, result.rows.schema)
            progress = Progress(result.total, self._options.report)
            for batch in self._reader.batches(result):
                plain = types.as_read_from_files(batch, columns)
                check.add(plain)
                progress.update(check.rows, check.size)
                yield plain
            check.refuse_other_count(result.total)
            job_id = f"kamado-check-{query.digest(self._run, result.job.job_id)}"
            compared = check.compare(self._connection, result.table, job_id, self._labels)
            self._options.report(progress.line(check.rows, check.size))
        self._lineage = self._cost(result, compared)

    def lineage(self) -> QueryLineage:
        return self._lineage

    def _query(self, sql: str, window: Window) -> Query:
        parse(sql)  # refuses what has another meaning on files
        return Query(sql, window, self._dataset)

    def _plan(self, query: Query) -> Plan:
        """Raises SpecError for a query that would read too much."""
        if query not in self._plans:
            with self._connection.translate_errors():
                plan = make_plan(self._connection, query)
                self._options.report(f"dry run: {QueryPrice(plan.size, self._options.usd_per_tib)}")
                refuse_full_scans(self._connection, query, plan, most=self._options.max_unpartitioned_bytes)
            self._plans[query] = plan
        return self._plans[query]

    def _result(self, query: Query) -> QueryResult:
        """Of a job that has not failed: a new one, or that of an earlier request whose answer was lost."""
        if self._options.materialize:
            return self._materialized(query)
        config = query.config(self._connection, labels=self._labels, maximum_bytes_billed=self._connection.limit)
        job_id = f"kamado-extract-{query.digest(self._run, self._version(query))}"
        started = start(
            self._connection, query.sql, config, job_id, has_rows=lambda job: has_table(self._connection, job)
        )
        return QueryResult.of(started.job, is_paid=True)

    def _materialized(self, query: Query) -> QueryResult:
        options = self._options
        version = self._version(query)
        table = MaterializedTable(self._connection, query, options.materialize, version, days=options.materialize_days)
        started = table.write(self._labels)
        result = QueryResult.of(started.job, is_paid=self._pays(started))
        table.expire(started.job)
        options.report(f"table {table.name}: {'written' if result.is_paid else 'found, nothing is billed'}")
        return result

    def _version(self, query: Query) -> str:
        """The state of the tables: that of the whole run, or, of a step without one, as the dry run saw it."""
        return self._options.data_version or self.data_version(query.sql, query.window)

    def _pays(self, started: StartedJob) -> bool:
        """Whether the job is of this run."""
        return started.is_new or (started.job.labels or {}).get("kamado-run") == label_value(self._run)

    def _cost(self, result: QueryResult, compared: StartedJob | None) -> QueryLineage:
        job = result.job
        billed = (job.total_bytes_billed or 0) if result.is_paid else 0
        checked = compared.job.total_bytes_billed or 0 if compared is not None else 0
        total = billed + checked
        query = BilledQuery(
            job_id=job.job_id,
            bytes_processed=(job.total_bytes_processed or 0) if result.is_paid else 0,
            bytes_billed=total,
            usd=QueryPrice(total, self._options.usd_per_tib).usd,
            usd_per_tib=self._options.usd_per_tib,
            cache_hit=bool(job.cache_hit),
            reader=self._reader.way,
            table=f"{job.destination.dataset_id}.{job.destination.table_id}" if self._options.materialize else None,
        )
        tables = {f"{table.dataset_id}.{table.table_id}" for table in job.referenced_tables}
        return QueryLineage("bigquery", tuple(sorted(tables)), total, query=query)
