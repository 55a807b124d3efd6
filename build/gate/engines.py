"""Whether the compiled kernel, which serves, computes what XGBoost computes: the same bits, row by row.

A bundle whose kernel cannot be compared here is refused too: what serves is what was verified.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from build.gate.probe_rows import golden_rows, matrix_of, probe_rows
from model.arrays import Floats
from model.booster import ubjson
from model.booster.trees import read_trees
from model.bundle.bundle import Bundle
from model.bundle.folder import BOOSTER, RETRAIN
from model.bundle.manifest import BundleManifest
from model.bundle.predictor import KernelMissing, Predictor
from model.bundle.row_scorer import RowScorer
from model.errors import Problem
from model.kernel.library import NoKernel, find_library

SET_UP = "Run `make` again where its compiler can be had, or verify in the image of the steps, which has the kernel"
REPORT = "Report it: a defect of the kernel, and the model serves nowhere until it is fixed"
FEW = 16  # rows of a call that the kernel scores one by one; many it scores in blocks


def engine_problems(bundle: Bundle, reference: Predictor) -> Iterator[Problem]:
    """`reference` scores with XGBoost. Only for a booster that passed its check."""
    if isinstance(library := find_library(), NoKernel):
        yield Problem(
            "kernel", f"is missing, so the bundle cannot be proven ({library.reason})", SET_UP, "kernel-missing"
        )
        return
    try:
        predictor = Predictor(bundle, engine="kernel")
    except KernelMissing as error:
        yield Problem(BOOSTER, f"cannot be scored by the kernel ({error})", RETRAIN, "kernel-refused")
        return
    trees = read_trees(ubjson.parse(bundle.booster))
    for probe in (golden_rows(bundle), *probe_rows(bundle.manifest, trees)):
        if (difference := first_difference(predictor, reference, probe.rows)) is not None:
            yield Problem(f"kernel {probe.kind}", str(difference), REPORT, "kernel-differs")


@dataclass(frozen=True)
class Difference:
    """The first row with other bits: its number among `total`, and what both engines give."""

    row: int
    rows: int
    total: int
    what: str
    kernel: float
    xgboost: float

    def __str__(self) -> str:
        return (
            f"give another {self.what} than XGBoost in {self.rows:,} of {self.total:,} rows, first in row {self.row}: "
            f"{self.kernel!r}, XGBoost {self.xgboost!r}"
        )


def first_difference(kernel: Predictor, reference: Predictor, rows: Floats) -> Difference | None:
    """Between two predictors of one bundle, on float64 (rows, columns of the data), as a matrix and as callers send it.

    Both ways, all rows at once and few at a time, give the same bits; flags are compared as well.
    """
    position = kernel.manifest.position
    columns = [feature.name for feature in kernel.manifest.columns]
    inputs = [index for index, name in enumerate(columns) if not (position and name == position.feature)]
    matrix, values = matrix_of(kernel.manifest, rows), np.ascontiguousarray(rows[:, inputs])
    theirs = reference.margin(matrix)
    served = RowScorer(reference).score(values)
    scorer, pieces = RowScorer(kernel), [slice(start, start + FEW) for start in range(0, len(rows), FEW)]
    whole, few = scorer.score(values), [scorer.score(values[piece]) for piece in pieces]
    compared = (
        ("log odds", kernel.margin(matrix), theirs),
        ("log odds", np.concatenate([kernel.margin(matrix[piece]) for piece in pieces]), theirs),
        ("probability", kernel.probability(matrix), reference.calibrated(theirs)),
        ("log odds", whole.margin, served.margin),
        ("probability", whole.probability, served.probability),
        ("probability", np.concatenate([scores.probability for scores in few]), served.probability),
        *_flags(kernel.manifest, whole.flags, served.flags, len(rows)),
    )
    return next(filter(None, (_difference(*pair) for pair in compared)), None)


def _flags(
    manifest: BundleManifest, kernel: NDArray[np.bool_] | None, xgboost: NDArray[np.bool_] | None, rows: int
) -> Iterator[tuple[str, Floats, Floats]]:
    """Of each input and each rule: 0 or 1 per row."""
    names = [*(feature.name for feature in manifest.inputs), *(rule.name for rule in manifest.bounds)]
    none = np.zeros((rows, len(names)), np.bool_)
    columns = ((none if flags is None else flags).T.astype(np.float64) for flags in (kernel, xgboost))
    for name, ours, theirs in zip(names, *columns, strict=True):
        yield f"flag of {name!r}", ours, theirs


def _difference(what: str, kernel: Floats, xgboost: Floats) -> Difference | None:
    differs = kernel.view(np.int64) != xgboost.view(np.int64)
    if not differs.any():
        return None
    row = int(np.argmax(differs))
    return Difference(row, int(differs.sum()), len(differs), what, float(kernel[row]), float(xgboost[row]))
