"""Every row comes back bit for bit, and no row is there twice."""

import numpy as np
import pytest

from artifacts.distinct_rows import DistinctRows


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_rows_come_back_bit_for_bit(order):
    random = np.random.default_rng(7)
    matrix = random.integers(0, 3, (500, 4)).astype(np.float32)
    matrix[matrix == 2] = np.nan
    matrix[::5, 0] = -0.0
    distinct = DistinctRows.of(np.asarray(matrix, order=order))
    assert distinct.rows[distinct.index].tobytes() == matrix.tobytes()
    assert len(distinct.rows) == len({row.tobytes() for row in matrix})


def test_no_rows_stay_no_rows():
    distinct = DistinctRows.of(np.empty((0, 3), np.float32))
    assert distinct.rows.shape == (0, 3)
    assert distinct.index.shape == (0,)
