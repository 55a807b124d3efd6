"""Scores rows with a library and a flat model. Safe to call from several threads: calls share no memory."""

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


FEW = 16  # rows whose memory is used again


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
        self._unused: list[_Memory] = []

    def score_matrix(self, matrix: Matrix) -> tuple[Floats, Floats]:
        """float32 (rows, features) -> log odds as fitted and probability. Raises ValueError for another width."""
        rows = np.ascontiguousarray(matrix, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self._features:
            raise ValueError(f"rows of {self._features} features are needed, these have the shape {rows.shape}")
        margin, probability = np.empty((2, len(rows)))
        memory = self._borrow()
        self._score_matrix(
            self.address, rows.ctypes.data, len(rows), margin.ctypes.data, probability.ctypes.data, memory.scratch
        )
        self._unused.append(memory)
        return margin, probability

    def score_values(self, values: Floats) -> ValueScores:
        """float64 (rows, inputs): NaN missing, categories as codes. Raises ValueError for another width."""
        shape = values.shape
        if len(shape) != 2 or shape[1] != self._inputs:
            raise ValueError(f"rows of {self._inputs} inputs are needed, these have the shape {shape}")
        memory = self._borrow()
        scores = self._few(values, memory) if shape[0] <= FEW else self._many(values, memory.scratch)
        self._unused.append(memory)
        return scores

    def _few(self, values: Floats, memory: "_Memory") -> ValueScores:
        count = len(values)
        memory.values[:count] = values
        flagged = self._score_values(
            self.address,
            memory.first_value,
            count,
            memory.margin,
            memory.probability,
            memory.first_flag,
            memory.scratch,
        )
        scores = memory.scores[:, :count].copy()
        return ValueScores(scores[0], scores[1], memory.flags[:count].copy() if flagged else None)

    def _many(self, values: Floats, scratch: int) -> ValueScores:
        rows = np.ascontiguousarray(values, dtype=np.float64)
        margin, probability = np.empty((2, len(rows)))
        flags = np.empty((len(rows), self._flags), dtype=np.bool_)
        flagged = self._score_values(
            self.address,
            rows.ctypes.data,
            len(rows),
            margin.ctypes.data,
            probability.ctypes.data,
            flags.ctypes.data,
            scratch,
        )
        return ValueScores(margin, probability, flags if flagged else None)

    def _borrow(self) -> "_Memory":
        """Memory that no other thread uses."""
        try:
            return self._unused.pop()
        except IndexError:
            return _Memory(self._inputs, self._flags, self._scratch_bytes)


class _Memory:
    """Scratch memory, and that of FEW rows at known addresses: to ask numpy for them takes as long as to score."""

    def __init__(self, inputs: int, flags: int, scratch_bytes: int) -> None:
        self.values = np.empty((FEW, inputs))
        self.scores = np.empty((2, FEW))
        self.flags = np.empty((FEW, flags), dtype=np.bool_)
        self.first_value, self.first_flag = self.values.ctypes.data, self.flags.ctypes.data
        self.margin = self.scores.ctypes.data
        self.probability = self.margin + self.scores.strides[0]
        self._scratch = np.empty(scratch_bytes, dtype=np.uint8)
        self.scratch = self._scratch.ctypes.data
