"""The result of a query: its job, and the table that BigQuery wrote it to."""

from dataclasses import dataclass
from typing import Any

from components.extract.sources.bigquery.client import Connection

PAGE_ROWS = 50_000


@dataclass(frozen=True)
class QueryResult:
    """`job` is done. `rows` is the client's iterator over REST, which has read nothing yet.

    `total` is the job's own figure. `is_paid` is False where another run has paid for it.
    """

    job: Any
    rows: Any
    total: int
    is_paid: bool

    @classmethod
    def of(cls, job: Any, *, is_paid: bool) -> "QueryResult":
        """Waits until the job is done. Raises what the client raises, and the job's own failure."""
        rows = job.result(page_size=PAGE_ROWS, job_retry=None)
        return cls(job, rows, rows.total_rows, is_paid)

    @property
    def table(self) -> Any:
        """Its TableReference; None where the service names none."""
        return self.job.destination


def has_table(connection: Connection, job: Any) -> bool:
    """Whether the rows of a job that is done are still there: BigQuery keeps a result for a day."""
    from google.api_core.exceptions import NotFound

    if job.destination is None:
        return True
    try:
        connection.client.get_table(job.destination, retry=connection.retry())
    except NotFound:
        return False
    return True
