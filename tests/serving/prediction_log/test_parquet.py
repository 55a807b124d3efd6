"""Files of our writer, read by pyarrow and by DuckDB."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.prediction_log.parquet.column import DOUBLE, INT64, TEXT, TIME, Column
from serving.prediction_log.parquet.thrift import I32, I64, Struct, encode, varint
from serving.prediction_log.parquet.writer import RowGroupWriter

COLUMNS = (
    Column("time", TIME),
    Column("text", TEXT),
    Column("maybe text", TEXT, is_optional=True),
    Column("maybe number", INT64, is_optional=True),
    Column("number", DOUBLE),
)
ROWS = [
    (0, "", None, None, 0.0),
    (1_795_756_800_123, "東京の部屋 🏠", "", -(2**63) + 1, 5e-324),
    (-1, 'quote " and \\ and \0', "x" * 70_000, 2**63 - 1, 1.0),
    (1, "a", None, 0, 0.1),
]


def write(path, groups):
    writer = RowGroupWriter(path, COLUMNS)
    for rows in groups:
        writer.write_group([list(values) for values in zip(*rows, strict=True)])
    writer.close()
    return path


def read(path):
    table = pq.read_table(path)
    return [tuple(row.values()) for row in table.set_column(0, "time", table["time"].cast(pa.int64())).to_pylist()]


def read_by_duckdb(path):
    with duckdb.connect() as connection:
        columns = 'epoch_ms("time"), "text", "maybe text", "maybe number", "number"'
        return connection.sql(f"select {columns} from read_parquet('{path}')").fetchall()


@pytest.mark.parametrize("groups", [[ROWS], [ROWS[:1], ROWS[1:]], [[row] for row in ROWS * 40], [ROWS * 500]])
def test_both_readers_get_what_was_written(tmp_path, groups):
    path = write(tmp_path / "a.parquet", groups)
    rows = [row for group in groups for row in group]
    assert read(path) == rows
    assert read_by_duckdb(path) == rows
    assert pq.ParquetFile(path).metadata.num_row_groups == len(groups)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**50),
            st.text(),
            st.none() | st.text(),
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=15, deadline=None)
def test_any_rows_come_back(tmp_path_factory, rows):
    path = write(tmp_path_factory.mktemp("any") / "a.parquet", [rows])
    assert read(path) == rows
    assert read_by_duckdb(path) == rows


def test_the_schema_says_what_the_values_mean(tmp_path):
    schema = pq.read_schema(write(tmp_path / "a.parquet", [ROWS]))
    assert schema.field("time") == pa.field("time", pa.timestamp("ms", tz="UTC"), nullable=False)
    assert schema.field("maybe text") == pa.field("maybe text", pa.string(), nullable=True)
    assert schema.field("number") == pa.field("number", pa.float64(), nullable=False)


def test_the_same_rows_give_the_same_bytes(tmp_path):
    first, second = (write(tmp_path / name, [ROWS]) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_a_file_has_its_name_only_when_it_is_complete(tmp_path):
    writer = RowGroupWriter(tmp_path / "a.parquet", COLUMNS)
    writer.write_group([list(values) for values in zip(*ROWS, strict=True)])
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet.part"]
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_a_file_that_is_given_up_is_removed(tmp_path):
    RowGroupWriter(tmp_path / "a.parquet", COLUMNS).discard()
    assert [*tmp_path.iterdir()] == []


def test_numbers_are_encoded_as_the_specification_says():
    """Values of the specification: https://developers.google.com/protocol-buffers/docs/encoding#varints, and zigzag."""
    assert varint(50399) == b"\xdf\x89\x03"
    assert encode(Struct({1: I32(-1), 3: I64(1), 4: True})) == b"\x15\x01\x26\x02\x11\x00"
    assert encode(Struct({2: [I32(0)] * 15})) == b"\x29\xf5\x0f" + b"\x00" * 15 + b"\x00"
