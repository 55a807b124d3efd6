"""Where rows come from. Every source behaves alike: tests/contracts/source.py is the contract."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from components.extract.googlesql.safe_casts import Loss
from components.extract.window import Window
from model.errors import Problem, Problems, SpecError


@dataclass(frozen=True)
class Lineage:
    """What a fetch cost and read. `bytes_billed` is None where nothing is billed.

    `table_rows` (rows of each table) and `losses` (what safe conversions turned to NULL) are None where they are not
    counted: on BigQuery a count is billed.
    """

    backend: str
    tables: tuple[str, ...]
    bytes_billed: int | None = None
    table_rows: Mapping[str, int] | None = None
    losses: tuple[Loss, ...] | None = None


class Source(Protocol):
    """Runs one GoogleSQL query.

    `columns` looks without reading rows, and refuses what is wrong with the query: unknown tables and columns, and SQL
    outside the portable subset, all with their names. `fetch` streams the rows; the caller never holds them all.
    Both raise DataError or SpecError.
    """

    def columns(self, sql: str, window: Window) -> dict[str, str]:
        """Name -> type of the query's result in GoogleSQL's words, in order; a name may not stand twice."""
        ...

    def fetch(self, sql: str, window: Window) -> Iterator[pa.RecordBatch]: ...

    def lineage(self) -> Lineage:
        """Known once `fetch` has been read to its end."""
        ...


def source_of(name: str, *, max_bytes_billed: int) -> Source:
    """`duckdb:FOLDER`, `bigquery:PROJECT@LOCATION`, or `bigquery:PROJECT.DATASET@LOCATION` for tables named alone."""
    if files := re.fullmatch(r"duckdb:(.+)", name):
        from components.extract.sources.duckdb_files import Files

        return Files(files[1])
    if cloud := re.fullmatch(r"bigquery:([^@]+?)(?:\.(\w+))?@([\w-]+)", name):
        from components.extract.sources.bigquery import BigQuery

        return BigQuery(cloud[1], cloud[3], dataset=cloud[2], max_bytes_billed=max_bytes_billed)
    hint = "Use duckdb:FOLDER or bigquery:PROJECT@LOCATION, for example bigquery:my-project@EU"
    raise SpecError(Problem("source", f"is {name!r}, which names no place to read from", hint, "source-unknown"))


def refuse_twice(names: list[str]) -> None:
    """Two columns of one name cannot be told apart later; for BigQuery `rent` and `RENT` are one name."""
    times = Counter(name.casefold() for name in names)
    problems = Problems()
    for name in dict.fromkeys(name for name in names if times[name.casefold()] > 1):
        found = f"stands {times[name.casefold()]} times in the result, whatever its case"
        problems.add(f"SQL column {name}", found, "Give each its own alias", "sql-column-twice")
    problems.raise_if_any(SpecError)
