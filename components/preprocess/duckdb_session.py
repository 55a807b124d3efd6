"""DuckDB set up to work out of core: what does not fit into its memory goes to files in a temporary folder."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from model.errors import DataError, Problem

LEAST_MB, MB_A_COLUMN = 200, 10
MOST_CHARACTERS = 200  # of DuckDB's message in ours


@contextmanager
def session(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that spills into `folder`. Raises OSError for a full disk, DataError for a damaged file."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'; SET preserve_insertion_order=false; SET enable_progress_bar=false")
        connection.execute(f"SET memory_limit='{LEAST_MB}MB'")
        # Every join here has its small side on the right; a wrong guess would hold all rows in memory.
        connection.execute("SET disabled_optimizers='join_order,build_side_probe_side'")
        connection.execute("SET temp_directory=$folder", {"folder": str(folder / "spill")})
        try:
            yield connection
        except duckdb.Error as error:
            if "No space left" in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from None
            if isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
                problem = f"cannot be read to its end ({' '.join(str(error).split())[:MOST_CHARACTERS]})"
                raise DataError(Problem("rows of extract", problem, "Run extract again", "rows-damaged")) from None
            raise


def set_memory_limit(connection: duckdb.DuckDBPyConnection, columns: int) -> None:
    """Memory for rows of so many columns: it may grow with their width, never with their number."""
    connection.execute(f"SET memory_limit='{max(LEAST_MB, MB_A_COLUMN * columns)}MB'")


def one_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The row of an aggregate, which is always one."""
    (row,) = connection.execute(query).fetchall()
    answer: tuple[Any, ...] = row
    return answer
