"""The result of a query as a table with an expiry, so that models with the same query share one scan.

Its name and the id of its job come from the SQL, the window and the state of the tables. The job, which writes the
table at once and as a whole, says whether it can be read: a table without its job is not used.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.jobs import StartedJob, start
from components.extract.sources.bigquery.query import Query
from components.extract.sources.bigquery.result import has_table
from model.errors import DataError, Problem

MOST_EXPIRIES = 50  # of one table; each time the query has run again


class MaterializedTable:
    """`kamado_DIGEST` in `dataset`, for a query on tables in the state `data_version`."""

    def __init__(self, connection: Connection, query: Query, dataset: str, data_version: str, *, days: int) -> None:
        self._connection, self._query, self._days = connection, query, days
        self.name = f"{dataset}.kamado_{query.digest(connection.project, connection.location, dataset, data_version)}"

    def write(self, labels: dict[str, str]) -> StartedJob:
        """The job that writes it, or the one that has. Raises what the client raises, DataError without the dataset."""
        from google.cloud.bigquery import TableReference, WriteDisposition

        self._refuse_missing_dataset()
        destination = TableReference.from_string(f"{self._connection.project}.{self.name}")
        config = self._query.config(
            self._connection,
            labels=labels,
            maximum_bytes_billed=self._connection.limit,
            destination=destination,
            write_disposition=WriteDisposition.WRITE_TRUNCATE,  # a table that is there has no job: nobody reads it
        )
        return start(
            self._connection,
            self._query.sql,
            config,
            f"kamado-table-{self.name.rpartition('_')[2]}",
            attempts=MOST_EXPIRIES,
            has_rows=lambda job: has_table(self._connection, job),
        )

    def expire(self, job: Any) -> None:
        """Give it its expiry, where it has none: it may have been written by a run that was killed."""
        table = self._connection.client.get_table(job.destination, retry=self._connection.retry())
        if table.expires is None:
            table.expires = datetime.now(UTC) + timedelta(days=self._days)
            self._connection.client.update_table(table, ["expires"], retry=self._connection.retry())

    def _refuse_missing_dataset(self) -> None:
        from google.api_core.exceptions import NotFound

        dataset = self.name.partition(".")[0]
        try:
            self._connection.client.get_dataset(f"{self._connection.project}.{dataset}", retry=self._connection.retry())
        except NotFound:
            problem = f"is {dataset}, which is not a dataset of {self._connection.project}"
            hint = f"Create it in {self._connection.location}: bq mk --location={self._connection.location} {dataset}"
            raise DataError(Problem("source.materialize", problem, hint, "dataset-missing")) from None
