"""The table that TABLE names: files, or a table in BigQuery."""

from pathlib import Path

from model.errors import DataError, Problem
from pipelines.new_model.bigquery_table import NAME, BigQueryTable
from pipelines.new_model.table import ENDINGS, TableFile, find_files

Table = TableFile | BigQueryTable
SHARDS = "names many tables, one for each day"


def find_table(text: str) -> Table:
    """A file of that name comes first. Raises DataError for a table that does not exist or cannot be read."""
    if text.endswith(ENDINGS) or Path(text).exists():
        return find_files(text)
    if text.endswith("*") and NAME.fullmatch(text.removesuffix("*") + "_"):
        day = f"{text.removesuffix('*')}20260701"
        hint = f"Name one of them, for example {day}, and bound _TABLE_SUFFIX in the SQL that is written"
        raise DataError(Problem(f"TABLE={text}", SHARDS, hint, "table-name"))
    return BigQueryTable.look_up(text) if NAME.fullmatch(text) else find_files(text)
