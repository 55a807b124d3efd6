"""Views of INFORMATION_SCHEMA in a dataset: COLUMNS, TABLE_STORAGE and PARTITIONS."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from tests.services.bigquery.columns import googlesql
from tests.services.bigquery.refusal import PROJECT, Refusal
from tests.services.bigquery.sizes import size_of
from tests.services.bigquery.tables import StoredTable, Tables

FORMATS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}


def information_schema(tables: Tables, dataset: str, name: str) -> StoredTable:
    """Raises Refusal for a view that this stand-in does not know."""
    views = {"COLUMNS": _columns, "TABLE_STORAGE": _storage, "PARTITIONS": _partitions}
    view = name.upper().removeprefix("INFORMATION_SCHEMA.")
    if view not in views:
        raise Refusal(404, "notFound", f"Not found: Table {PROJECT}:{dataset}.{name} (unknown to this stand-in)")
    rows = [row for table in tables.in_dataset(dataset) for row in views[view](table)]
    return StoredTable(dataset, name, pa.Table.from_pylist(rows))


def _columns(table: StoredTable) -> Iterator[dict]:
    for position, column in enumerate(table.schema, 1):
        yield _named(table) | {
            "column_name": column.name,
            "ordinal_position": position,
            "is_nullable": "YES",
            "data_type": googlesql(column),
            "is_partitioning_column": "YES" if column.name == table.options.partitioned_by else "NO",
        }


def _storage(table: StoredTable) -> Iterator[dict]:
    yield _named(table) | {
        "creation_time": table.modified,
        "total_rows": table.num_rows,
        "total_partitions": len(list(_partitions(table))) if table.options.partitioned_by else 0,
        "total_logical_bytes": size_of(table.rows),
        "storage_last_modified_time": table.modified,
        "table_type": "BASE TABLE",
    }


def _partitions(table: StoredTable) -> Iterator[dict]:
    options = table.options
    if not options.partitioned_by:
        yield _partition(table, None, table.rows)
        return
    moments = table.rows[options.partitioned_by]
    keys = pc.strftime(moments.cast(pa.timestamp("us")), FORMATS[options.unit])
    for key in sorted(pc.unique(keys.drop_null()).to_pylist()):
        yield _partition(table, key, table.rows.filter(pc.equal(keys, key)))


def _partition(table: StoredTable, key: str | None, rows: pa.Table) -> dict:
    return _named(table) | {
        "partition_id": key,
        "total_rows": rows.num_rows,
        "total_logical_bytes": size_of(rows),
        "last_modified_time": table.modified,
    }


def _named(table: StoredTable) -> dict:
    return {"table_catalog": PROJECT, "table_schema": table.dataset, "table_name": table.name}
