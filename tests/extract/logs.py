"""A folder DATA with one small table, and extract run on it."""

from pathlib import Path

import pyarrow.parquet as pq

from components.extract.extract import extract
from components.extract.window import window
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
