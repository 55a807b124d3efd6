"""Scoring with a bundle: the one piece of code behind evaluation, servers and batch scoring.

matrix -> linear part (float64) + trees (float32 sum, as XGBoost adds them) -> sampling correction -> calibration

Two engines compute it, to the same bits: the compiled kernel (`model/kernel/`), and XGBoost with numpy for what has no
kernel here.
"""

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from model.arithmetic import sigmoid
from model.booster import ubjson
from model.booster.trees import read_trees
from model.bundle.bundle import Bundle
from model.bundle.features import Values, encode
from model.kernel.kernel import Kernel
from model.kernel.layout import flatten
from model.kernel.library import NoKernel, find_library

if TYPE_CHECKING:
    import xgboost

XGBOOST = "3.2.0"  # whose boosters both engines score to the same bits
GOLDEN_TOLERANCE = 0.0  # every correct server computes the same bits
Engine = Literal["kernel", "xgboost"]


class KernelMissing(ValueError):
    """The kernel was asked for and cannot score this bundle here; the message says why."""


class Predictor:
    """Scores rows with a checked bundle. `threads` are XGBoost's; the result does not depend on them.

    `engine` computes; `engine_reason` says why it is not the kernel where "auto" would have it. Raises KernelMissing
    for engine="kernel" where there is none.
    """

    def __init__(
        self, bundle: Bundle, *, engine: Literal["auto", "kernel", "xgboost"] = "auto", threads: int = 1
    ) -> None:
        self.manifest = bundle.manifest
        self.golden = bundle.golden
        self.digest = bundle.digest
        self._bundle = bundle
        self._threads = threads
        self.kernel: Kernel | None = None
        self.engine_reason: str | None = None
        if engine == "xgboost":
            self.engine_reason = "XGBoost was asked for"
        else:
            kernel = _kernel_of(bundle)
            if isinstance(kernel, Kernel):
                self.kernel = kernel
            elif engine == "kernel":
                raise KernelMissing(kernel.reason)
            else:
                self.engine_reason = kernel.reason

    @property
    def engine(self) -> Engine:
        return "xgboost" if self.kernel is None else "kernel"

    @functools.cached_property
    def booster(self) -> "xgboost.Booster":
        """The trees in XGBoost: where it is the engine, and for gain, which the kernel does not compute."""
        from model.bundle.booster import xgboost  # not at the top: servers with the kernel do not have it

        booster = xgboost.Booster({"nthread": self._threads})
        booster.load_model(bytearray(self._bundle.booster))
        booster.set_param({"nthread": self._threads})
        return booster

    def encode(self, columns: Mapping[str, Values], *, position: Values | None = None) -> NDArray[np.float32]:
        """Inputs by name -> (rows, features). `position` are the logged positions; without it the constant is used.

        Raises KeyError for a missing column, ValueError or TypeError for a value that is not a number.
        """
        declared = self.manifest.position
        if declared is None:
            return encode(self.manifest.features, columns)
        rows = len(next(iter(columns.values())))
        values = np.full(rows, declared.constant) if position is None else position
        return encode(self.manifest.features, {**columns, declared.feature: values})

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log odds as fitted, float64 (rows,), before correction and calibration."""
        if self.kernel is not None:
            return self.kernel.score_matrix(matrix)[0]
        linear = self.manifest.linear.margin(matrix, self.manifest.names)
        trees = self.booster.inplace_predict(matrix, predict_type="margin", missing=np.nan)
        return linear + trees.astype(np.float64)

    def probability(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability of conversion, float64 (rows,) in [0, 1]."""
        if self.kernel is not None:
            return self.kernel.score_matrix(matrix)[1]
        return self.calibrated(self.margin(matrix))

    def calibrated(self, margin: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds as fitted -> probability: sampling correction, calibration, sigmoid."""
        return sigmoid(self.manifest.calibration.apply(self.manifest.sampling.correct(margin)))


def _kernel_of(bundle: Bundle) -> Kernel | NoKernel:
    library = find_library()
    if isinstance(library, NoKernel):
        return library
    try:
        return Kernel(library, flatten(bundle.manifest, read_trees(ubjson.parse(bundle.booster))))
    except ValueError as error:  # NotUbjson, UnreadableTrees and InvalidFlatModel are
        return NoKernel(str(error))
