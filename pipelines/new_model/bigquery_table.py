"""A table in BigQuery: its columns, size and days, and rows from all over it.

No query reads its rows: they come from tabledata.list, which is free of charge. The sizes of its days come from
INFORMATION_SCHEMA, for which BigQuery bills its least amount, 10 MB.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from components.extract.googlesql import types
from components.extract.sources.bigquery.client import CONNECT_SECONDS, Connection
from model.errors import DataError, Problem
from pipelines.new_model.table import TableFile
from pipelines.new_model.table_days import TableDays

if TYPE_CHECKING:
    from google.cloud.bigquery import Table

NAME = re.compile(r"([a-z][\w.:-]*)\.(\w+)\.([\w -]+)")  # PROJECT.DATASET.TABLE
SAMPLE = 100_000  # rows, read at PIECES starts that are evenly apart
PIECES = 20
MOST_BILLED = 10**9  # bytes of INFORMATION_SCHEMA
READABLE = frozenset(
    {"STRING", "INT64", "FLOAT64", "BOOL", "TIMESTAMP", "DATETIME", "DATE", "TIME"}
)  # others cannot be columns of a query's result
SIZES = """
SELECT p.partition_id, p.total_logical_bytes
FROM `{project}.{dataset}.INFORMATION_SCHEMA.PARTITIONS` AS p
WHERE p.table_name = @name AND REGEXP_CONTAINS(p.partition_id, r'^[0-9]{{8}}([0-9]{{2}})?$')
"""


@dataclass(frozen=True)
class BigQueryTable:
    """`sample` is the number of rows that are read of a larger table; `columns` are name -> GoogleSQL type."""

    connection: Connection
    resource: "Table"
    days: TableDays
    sample: int = SAMPLE

    @classmethod
    def look_up(cls, text: str) -> "BigQueryTable":
        """PROJECT.DATASET.TABLE. Raises DataError."""
        parts = NAME.fullmatch(text)
        assert parts is not None  # as find_table sees it
        connection = Connection.open(parts[1], "", limit=MOST_BILLED, seconds=CONNECT_SECONDS)
        with connection.translate_errors():
            table = connection.client.get_table(text, retry=connection.retry())
            if table.table_type not in ("TABLE", "SNAPSHOT", "CLONE"):
                raise DataError(_not_a_table(text, table))
            return cls(connection, table, _days(connection, table))

    @property
    def name(self) -> str:
        return str(self.resource.table_id)

    @property
    def rows(self) -> int:
        """Of the whole table."""
        return int(self.resource.num_rows or 0)

    @property
    def columns(self) -> Mapping[str, str]:
        return {field.name: types.of_bigquery(field.field_type, field.mode) for field in self.resource.schema}

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Name -> type of the columns that no query can have in its result."""
        return {name: kind for name, kind in self.columns.items() if kind not in READABLE}

    @property
    def argument(self) -> tuple[str, str]:
        """The variable of `make run`, and its value."""
        table = self.resource
        return "BIGQUERY", f"{table.project}.{table.dataset_id}@{table.location}"

    @property
    def written_on(self) -> date:
        modified: datetime = self.resource.modified
        return modified.astimezone(UTC).date()

    def as_file(self, scratch: Path, progress: Callable[[str], None]) -> TableFile:
        """Rows from all over the table as a Parquet file in `scratch`; every row of a small one."""
        fields = [field for field in self.resource.schema if field.name not in self.unreadable]
        if not fields:
            problem = "has no column that a query can have in its result"
            raise DataError(
                Problem(f"TABLE={self.name}", problem, "Select such values in a table of its own", "table-format")
            )
        (scratch / "data").mkdir()
        path = scratch / "data" / f"{self.name}.parquet"
        with self.connection.translate_errors():
            batches = self._batches(fields, progress)
            first = next(batches)
            with pq.ParquetWriter(path, first.schema) as writer:
                writer.write_table(first)
                for batch in batches:
                    writer.write_table(batch)
        return TableFile(path.parent, self.name, path)

    def _batches(self, fields: list[object], progress: Callable[[str], None]) -> Iterator[pa.Table]:
        size = min(self.rows, self.sample)
        done = 0
        for start, count in pieces(self.rows, self.sample):
            progress(f"reading {size:,} of {self.rows:,} rows, free of charge: {done:,}")
            rows = self.connection.client.list_rows(
                self.resource, fields, max_results=count, start_index=start, retry=self.connection.retry()
            )
            yield rows.to_arrow(create_bqstorage_client=False)
            done += count


def pieces(rows: int, sample: int) -> list[tuple[int, int]]:
    """(first row, number of rows) of each piece that is read; one empty piece of an empty table."""
    if rows <= sample:
        return [(0, rows)]
    size = sample // PIECES
    return [(piece * (rows - size) // (PIECES - 1), size) for piece in range(PIECES)]


def _days(connection: Connection, table: "Table") -> TableDays:
    """Of a table that is partitioned by a column of it, by day or hour; else none."""
    from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

    partitioning = table.time_partitioning
    if partitioning is None or partitioning.field is None or partitioning.type_ not in ("DAY", "HOUR"):
        return TableDays(None, {})
    config = QueryJobConfig(
        query_parameters=[ScalarQueryParameter("name", "STRING", table.table_id)],
        maximum_bytes_billed=MOST_BILLED,
        labels={"kamado-step": "new"},
    )
    sql = SIZES.format(project=table.project, dataset=table.dataset_id)
    sizes: dict[date, int] = {}
    for row in connection.client.query(sql, job_config=config, location=table.location).result():
        day = datetime.strptime(row["partition_id"][:8], "%Y%m%d").date()
        sizes[day] = sizes.get(day, 0) + row["total_logical_bytes"]
    return TableDays(partitioning.field, sizes)


def _not_a_table(text: str, table: "Table") -> Problem:
    hint = "Name a table that it reads, or write its rows to one: CREATE TABLE … AS SELECT * FROM it"
    return Problem(f"TABLE={text}", f"is a {table.table_type}, whose rows only a query can read", hint, "table-format")
