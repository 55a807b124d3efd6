"""A source by its name."""

import re

from components.extract.sources.bigquery import BigQuerySource
from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.sources.options import QueryOptions
from components.extract.sources.source import Source
from model.errors import Problem, SpecError

DEFAULTS = QueryOptions()


def open_source(
    name: str, *, max_bytes_billed: int, run: str | None = None, options: QueryOptions = DEFAULTS
) -> Source:
    """`duckdb:FOLDER`, `bigquery:PROJECT@LOCATION`, or `bigquery:PROJECT.DATASET@LOCATION` with a default dataset.
    The other arguments are for BigQuery: `run` is the run that pays, and pays once.

    Raises SpecError for a name of another form, DataError for a folder that does not exist or missing credentials.
    """
    if files := re.fullmatch(r"duckdb:(.+)", name):
        return DuckDbSource(files[1])
    if cloud := re.fullmatch(r"bigquery:([^@]+?)(?:\.(\w+))?@([\w-]+)", name):
        return BigQuerySource(
            cloud[1], cloud[3], dataset=cloud[2], max_bytes_billed=max_bytes_billed, run=run, options=options
        )
    hint = "Use duckdb:FOLDER or bigquery:PROJECT@LOCATION, for example bigquery:my-project@EU"
    raise SpecError(Problem("source", f"is {name!r}, which is not a source", hint, "source-unknown"))
