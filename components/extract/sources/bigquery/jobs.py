"""Jobs with an id of their own: an answer that is lost, or a pod that is deleted, finds its job again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.extract.sources.bigquery.client import Connection

ATTEMPTS = 3


@dataclass(frozen=True)
class StartedJob:
    """`job` is google-cloud-bigquery's QueryJob. `is_new` is False where an earlier request had started it."""

    job: Any
    is_new: bool


def start(
    connection: Connection,
    sql: str,
    config: Any,
    job_id: str,
    *,
    attempts: int = ATTEMPTS,
    has_rows: Callable[[Any], bool] = lambda _: True,
) -> StartedJob:
    """The job of this id, or of the id with -a2, -a3, …, where earlier ones failed or `has_rows` says that their rows
    are gone. The last attempt is taken as it is."""
    from google.api_core.exceptions import Conflict

    for attempt in range(1, attempts + 1):
        name = job_id + (f"-a{attempt}" if attempt > 1 else "")
        try:
            job = connection.client.query(sql, job_config=config, job_id=name, retry=connection.retry(), job_retry=None)
        except Conflict:
            job = connection.client.get_job(name, retry=connection.retry())
            if attempt == attempts or not (job.error_result or (job.state == "DONE" and not has_rows(job))):
                return StartedJob(job, is_new=False)
        else:
            return StartedJob(job, is_new=True)
    raise AssertionError("the last attempt returns")
