"""What each feature adds to the sum of the trees, by the library (contributions.c)."""

import ctypes
import math

import numpy as np

from model.arrays import Floats, Matrix
from model.kernel.kernel import Kernel
from model.kernel.layout import FlatModel
from model.kernel.quadrature import Quadrature, gauss_legendre
from model.kernel.structures import POINTS, TREE


class TreeContributions:
    """Of one model. `expected` is the sum of the trees when no feature is known. Safe to call from several threads."""

    def __init__(self, kernel: Kernel) -> None:
        functions = kernel.library.functions
        self._kernel = kernel
        self._features = len(kernel.flat.arrays["feature"])
        self._quadrature = quadrature_of(kernel.flat)
        self._contributions = functions.kmd_contributions
        scratch_bytes = functions.kmd_contributions_scratch(kernel.address)
        self._scratch = ctypes.c_double * (scratch_bytes // ctypes.sizeof(ctypes.c_double))
        self.expected: float = functions.kmd_expected(kernel.address)

    def of_row(self, matrix: Matrix) -> Floats:
        """float32 (1, features) -> float64 (features,), log odds. Raises ValueError for another shape."""
        row = np.ascontiguousarray(matrix, dtype=np.float32)
        if row.shape != (1, self._features):
            raise ValueError(f"one row of {self._features} features is needed, this has the shape {row.shape}")
        contributions = np.empty(self._features)
        points, weights = self._quadrature.points, self._quadrature.weights
        self._contributions(
            self._kernel.address,
            row.ctypes.data,
            points.ctypes.data,
            weights.ctypes.data,
            len(points),
            contributions.ctypes.data,
            self._scratch(),
        )
        return contributions


def quadrature_of(flat: FlatModel) -> Quadrature:
    """With enough points for the features on the longest path, a multiple of POINTS."""
    depth = int(np.asarray(flat.arrays["tree"], dtype=TREE)["depth"].max(initial=0))
    longest = min(len(flat.arrays["feature"]), depth)
    return gauss_legendre(max(1, math.ceil(longest / (2 * POINTS))) * POINTS)
