"""A folder DATA with one small table, and ways to read it."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from components.extract.extract import extract
from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import window
from model.errors import DataError
from tests.logs import log, spec_of

WINDOW = "WHERE l.shown_at >= @start AND l.shown_at < @end"
ALL = f"SELECT l.* FROM impressions AS l {WINDOW}"
END = "2026-07-01"


def data(folder: Path, table=None) -> Path:
    """DATA with impressions.parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(log() if table is None else table, folder / "impressions.parquet")
    return folder


def run(source, sql, out, *, end=END, progress=lambda *_: None, **changes):
    spec = spec_of(sql_text=sql, **changes)
    extract(spec, str(source), window(spec, end), out, progress=progress)


def read(folder, sql=ALL):
    """The rows, fetched as extract fetches them."""
    source, bounds = DuckDbSource(str(folder)), window(spec_of(sql_text=sql), END)
    columns = source.columns(sql, bounds)
    table = pa.Table.from_batches(source.fetch(sql, bounds))
    assert table.column_names == list(columns)
    return table


def error_of(folder, sql=ALL, kind=DataError) -> str:
    """The message of the error that `read` raises."""
    with pytest.raises(kind) as error:
        read(folder, sql)
    return str(error.value)


def csv_bytes(table=None) -> bytes:
    buffer = io.BytesIO()
    pc.write_csv(log() if table is None else table, buffer)
    return buffer.getvalue()
