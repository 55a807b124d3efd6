"""How the rows of a result come: from files where it is large, else over the Storage Read API where that is permitted,
else over REST."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from components.extract.sources.bigquery import rest
from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.cost import readable
from components.extract.sources.bigquery.errors import SourceUnavailableError
from components.extract.sources.bigquery.export import Export
from components.extract.sources.bigquery.result import QueryResult
from components.extract.sources.bigquery.storage import StorageReader
from components.extract.sources.options import QueryOptions
from model.errors import Problem, SpecError


class ResultReader:
    """`way` is how the rows of the last result came: export, storage or rest."""

    def __init__(self, connection: Connection, options: QueryOptions, labels: dict[str, str]) -> None:
        self._connection, self._options, self._labels = connection, options, labels
        self.way = "rest"

    def batches(self, result: QueryResult) -> Iterator[pa.RecordBatch]:
        """All rows in any order. Raises what the clients raise, SourceUnavailableError where the result was deleted or
        cannot be read, and SpecError for one that needs source.export."""
        from google.api_core.exceptions import NotFound

        if result.table is None:
            yield from self._over_rest(result)
            return
        try:
            if self._is_large(result.table):
                self.way = "export"
                yield from Export(self._connection, self._options.export).batches(result.table, self._labels)
            else:
                yield from self._streamed(result)
        except NotFound as error:
            where = f"table {result.table.dataset_id}.{result.table.table_id} of the result"
            problem = Problem(where, f"is gone ({error.message})", "Run again", "rows-gone")
            raise SourceUnavailableError(problem) from None

    def _is_large(self, table: Any) -> bool:
        most = self._options.export_above_bytes
        size = self._connection.client.get_table(table, retry=self._connection.retry()).num_bytes or 0
        if size > most and not self._options.export:
            problem = f"has {size:,} bytes ({readable(size)}), more than source.export_above_bytes ({most:,})"
            hint = "Select less, or name a bucket for files in source.export, like gs://bucket/prefix"
            raise SpecError(Problem("result of the SQL", problem, hint, "rows-too-many"))
        return size > most

    def _streamed(self, result: QueryResult) -> Iterator[pa.RecordBatch]:
        from google.api_core.exceptions import PermissionDenied

        client = self._connection.storage_client()
        if client is None:
            yield from self._over_rest(result)
            return
        rows, self.way = 0, "storage"
        try:
            for batch in StorageReader(self._connection, client).batches(result.table):
                rows += batch.num_rows
                yield batch
        except PermissionDenied as error:
            if rows:
                raise
            self._options.report(f"rows come over REST, which is slower: {error.message}")
        else:
            return
        finally:
            client.transport.close()
        yield from self._over_rest(result)

    def _over_rest(self, result: QueryResult) -> Iterator[pa.RecordBatch]:
        self.way = "rest"
        yield from rest.batches(result.rows)
