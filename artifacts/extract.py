"""extract.json: which query was run over which window, and what it read."""

from typing import ClassVar, Literal

from pydantic import Field

from artifacts.document import Document, Section


class ConversionLoss(Section):
    """Values that a SAFE_ conversion of the query turned to NULL. `example` is one of them."""

    expression: str
    table: str
    values: int = Field(ge=0, description="of the table that are not NULL")
    nulls: int = Field(ge=0, description="of these values, turned to NULL")
    example: str | None


class QueryCost(Section):
    """What a query that is billed cost."""

    job_id: str
    bytes_processed: int = Field(ge=0)
    bytes_billed: int = Field(ge=0, description="of the query and of the checksum of its rows")
    usd: float = Field(ge=0, description="estimate, from the bytes that were billed")
    usd_per_tib: float = Field(ge=0)
    cache_hit: bool = Field(description="whether BigQuery had the result already")
    reader: str = Field(description="the way of the rows: storage, rest or export")
    table: str | None = Field(description="that models share; null without source.materialize")


class Extract(Document):
    """The rows themselves are in rows/*.parquet beside it."""

    FILE: ClassVar[str] = "extract.json"
    STEP: ClassVar[str] = "extract"

    format: Literal[1] = 1
    sql_sha256: str
    start: str | None = Field(description="of the window, inclusive, as 2026-07-01T00:00:00Z; null without a window")
    end: str = Field(description="of the window, exclusive")
    rows: int = Field(ge=0)
    backend: str
    bytes_billed: int | None = Field(description="null where nothing is billed")
    tables: tuple[str, ...]
    table_rows: dict[str, int] | None = Field(description="rows by table; null where they are not counted")
    losses: tuple[ConversionLoss, ...] | None = Field(description="null where they are not counted")
    columns: dict[str, str] = Field(description="name to GoogleSQL type of the query's result")
    query: QueryCost | None = Field(None, description="null where nothing is billed")

    def facts(self) -> dict[str, str | int | float]:
        """The few that a person looks for in the artifact's metadata."""
        names = ("rows", "start", "end", "backend", "bytes_billed")
        facts = {name: value for name in names if (value := getattr(self, name)) is not None}
        if self.query is not None:
            facts |= self.query.model_dump(include={"job_id", "bytes_processed", "usd", "cache_hit"})
        return facts
