"""The dry run of a query: free of charge, and before everything else."""

from dataclasses import dataclass
from typing import Any

from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.cost import refuse_too_large
from components.extract.sources.bigquery.query import Query
from components.extract.sources.bigquery.shards import shards_of


@dataclass(frozen=True)
class Plan:
    """What BigQuery says of a query before it runs. `schema` are its SchemaFields, `tables` its Tables."""

    schema: tuple[Any, ...]
    size: int
    """Bytes that it would read."""
    tables: tuple[Any, ...]


def make_plan(connection: Connection, query: Query) -> Plan:
    """Raises SpecError when it would read more than the limit, and what the client raises."""
    job = dry_run(connection, query)
    refuse_too_large(connection.limit, job.total_bytes_processed)
    tables = []
    for reference in job.referenced_tables:
        if reference.table_id.endswith("*"):
            tables += shards_of(connection, reference)
        else:
            tables.append(connection.client.get_table(reference, retry=connection.retry()))
    return Plan(tuple(job.schema or ()), job.total_bytes_processed or 0, tuple(tables))


def dry_run(connection: Connection, query: Query) -> Any:
    """The job of a dry run."""
    config = query.config(connection, dry_run=True, use_query_cache=False)
    return connection.client.query(query.sql, job_config=config, retry=connection.retry(), job_retry=None)
