"""Files begin, end and fail."""

import errno
import os

import numpy as np
import pyarrow.parquet as pq
import pytest

from serving.prediction_log.columns import COLUMNS
from serving.prediction_log.folder import ParquetFolder
from serving.prediction_log.scored_request import ScoredRequest


@pytest.fixture
def reports():
    return []


@pytest.fixture
def folder(tmp_path, clock, reports):
    def open_folder(path=tmp_path, **limits):
        return ParquetFolder(path, "rent", "sha256:1", report=reports.append, clock=clock, **limits)

    return open_folder


def scored(rows=1, **keys):
    return ScoredRequest(1_795_756_800_123, "r-1", np.full(rows, 0.25), **keys)


def complete(path):
    return sorted(path.glob("*.parquet"))


def test_a_row_has_every_column(folder, tmp_path):
    sink = folder()
    sink.write([scored(2, list_id="l", items=["a", ""], positions=[3, 10**30])])
    sink.close()
    (path,) = complete(tmp_path)
    table = pq.read_table(path)
    assert table.column_names == [column.name for column in COLUMNS]
    first, second = table.to_pylist()
    assert first.pop("time").isoformat() == "2026-11-27T05:20:00.123000+00:00"
    assert first == {
        "request": "r-1", "row": 0, "list": "l", "item": "a", "position": 3, "probability": 0.25, "model": "rent",
        "digest": "sha256:1",
    }  # fmt: skip
    assert (second["row"], second["item"], second["position"]) == (1, "", None)


def test_nothing_scored_is_no_file(folder, tmp_path, clock):
    sink = folder(max_seconds=1)
    sink.write([])
    clock.now += 5
    sink.write([])
    sink.close()
    assert [*tmp_path.iterdir()] == []


def test_time_ends_a_file_also_when_nothing_comes(folder, tmp_path, clock):
    sink = folder(max_seconds=10)
    sink.write([scored()])
    clock.now += 9
    sink.write([scored()])
    assert complete(tmp_path) == []
    clock.now += 1
    sink.write([])
    assert [pq.read_table(path).num_rows for path in complete(tmp_path)] == [2]
    sink.write([scored()])
    assert len(complete(tmp_path)) == 1


def test_size_ends_a_file(folder, tmp_path):
    sink = folder(max_bytes=2_000, group_rows=5)
    for _ in range(30):
        sink.write([scored(2)])
    sink.close()
    rows = [pq.read_table(path).num_rows for path in complete(tmp_path)]
    assert sum(rows) == 60
    assert len(rows) == 2


def test_a_file_that_cannot_be_written_is_counted_and_said_once(folder, tmp_path, reports):
    gone = tmp_path / "gone"
    gone.mkdir()
    sink = folder(gone, group_rows=1)
    sink.write([scored()])
    (part,) = gone.iterdir()
    part.unlink()
    gone.rmdir()
    sink.close()
    sink.write([scored(2)])
    assert sink.lost == 3
    assert reports == [f"the prediction log cannot be written to {gone}: {os.strerror(errno.ENOENT)}"]
    gone.mkdir()
    sink.write([scored()])
    sink.close()
    assert [pq.read_table(path).num_rows for path in complete(gone)] == [1]
    assert sink.lost == 3
