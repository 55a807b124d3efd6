"""The array types of rows: a matrix is (rows, features), as the model reads it; the others are (rows,)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Matrix = NDArray[np.float32]
