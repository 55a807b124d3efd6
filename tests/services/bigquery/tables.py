"""The tables of PROJECT: files `folder`/dataset/table.parquet or table/*.parquet, and those that were added or written.

A folder is a dataset, and so is one that was created.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.services.bigquery.columns import as_stored, rest_schema
from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal
from tests.services.bigquery.sizes import size_of

UNITS = ("HOUR", "DAY", "MONTH", "YEAR")


@dataclass(frozen=True)
class TableOptions:
    """`partitioned_by` is a column of time or dates."""

    partitioned_by: str = ""
    unit: str = "DAY"
    requires_filter: bool = False
    expires: datetime | None = None

    def __post_init__(self) -> None:
        if self.unit not in UNITS or (self.requires_filter and not self.partitioned_by):
            raise ValueError(f"{self}: no such partitions")


@dataclass(frozen=True)
class StoredTable:
    dataset: str
    name: str
    content: tuple[Path, ...] | pa.Table
    options: TableOptions = TableOptions()
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def schema(self) -> pa.Schema:
        raw = self.content.schema if isinstance(self.content, pa.Table) else pq.read_schema(self.content[0])
        return pa.schema([as_stored(column) for column in raw])

    @cached_property
    def rows(self) -> pa.Table:
        content = self.content
        table = content if isinstance(content, pa.Table) else pa.concat_tables(pq.read_table(path) for path in content)
        return table.replace_schema_metadata().cast(self.schema)

    @property
    def num_rows(self) -> int:
        if isinstance(self.content, pa.Table):
            return self.content.num_rows
        return sum(pq.read_metadata(path).num_rows for path in self.content)

    @property
    def has_expired(self) -> bool:
        return self.options.expires is not None and self.options.expires <= datetime.now(UTC)

    def resource(self) -> dict:
        """As tables.get answers."""
        options = self.options
        resource = {
            "kind": "bigquery#table",
            "id": f"{PROJECT}:{self.dataset}.{self.name}",
            "tableReference": {"projectId": PROJECT, "datasetId": self.dataset, "tableId": self.name},
            "type": "TABLE",
            "location": LOCATION,
            "schema": rest_schema(self.schema),
            "numRows": str(self.num_rows),
            "numBytes": str(size_of(self.rows)),
            "creationTime": milliseconds(self.modified),
            "lastModifiedTime": milliseconds(self.modified),
        }
        if options.partitioned_by:
            resource["timePartitioning"] = {"type": options.unit, "field": options.partitioned_by}
            resource["requirePartitionFilter"] = options.requires_filter
        if options.expires is not None:
            resource["expirationTime"] = milliseconds(options.expires)
        return resource


def milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


class Tables:
    """All methods raise Refusal for what there is not. `options` are those of a table by "dataset.name"."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.options: dict[str, TableOptions] = {}
        self._written: dict[tuple[str, str], StoredTable] = {}
        self._files: dict[tuple[Path, ...], StoredTable] = {}
        self._lock = threading.Lock()

    def get(self, dataset: str, name: str) -> StoredTable:
        with self._lock:
            table = self._written.get((dataset, name)) or self._file(dataset, name)
        if table is not None:
            table = (
                replace(table, options=self.options[full]) if (full := f"{dataset}.{name}") in self.options else table
            )
        if table is None or table.has_expired:
            raise Refusal(404, "notFound", f"Not found: Table {PROJECT}:{dataset}.{name}")
        return table

    def add(self, dataset: str, name: str, rows: pa.Table, options: TableOptions | None = None) -> StoredTable:
        """Write it, in place of one of that name."""
        with self._lock:
            self._written[dataset, name] = table = StoredTable(dataset, name, rows)
            if options is not None:
                self.options[f"{dataset}.{name}"] = options
            return table

    def drop(self, dataset: str, name: str) -> None:
        self.get(dataset, name)
        with self._lock:
            self.options.pop(f"{dataset}.{name}", None)
            if self._written.pop((dataset, name), None) is None:
                raise Refusal(400, "invalid", "this stand-in drops no table that is a file")

    def has_dataset(self, dataset: str) -> bool:
        return (self.folder / dataset).is_dir() or any(key[0] == dataset for key in list(self._written))

    def check_dataset(self, dataset: str) -> None:
        if not self.has_dataset(dataset):
            raise Refusal(404, "notFound", f"Not found: Dataset {PROJECT}:{dataset}")

    def in_dataset(self, dataset: str) -> Iterator[StoredTable]:
        """By name, without those that have expired."""
        self.check_dataset(dataset)
        names = {key[1] for key in list(self._written) if key[0] == dataset}
        if (folder := self.folder / dataset).is_dir():
            names |= {path.stem for path in folder.glob("*.parquet")} | {
                path.parent.name for path in folder.glob("*/*.parquet")
            }
        for name in sorted(names):
            try:
                yield self.get(dataset, name)
            except Refusal:
                continue

    def _file(self, dataset: str, name: str) -> StoredTable | None:
        folder = self.folder / dataset
        whole = folder / f"{name}.parquet"
        paths = (whole,) if whole.is_file() else tuple(sorted((folder / name).glob("*.parquet")))
        if not paths:
            return None
        modified = max(datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in paths)
        if paths not in self._files or self._files[paths].modified != modified:
            self._files[paths] = StoredTable(dataset, name, paths, modified=modified)
        return self._files[paths]
