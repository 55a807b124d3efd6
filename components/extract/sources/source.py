"""Where rows come from. All sources behave alike: tests/contracts/source.py is the contract."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from components.extract.googlesql.safe_casts import Loss
from components.extract.window import Window
from model.errors import Problems, SpecError


@dataclass(frozen=True)
class BilledQuery:
    """What a job of a billed query did. The price in USD is an estimate, of `bytes_billed`.

    `reader` is the way of the rows. `table` is one that models share, None without it; where another run has paid for
    it, nothing is billed here.
    """

    job_id: str
    bytes_processed: int
    bytes_billed: int
    usd: float
    usd_per_tib: float
    cache_hit: bool
    reader: str
    table: str | None


@dataclass(frozen=True)
class QueryLineage:
    """What a fetch cost and read. `bytes_billed` and `query` are None where nothing is billed.

    `table_rows` (rows of each table) and `losses` (what safe conversions turned to NULL) are None where they are not
    counted: on BigQuery a count is billed.
    """

    backend: str
    tables: tuple[str, ...]
    bytes_billed: int | None = None
    table_rows: Mapping[str, int] | None = None
    losses: tuple[Loss, ...] | None = None
    query: BilledQuery | None = None


class Source(Protocol):
    """Runs one GoogleSQL query.

    `columns` reads no rows. It refuses unknown tables and columns and SQL outside the portable subset, all by name.
    `fetch` streams the rows, so the caller never has all of them in memory. Both raise DataError or SpecError.
    """

    def columns(self, sql: str, window: Window) -> dict[str, str]:
        """Name -> GoogleSQL type of the result's columns, in order. Names are unique whatever their case."""
        ...

    def data_version(self, sql: str, window: Window, /) -> str:
        """One line that changes when the query's tables do: their sizes and when they were last written. No row is
        read, and nothing is billed. Raises DataError or SpecError."""
        ...

    def fetch(self, sql: str, window: Window) -> Iterator[pa.RecordBatch]:
        """The result, batch by batch, in the types of `columns`."""
        ...

    def lineage(self) -> QueryLineage:
        """Complete once `fetch` has been read to its end."""
        ...


def refuse_duplicate_names(names: list[str]) -> None:
    """Raises SpecError for result columns of one name; for BigQuery `rent` and `RENT` are one name."""
    times = Counter(name.casefold() for name in names)
    problems = Problems()
    for name in dict.fromkeys(name for name in names if times[name.casefold()] > 1):
        count = f"is {times[name.casefold()]} times in the result, whatever its case"
        problems.add(f"SQL column {name}", count, "Give each its own alias", "sql-column-twice")
    problems.raise_if_any(SpecError)
