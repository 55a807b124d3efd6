"""Rows of a large result as Parquet files in Cloud Storage, which are read one after the other and deleted behind it.

BigQuery's extract job is free of charge, so that each attempt makes its own files in a folder of its own.
"""

import contextlib
import re
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.extract.sources.bigquery.batch_sizes import merged
from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.errors import SourceUnavailableError
from model.errors import Problem

ROWS_READ = 4_000  # at once
HINT = "The account needs the role Storage Object Admin on the bucket, which must be in the location of the tables"


class Export:
    """Files below `address`, gs://BUCKET/PREFIX."""

    def __init__(self, connection: Connection, address: str) -> None:
        self._connection = connection
        self._address = address.rstrip("/")
        bucket, _, prefix = self._address.removeprefix("gs://").partition("/")
        self._bucket, self._folder = bucket, "/".join(filter(None, (prefix, f"kamado-{uuid.uuid4().hex}")))

    def batches(self, table: Any, labels: dict[str, str]) -> Iterator[pa.RecordBatch]:
        """All rows of a TableReference. Raises what the clients raise, and SourceUnavailableError where files are
        missing or cannot be read."""
        with self._errors(), contextlib.closing(self._connection.object_client()) as client:
            bucket = client.bucket(self._bucket)
            try:
                count = self._write(table, labels)
                blobs = list(client.list_blobs(bucket, prefix=f"{self._folder}/"))
                if len(blobs) != count:
                    raise self._broken(f"has {len(blobs)} files, and BigQuery wrote {count}")
                for blob in blobs:
                    yield from self._rows(blob)
            finally:
                for blob in client.list_blobs(bucket, prefix=f"{self._folder}/"):
                    blob.delete()

    def _write(self, table: Any, labels: dict[str, str]) -> int:
        """How many files BigQuery has written."""
        from google.cloud.bigquery import ExtractJobConfig

        # google-cloud-bigquery has no types for the constructor of this one.
        config = ExtractJobConfig(  # type: ignore[no-untyped-call]
            destination_format="PARQUET", compression="ZSTD", labels=labels
        )
        job = self._connection.client.extract_table(
            table, f"gs://{self._bucket}/{self._folder}/*.parquet", job_config=config, retry=self._connection.retry()
        )
        job.result()
        return sum(job.destination_uri_file_counts)

    def _rows(self, blob: Any) -> Iterator[pa.RecordBatch]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            blob.download_to_filename(str(path))
            try:
                with pq.ParquetFile(path) as file:
                    yield from merged(file.iter_batches(ROWS_READ))
            except (pa.ArrowException, OSError) as error:
                raise self._broken(f"has a file that cannot be read ({error})") from None

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        from google.api_core.exceptions import Forbidden, NotFound

        try:
            yield
        except (Forbidden, NotFound) as error:
            message = re.sub(r"\s+", " ", error.message)[:300]
            problem = Problem(
                "source.export", f"is {self._address}, which is refused ({message})", HINT, "export-denied"
            )
            raise SourceUnavailableError(problem) from None

    def _broken(self, message: str) -> SourceUnavailableError:
        return SourceUnavailableError(
            Problem(f"gs://{self._bucket}/{self._folder}", message, "Run again", "rows-broken")
        )
