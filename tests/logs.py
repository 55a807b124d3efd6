"""Small list-page logs as extract leaves them, and specs for them: what tests of the steps start from."""

import copy
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from artifacts.extract import Extract
from artifacts.typed_rows import TypedRows, row_file
from components.extract.googlesql import types
from components.extract.row_files import write_rows
from components.extract.sources.scan import scan_files
from model.spec.columns import refuse_unfit
from model.spec.types import Spec

END = datetime(2026, 7, 1, tzinfo=UTC)
SMALL = {
    "model": "small",
    "source": {"window_days": 60, "conversion_days": 3, "end": "2026-07-01"},
    "columns": {
        "label": "inquired", "time": "shown_at", "list": "list_id", "item": "listing_id", "user": "user_id",
        "position": "position", "explore": "explore",
    },
    "features": {
        "rent": {"kind": "number", "direction": "decreasing"},
        "area": {"kind": "number"},
        "layout": {"kind": "category"},
    },
    "reject": [{"name": "rent", "expression": "rent", "min": 100, "max": 9000}],
    "split": {"by": "time", "test_days": 12, "calibration_days": 8},
    "training": {"trials": 3, "folds": 3},
    "sql_text": "SELECT 1 FROM log WHERE t >= @start AND t < @end",
}  # fmt: skip


def spec_of(**changes):
    """The small spec with top-level keys replaced; `a__b=value` goes one level down; None deletes."""
    document = copy.deepcopy(SMALL)
    for name, value in changes.items():
        section, _, key = name.partition("__")
        target, key = (document[section], key) if key else (document, section)
        target.pop(key, None)
        if value is not None:
            target[key] = value
    return Spec.model_validate(document)


def log(lists=600, seed=7, rate=0.15):
    """Rows of lists of five: cheaper and earlier places convert more. Users come back now and then."""
    random = np.random.default_rng(seed)
    rows = lists * 5
    list_id = np.repeat(np.arange(lists), 5)
    at = np.sort(random.uniform(0, 60 * 86_400, lists))
    rent = random.uniform(300, 3000, rows).round()
    position = np.tile(np.arange(1, 6), lists)
    layout = random.choice(["1K", "2DK", "3LDK"], rows)
    liking = -(rent - 1500) / 900 - 0.5 * np.log(position) + 0.4 * (layout == "2DK")
    chance = rate / (rate + (1 - rate) * np.exp(-liking))
    day = np.repeat((at // 86_400).astype(int), 5)
    area = np.where(random.uniform(size=rows) < 0.05, np.nan, random.uniform(15, 90, rows))
    return pa.table(
        {
            "shown_at": _moments(np.repeat(at, 5)),
            "list_id": list_id,
            "listing_id": random.integers(0, 400, rows),
            "user_id": [f"u{user}" for user in day * 100 + np.repeat(random.integers(0, 40, lists), 5)],
            "position": position,
            "explore": np.ones(rows, np.int64),  # what a row is says nothing of where it stands
            "rent": rent,
            "area": pa.array(area, from_pandas=True),
            "layout": layout,
            "inquired": (random.uniform(size=rows) < chance).astype(int),
        }
    )


def _moments(seconds):
    start = int((END - timedelta(days=60)).timestamp() * 1_000_000)
    return pa.array((start + seconds * 1_000_000).astype(np.int64)).cast(pa.timestamp("us", tz="UTC"))


def replaced(table, name, values):
    """The table with one column replaced or added."""
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, pa.array(values))
    return table.append_column(name, pa.array(values))


def extracted(folder: Path, spec: Spec, *tables: pa.Table) -> Path:
    """A folder as extract writes it for a query whose rows are those of all the tables."""
    columns = {name: kind for table in tables for name, kind in _types(table).items()}
    refuse_unfit(spec, columns)
    typed = TypedRows(spec, columns)
    row_file(folder).parent.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as queried:
        for number, table in enumerate(tables):
            pq.write_table(table, Path(queried) / f"part-{number:05d}.parquet")
        with scan_files(Path(queried) / "*.parquet") as scan:
            write_rows(scan, typed, row_file(folder), lambda _: None)
    rows = sum(table.num_rows for table in tables)
    Extract(
        sql_sha256=spec_of().sql_sha256,
        start=f"{END - timedelta(days=60):%Y-%m-%dT%H:%M:%SZ}",
        end=f"{END:%Y-%m-%dT%H:%M:%SZ}",
        rows=rows,
        backend="duckdb",
        bytes_billed=None,
        tables=("log",),
        table_rows={"log": rows},
        losses=(),
        columns=columns,
        typed_sha256=typed.sha256,
    ).write(folder)
    return folder


def _types(table: pa.Table) -> dict[str, str]:
    """GoogleSQL's, by name."""
    with duckdb.connect() as connection:
        return dict(types.of_relation(connection.from_arrow(table)))
