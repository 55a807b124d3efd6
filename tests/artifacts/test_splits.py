"""One encoder of rows: what Arrow gives is, bit for bit, what a server encodes from the same values."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifacts.splits import batches, column_names, encode, require_columns
from model.bundle import features as serving
from model.bundle.features import CategoryFeature, NumberFeature
from model.errors import DataError

FEATURES = (
    NumberFeature(name="rent"),
    CategoryFeature(name="layout", categories=("", "1K", "2DK")),
    NumberFeature(name="floor"),
    NumberFeature(name="furnished"),
    CategoryFeature(name="rooms", categories=("1", "3")),
    CategoryFeature(name="pets", categories=("False",)),
)
EDGES = [0.0, -0.0, 1e37, -1e37, 3.5e38, -3.5e38, 1e300, np.inf, -np.inf, np.nan, 2.0**24 + 1, 1e-45, 16777217.0]
ROW = st.fixed_dictionaries(
    {
        "rent": st.none() | st.floats() | st.sampled_from(EDGES),
        "layout": st.none() | st.sampled_from(["", "1K", "2DK", "castle", "1k"]),
        "floor": st.none() | st.integers(-(2**63), 2**63 - 1),
        "furnished": st.none() | st.booleans(),
        "rooms": st.none() | st.integers(0, 4),
        "pets": st.none() | st.booleans(),
    }
)
TYPES = {
    "rent": pa.float64(), "layout": pa.string(), "floor": pa.int64(), "furnished": pa.bool_(), "rooms": pa.int32(),
    "pets": pa.bool_(),
}  # fmt: skip


def batch_of(rows, **types):
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in (TYPES | types).items()}
    return pa.RecordBatch.from_pydict(columns)


def bits(matrix):
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    return np.where(np.isnan(matrix), np.float32(np.nan), matrix).view(np.uint32).tolist()


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(ROW, max_size=12))
def test_arrow_gives_the_matrix_of_serving(rows):
    batch = batch_of(rows)
    served = serving.encode(FEATURES, {name: batch[name].to_pylist() for name in batch.schema.names})
    assert bits(encode(FEATURES, batch)) == bits(served)
    texts = pa.dictionary(pa.int8(), pa.string())
    assert bits(encode(FEATURES, batch_of(rows, layout=texts))) == bits(served)


def test_a_feature_may_have_values_that_are_not_in_the_batch():
    batch = batch_of([dict.fromkeys(TYPES)] * 3)
    features = (NumberFeature(name="position"), *FEATURES)
    constant = encode(features, batch, values={"position": 1})
    assert constant[:, 0].tolist() == [1.0, 1.0, 1.0]
    logged = encode(features, batch, values={"position": np.array([3, 1, 2]), "rent": 5.0})
    assert logged[:, :2].tolist() == [[3.0, 5.0], [1.0, 5.0], [2.0, 5.0]]
    assert np.isnan(logged[:, 2:]).all()


def test_a_text_where_a_number_belongs_is_refused_by_name():
    with pytest.raises(DataError, match="column rent: is not a number"):
        encode(FEATURES[:1], pa.RecordBatch.from_pydict({"rent": ["cheap"]}))


def test_every_missing_column_is_named(tmp_path):
    path = tmp_path / "test.parquet"
    pq.write_table(pa.table({"rent": [1.0]}), path)
    assert column_names(path) == ("rent",)
    for read in (require_columns, lambda *arguments: list(batches(*arguments))):
        with pytest.raises(DataError) as refusal:
            read(path, ["rent", "area", "layout", "area"])
        assert [problem.where.split()[-1] for problem in refusal.value.problems] == ["area", "layout"]


def test_a_missing_file_names_the_step_that_writes_it(tmp_path):
    with pytest.raises(DataError, match=r"test.parquet: is missing. Run the step that writes it: preprocess"):
        column_names(tmp_path / "test.parquet")
