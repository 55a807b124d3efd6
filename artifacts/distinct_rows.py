"""The distinct rows of a matrix, so that each is scored once.

Lists show the same items again and again, and a model's answer to a row depends on nothing but the row.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Matrix


@dataclass(frozen=True)
class DistinctRows:
    """`rows` (distinct, features) without a repetition; `rows[index]` is the matrix that they were taken from."""

    rows: Matrix
    index: NDArray[np.intp]

    @classmethod
    def of(cls, matrix: Matrix) -> "DistinctRows":
        """Of a matrix (rows, features) with one feature at least. Rows are equal when all their bits are, NaN's too."""
        whole = np.ascontiguousarray(matrix)
        rows = whole.view(np.dtype((np.void, whole.itemsize * whole.shape[1]))).ravel()
        _, first, index = np.unique(rows, return_index=True, return_inverse=True)
        return cls(whole[first], index)
