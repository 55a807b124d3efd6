"""Scores rows with a library and a flat model. Safe to call from several threads: each call has its own memory."""

import ctypes
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arrays import Floats, Matrix
from model.kernel.layout import FlatModel
from model.kernel.library import KernelLibrary

PROBLEMS = {
    1: "sizes",
    2: "features",
    3: "columns",
    4: "thresholds",
    5: "tables of categories",
    6: "trees",
    7: "nodes",
    8: "linear terms",
    9: "rules",
    10: "calibration",
}


class InvalidFlatModel(ValueError):
    """An array of the model points outside the others, so the kernel will not score with it."""


class ValueScores(NamedTuple):
    """float64 (rows,) each; `flags` is bool (rows, inputs + rules), None when not one is set."""

    margin: Floats
    probability: Floats
    flags: NDArray[np.bool_] | None


class Kernel:
    """A checked model in a loaded library. Raises InvalidFlatModel when the library's check refuses the model.

    `address` is the model's, for other functions of the library; it is valid as long as this object.
    """

    def __init__(self, library: KernelLibrary, flat: FlatModel) -> None:
        functions = library.functions
        self.library = library
        self.flat = flat  # the structure points into its arrays
        self._model = flat.model()
        address = ctypes.addressof(self._model)
        if problem := functions.kmd_check(address):
            raise InvalidFlatModel(f"the kernel refuses the model's {PROBLEMS.get(problem, problem)}")
        self.address = address
        self._score_matrix, self._score_values = functions.kmd_score_matrix, functions.kmd_score_values
        self._features, self._inputs = self._model.features, self._model.inputs
        self._flags = self._inputs + self._model.rules
        self._scratch_bytes = functions.kmd_scratch(address)
        self._scratch: list[ctypes.Array[ctypes.c_char]] = []

    def score_matrix(self, matrix: Matrix) -> tuple[Floats, Floats]:
        """float32 (rows, features) -> log odds as fitted and probability. Raises ValueError for another width."""
        rows = np.ascontiguousarray(matrix, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self._features:
            raise ValueError(f"rows of {self._features} features are needed, these have the shape {rows.shape}")
        margin, probability = np.empty((2, len(rows)))
        scratch = self._borrow()
        self._score_matrix(
            self.address, rows.ctypes.data, len(rows), margin.ctypes.data, probability.ctypes.data, scratch
        )
        self._scratch.append(scratch)
        return margin, probability

    def score_values(self, values: Floats) -> ValueScores:
        """float64 (rows, inputs): NaN missing, categories as codes. Raises ValueError for another width."""
        rows = np.ascontiguousarray(values, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self._inputs:
            raise ValueError(f"rows of {self._inputs} inputs are needed, these have the shape {rows.shape}")
        count = len(rows)
        scores = np.empty((2, count))
        flags = np.empty((count, self._flags), dtype=np.bool_)
        first = scores.ctypes.data
        scratch = self._borrow()
        flagged = self._score_values(
            self.address, rows.ctypes.data, count, first, first + 8 * count, flags.ctypes.data, scratch
        )
        self._scratch.append(scratch)
        return ValueScores(scores[0], scores[1], flags if flagged else None)

    def _borrow(self) -> "ctypes.Array[ctypes.c_char]":
        """Scratch memory that no other thread uses."""
        try:
            return self._scratch.pop()
        except IndexError:
            return ctypes.create_string_buffer(self._scratch_bytes)
