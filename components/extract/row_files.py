"""The files that preprocess reads: typed rows with their keys, written by DuckDB in one pass."""

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import duckdb

from artifacts.typed_rows import TypedRows
from components.extract.sources.scan import Scan
from components.extract.typed_select import typed_select
from model.sql import literal, quoted

# Small groups: their dictionaries stay in cache.
PARQUET = "(FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 30720)"
RESULT = "the query's rows"  # a name that no table can have
SECONDS = 0.5  # between two reports
LEAST_MB, MB_A_COLUMN = 600, 10


def write_rows(scan: Scan, rows: TypedRows, path: Path, report: Callable[[float], None]) -> int:
    """Write the file `path` and return how many rows it has. Memory may grow with their width, never with their number.

    `report` gets the share that is read so far, again and again, beginning at once; it is below 0 where it is not
    known. Raises OSError where the file cannot be written, what the source raises, and duckdb.Error for all else.
    """
    scan.relation.create_view(RESULT)
    statement = f"COPY ({typed_select(rows, quoted(RESULT))}) TO {literal(str(path))} {PARQUET}"
    memory = max(LEAST_MB, MB_A_COLUMN * len(rows.names))
    scan.connection.execute(f"SET memory_limit='{memory}MB'")
    scan.connection.execute("SET enable_progress_bar=true; SET enable_progress_bar_print=false")
    with ThreadPoolExecutor(1) as thread:
        copy = thread.submit(_count, scan.connection, statement)
        try:
            report(0.0)
            if scan.feed:
                scan.feed.send(copy)
            while not wait([copy], SECONDS).done:
                report(scan.connection.query_progress() / 100)
        finally:
            if not copy.done():
                if scan.feed:
                    scan.feed.stop()
                scan.connection.interrupt()
    try:
        return copy.result()
    except duckdb.IOException as error:
        if "No space left" in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from None
        if str(path) in str(error):
            raise OSError(errno.EIO, " ".join(str(error).split()), str(path)) from None
        raise


def _count(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    (count,) = connection.execute(statement).fetchone() or (0,)
    return int(count)
