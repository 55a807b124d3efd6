"""No batch is lost between two files, whatever the sizes of the batches."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.extract.parquet_writer import ParquetWriter, write_all


def batches(sizes):
    start = 0
    for size in sizes:
        yield pa.record_batch({"row": list(range(start, start + size))})
        start += size


@given(sizes=st.lists(st.integers(1, 9), max_size=30), most=st.integers(1, 12))
def test_every_row_is_written_once_and_in_order(tmp_path_factory, sizes, most):
    folder = tmp_path_factory.mktemp("parts")
    writer = ParquetWriter(folder, rows_per_file=most)
    progress = list(write_all(batches(sizes), writer))
    files = sorted(folder.iterdir())
    rows = [row for file in files for row in pq.read_table(file)["row"].to_pylist()]
    assert rows == list(range(sum(sizes)))
    assert writer.rows == sum(sizes) == (progress[-1] if progress else 0)
    assert all(pq.read_metadata(file).num_rows < most + 9 for file in files)


def test_a_source_that_fails_leaves_no_open_file(tmp_path):
    def failing():
        yield from batches([3])
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(write_all(failing(), ParquetWriter(tmp_path)))
    assert pq.read_metadata(tmp_path / "part-00000.parquet").num_rows == 3
