"""Refuses a query that would read all partitions of a table, or too much of one without partitions.

A bound that stands in the query is enough. Where none is seen, two dry runs decide: the query is refused where it
would read as many bytes as its columns have in all partitions.
"""

from collections.abc import Iterator
from typing import Any

from components.extract.googlesql.table_scans import TableScan, table_scans
from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.cost import readable
from components.extract.sources.bigquery.errors import unbounded
from components.extract.sources.bigquery.plan import Plan, dry_run
from components.extract.sources.bigquery.query import Query
from model.errors import Problem, SpecError

SUFFIX = "_TABLE_SUFFIX"
OF_INGESTION = ("_PARTITIONTIME", "_PARTITIONDATE")


def refuse_full_scans(connection: Connection, query: Query, plan: Plan, *, most: int) -> None:
    """Raises SpecError with every such table. `most` are the bytes that a table without partitions may be read for."""
    rules = _Rules(connection, query, plan, most)
    if problems := list(dict.fromkeys(rules.problems())):
        raise SpecError(*problems)


def partition_columns(table: Any) -> tuple[str, ...]:
    """Of a Table by time; none where it has no such partitions."""
    if table.time_partitioning is None:
        return ()
    return (table.time_partitioning.field,) if table.time_partitioning.field else OF_INGESTION


class _Rules:
    def __init__(self, connection: Connection, query: Query, plan: Plan, most: int) -> None:
        self._connection, self._query, self._plan, self._most = connection, query, plan, most
        self._tables = {(table.project, table.dataset_id, table.table_id): table for table in plan.tables}

    def problems(self) -> Iterator[Problem]:
        read = table_scans(self._query.sql, project=self._connection.project, dataset=self._query.dataset)
        for scan in read:
            if scan.table.endswith("*"):
                yield from self._sharded(scan)
            elif table := self._tables.get((scan.project, scan.dataset, scan.table)):
                yield from self._named(scan, table)
        named = {(scan.project, scan.dataset, scan.table) for scan in read}
        prefixes = tuple(scan.table.removesuffix("*") for scan in read if scan.table.endswith("*"))
        for key, table in self._tables.items():
            if key not in named and not (prefixes and table.table_id.startswith(prefixes)):
                yield from self._behind_a_view(table)

    def _sharded(self, scan: TableScan) -> Iterator[Problem]:
        if not scan.bounded & {SUFFIX.lower()} and self._reads_whole(scan):
            problem = f"would be read in all its tables: the query does not bound {SUFFIX}"
            format_ = f"{SUFFIX} BETWEEN FORMAT_DATE('%Y%m%d', DATE(@start)) AND FORMAT_DATE('%Y%m%d', DATE(@end))"
            yield Problem(
                scan.label, problem, f"Add WHERE {format_} to the SELECT that names it", "partition-unbounded"
            )

    def _named(self, scan: TableScan, table: Any) -> Iterator[Problem]:
        columns = partition_columns(table)
        if not columns:
            yield from self._unpartitioned(scan.label, scan, table)
        elif table.require_partition_filter:
            return  # BigQuery itself refuses the query without one
        elif not scan.bounded & {column.lower() for column in columns} and self._reads_whole(scan):
            yield unbounded(scan.label, columns[0])

    def _behind_a_view(self, table: Any) -> Iterator[Problem]:
        """A view's SQL is not seen here; its columns are not known."""
        label = f"table {table.dataset_id}.{table.table_id}, behind a view,"
        columns = partition_columns(table)
        if not columns:
            yield from self._unpartitioned(label, None, table)
        elif table.num_bytes and self._plan.size >= table.num_bytes:
            yield unbounded(label, columns[0])

    def _unpartitioned(self, label: str, scan: TableScan | None, table: Any) -> Iterator[Problem]:
        """`scan` is None where its columns are not known."""
        ranges = table.range_partitioning
        if scan is not None and ranges is not None and ranges.field.lower() in scan.bounded:
            return
        size = min(table.num_bytes or 0, self._plan.size)
        if scan is not None and size > self._most:  # the query may read other tables too
            size = min(size, self._size_of(scan))
        if size > self._most:
            problem = f"has no partitions by time, and up to {size:,} bytes ({readable(size)}) of it would be read"
            hint = "Partition it by a column of time, read a smaller table, or raise source.max_unpartitioned_bytes"
            yield Problem(label, problem, f"{hint} ({self._most:,})", "table-unpartitioned")

    def _reads_whole(self, scan: TableScan) -> bool:
        """Whether the query would read as many bytes as a scan of these columns in all partitions."""
        return 0 < self._size_of(scan) <= self._plan.size

    def _size_of(self, scan: TableScan) -> int:
        """Bytes of these columns in all partitions."""
        name = "`" + ".".join((scan.project, scan.dataset, scan.table)) + "`"
        whole = dry_run(self._connection, Query(self._select(scan, name), self._query.window, None))
        return int(whole.total_bytes_processed or 0)

    def _select(self, scan: TableScan, name: str) -> str:
        if scan.columns is None:
            return f"SELECT * FROM {name}"
        table = self._tables.get((scan.project, scan.dataset, scan.table)) or next(
            (
                table
                for (project, dataset, table_id), table in self._tables.items()
                if (project, dataset) == (scan.project, scan.dataset)
                and table_id.startswith(scan.table.removesuffix("*"))
            ),
            None,
        )
        existing = [field.name for field in table.schema] if table is not None else []
        columns = [column for column in existing if column.lower() in scan.columns]
        return f"SELECT {', '.join(f'`{column}`' for column in columns) or '1'} FROM {name}"
