"""The clients of BigQuery, and where they look.

BIGQUERY_EMULATOR_HOST is the address of a local server, which Google's client reads itself;
BIGQUERY_STORAGE_EMULATOR_HOST is HOST:PORT of its Storage Read API. With the first alone, rows come over REST.
"""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from components.extract.sources.bigquery import errors

CONNECT_SECONDS = 60.0


@dataclass(frozen=True)
class Connection:
    """One project in one location. `client` is google-cloud-bigquery's; a request is repeated for `seconds`.

    `location` is "" where that of a table is looked up. `limit` is the most bytes that a query may be billed for.
    """

    project: str
    location: str
    limit: int
    seconds: float
    client: Any
    storage_host: str | None
    """Of the Storage Read API: "" is Google's own, None is a local server without one."""

    @classmethod
    def open(cls, project: str, location: str, *, limit: int, seconds: float) -> "Connection":
        """Raises SourceUnavailableError without valid credentials."""
        emulator = os.environ.get("BIGQUERY_EMULATOR_HOST", "")
        host = os.environ.get("BIGQUERY_STORAGE_EMULATOR_HOST") or (None if emulator else "")
        with errors.translate_errors(project, location, limit):
            from google.auth.credentials import AnonymousCredentials
            from google.cloud.bigquery import Client

            # google-auth has types for a part of its credentials only.
            credentials = AnonymousCredentials() if emulator else None  # type: ignore[no-untyped-call]
            client = Client(project=project, location=location or None, credentials=credentials)
        return cls(project, location, limit, seconds, client, host)

    def translate_errors(self) -> AbstractContextManager[None]:
        """Every error of the clients in the block becomes a DataError or SpecError."""
        return errors.translate_errors(self.project, self.location, self.limit)

    def retry(self) -> Any:
        """For a request over REST."""
        from google.cloud.bigquery import DEFAULT_RETRY

        return DEFAULT_RETRY.with_timeout(self.seconds)

    def object_client(self) -> Any:
        """google-cloud-storage's, which reads STORAGE_EMULATOR_HOST itself."""
        from google.cloud.storage import Client

        return Client(project=self.project)

    def storage_client(self) -> Any:
        """google-cloud-bigquery-storage's generated one; None where there is no Storage Read API."""
        if self.storage_host is None:
            return None
        from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient

        if not self.storage_host:
            return BigQueryReadClient()
        import grpc
        from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

        channel = grpc.insecure_channel(self.storage_host, options=[("grpc.max_receive_message_length", -1)])
        return BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))
