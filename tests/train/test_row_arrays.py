"""Arrays of rows: in files as in memory, block by block; and trees from either, to the last bit."""

import numpy as np
import pytest

from components.train.local_engine import LocalEngine
from components.train.row_arrays import BLOCK, RowStorage
from components.train.split_rows import SplitRows, among
from model.bundle.features import CategoryFeature, NumberFeature
from model.bundle.merged_booster import merge

ROWS = 2 * BLOCK + 17
FEATURES = (NumberFeature(name="a"), NumberFeature(name="b"), CategoryFeature(name="c", categories=("x", "y")))


def in_storage(storage):
    random = np.random.default_rng(3)
    matrix = random.normal(size=(ROWS, 3)).astype(np.float32)
    matrix[:, 2] = random.integers(0, 3, ROWS)
    matrix[::7, 1] = np.nan
    encoded, group = storage.floats(3), storage.groups()
    for start in range(0, ROWS, 10_000):
        encoded.append(matrix[start : start + 10_000])
        group.append(np.arange(start, min(start + 10_000, ROWS), dtype=np.uint64))
    label = (matrix[:, 0] + (matrix[:, 2] == 1) > random.normal(size=ROWS)).astype(np.float32)
    return SplitRows(encoded, label, group, None), matrix


@pytest.fixture(params=["memory", "files"])
def storage(request, tmp_path):
    return RowStorage(tmp_path if request.param == "files" else None)


def test_blocks_samples_and_functions_are_those_of_the_whole_array(storage):
    rows, matrix = in_storage(storage)
    chosen = np.arange(ROWS) % 3 == 1
    chosen[:BLOCK] = False  # a block of which nothing is read
    for mask, expected in ((None, matrix), (chosen, matrix[chosen])):
        blocks = list(rows.encoded.blocks(mask))
        assert max(map(len, blocks)) <= BLOCK
        assert np.array_equal(np.concatenate(blocks), expected, equal_nan=True)
        assert np.array_equal(rows.encoded.every(1000, mask), expected[::1000], equal_nan=True)
        assert np.array_equal(rows.encoded.over(lambda block: block[:, 0] * 2, mask), expected[:, 0] * 2)
    assert rows.group.values().tolist() == list(range(ROWS))
    assert rows.encoded.over(lambda block: block[:, 0], np.zeros(ROWS, np.bool_)).shape == (0,)


def test_trees_of_rows_in_files_have_the_bytes_of_those_in_memory(tmp_path):
    boosters = []
    for storage in (RowStorage(), RowStorage(tmp_path)):
        rows, _ = in_storage(storage)
        engine, chosen = LocalEngine(1, storage), np.arange(ROWS) % 5 != 0
        first = engine.prepare(rows, FEATURES, chosen)
        second = engine.prepare(rows, FEATURES, ~chosen, like=first)
        margin = np.linspace(-1, 1, ROWS, dtype=np.float32)
        parameters = {"max_depth": 4, "subsample": 0.8, "colsample_bytree": 0.7, "seed": 5}
        for prepared, part in ((first, chosen), (second, ~chosen)):
            prepared.begin_at(margin[part])
            boosters.append(engine.fit(prepared, FEATURES, parameters, 4))
    assert boosters[:2] == boosters[2:]
    assert merge(boosters[:2]) == merge(boosters[2:])


def test_groups_among_others():
    group = np.array([5, 1, 9, 2, 2**63], dtype=np.uint64)
    assert among(group, np.array([1, 2, 2**63], dtype=np.uint64)).tolist() == [False, True, False, True, True]
