"""The small model as a person has it: a folder with its spec, and a folder with its table."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tests.logs import SMALL, log, replaced

SQL = "SELECT l.* FROM impressions AS l WHERE l.shown_at >= @start AND l.shown_at < @end\n"
PROMOTED = {
    "model": "rent-conversion",
    "reject": [{"name": "rent per m2", "expression": "rent / area", "min": 0.1, "max": 10_000}],
    "split": {"by": "time", "test_days": 12, "calibration_days": 16},
    "training": {"trials": 2, "folds": 2},
    "promotion": {"must_beat": ["constant", "current_order"], "min_conversions": 50},
}


def write_model(folder: Path, table: pa.Table | None = None, **changes: object) -> tuple[Path, Path]:
    """(SPEC, DATA), with top-level keys of the spec replaced."""
    spec, data = folder / "spec", folder / "data"
    spec.mkdir(parents=True)
    data.mkdir()
    keys = {key: value for key, value in SMALL.items() if key != "sql_text"} | changes
    (spec / "spec.yaml").write_text(yaml.safe_dump(keys, sort_keys=False))
    (spec / "training.sql").write_text(SQL)
    pq.write_table(log() if table is None else table, data / "impressions.parquet")
    return spec, data


def write_promoted(folder: Path) -> tuple[Path, Path]:
    """(SPEC, DATA) of a model that a run promotes; it has trees, because no line says that none want middle sizes."""
    table = log(lists=2_000)
    area = table["area"].to_numpy()
    inquired = np.where((area > 40) & (area < 60), 0, table["inquired"].to_numpy())
    return write_model(folder, replaced(table, "inquired", inquired), **PROMOTED)
