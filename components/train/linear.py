"""Logistic regression as a bundle's linear part: standardised numbers, one weight per category, directions kept.

Minimises sum log(1 + exp(-s z)) + |weights|^2 / (2 C), s = +-1 the label, by L-BFGS-B with bounds on the signs (Byrd,
Lu, Nocedal and Zhu 1995, as in SciPy). One BLAS thread, so that the same rows give the same bits on any number of
processors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit
from threadpoolctl import threadpool_limits

from components.train.row_arrays import Mask
from components.train.split_rows import SplitRows
from model.arrays import Floats, Matrix
from model.bundle.features import CategoryFeature, Feature, NumberFeature, StatisticFeature
from model.bundle.linear import CategoryTerm, Linear, NumberTerm, Term

SKEWED = 2.0
TAIL = 0.001  # of rows at either end are clipped to the next
LIMITS = {"maxiter": 500, "maxfun": 1000}
NEWTON_STEPS = 8
MOST_ROWS = 300_000  # more would not move the weights, and the design would outgrow the matrix


@dataclass(frozen=True)
class _Columns:
    """Of the design, for one feature. Each row has one of them that is not 0: `column` counts within these, and `value`
    is what is there."""

    term: Term
    column: NDArray[np.int32]
    value: Floats
    bounds: tuple[tuple[float | None, float | None], ...]


class Design:
    """Rows as the regression reads them, made once for fits of several strengths, with the declared signs or free."""

    def __init__(
        self,
        matrix: Matrix,
        label: NDArray[np.float32],
        features: Sequence[Feature],
        *,
        offset: NDArray[np.float32] | None = None,
        every: int = 1,
    ) -> None:
        """`every` is the step by which these rows were taken from all. `offset` (rows,) is added to the log odds."""
        self._every = every
        self._offset = None if offset is None else offset.astype(np.float64)
        rows, filled = len(matrix), len(features) + 1  # the intercept and one column of each feature
        column, value = np.zeros((rows, filled), np.int32), np.ones((rows, filled))
        self._terms: list[tuple[Term, int]] = []  # with the number of its columns
        self._bounds: list[tuple[float | None, float | None]] = [(None, None)]
        with threadpool_limits(1):
            for index, feature in enumerate(features):
                own = _columns(matrix[:, index], feature)
                column[:, index + 1], value[:, index + 1] = own.column + len(self._bounds), own.value
                self._terms.append((own.term, len(own.bounds)))
                self._bounds.extend(own.bounds)
        starts = np.arange(0, rows * filled + 1, filled)
        shape = (rows, len(self._bounds))
        self._design = sparse.csr_matrix((value.reshape(-1), column.reshape(-1), starts), shape=shape)
        self._sign = np.where(label > 0, 1.0, -1.0)
        self._start = np.zeros(len(self._bounds))
        self._start[0] = prior(label, offset).intercept

    @classmethod
    def of(
        cls, rows: SplitRows, features: Sequence[Feature], *, chosen: Mask | None = None, most: int = MOST_ROWS
    ) -> "Design":
        """Of the chosen rows: of one in several, evenly spread, where they are more than `most`."""
        label = rows.label if chosen is None else rows.label[chosen]
        every = -(-len(label) // most)
        offset = None if rows.offset is None else rows.offset_of(chosen)[::every]
        return cls(rows.encoded.every(every, chosen), label[::every], features, offset=offset, every=every)

    def fit(self, *, strength: float, rows: NDArray[np.bool_] | None = None, directions: bool = True) -> Linear:
        """`strength` is C, the inverse of the penalty; `rows` are those of all rows to fit to, None for each.

        `directions=False` leaves the signs free. Numbers are scaled alike for every choice of rows, so that the fits of
        several can be averaged.
        """
        fitted = None if rows is None else rows[:: self._every]
        return self._linear(self._solve(strength, self._start, fitted, directions=directions))

    def path(self, strengths: Sequence[float]) -> list[Linear]:
        """A fit for each of the strengths, which grow: each begins where the one before ended."""
        fits = []
        weights = self._start
        for strength in strengths:
            weights = self._solve(strength, weights, None)
            fits.append(self._linear(weights))
        return fits

    def _solve(self, strength: float, start: Floats, fitted: Mask | None, *, directions: bool = True) -> Floats:
        penalty = np.full(len(start), 1 / strength)
        penalty[0] = 0.0
        data = (self._design, self._sign, penalty, fitted, self._offset)
        bounds = self._bounds if directions else None
        with threadpool_limits(1):
            optimum = minimize(_loss, start, data, "L-BFGS-B", jac=True, bounds=bounds, options=LIMITS)
        weights: Floats = optimum.x
        return weights

    def _linear(self, weights: Floats) -> Linear:
        terms: list[Term] = []
        start = 1
        for term, count in self._terms:
            own = weights[start : start + count]
            start += count
            if isinstance(term, NumberTerm):
                terms.append(term.model_copy(update={"weight": float(own[0]), "missing": float(own[1])}))
            else:
                update = {"weights": tuple(map(float, own[:-1])), "missing": float(own[-1])}
                terms.append(term.model_copy(update=update))
        return Linear(intercept=float(weights[0]), terms=tuple(terms))


def fit(
    matrix: Matrix, label: NDArray[np.float32], features: Sequence[Feature], *, strength: float, directions: bool = True
) -> Linear:
    """The regression of one strength."""
    return Design(matrix, label, features).fit(strength=strength, directions=directions)


def _loss(
    weights: Floats,
    design: sparse.csr_matrix,
    sign: Floats,
    penalty: Floats,
    fitted: Mask | None,
    offset: Floats | None,
) -> tuple[float, Floats]:
    """Of the `fitted` rows, None for all. A design of some rows would be a copy, as large as the rows."""
    margin = sign * (design @ weights if offset is None else design @ weights + offset)
    chosen = margin if fitted is None else margin[fitted]
    value = np.logaddexp(0, -chosen).sum() + 0.5 * (penalty * weights) @ weights
    slope = -sign * expit(-margin)
    if fitted is not None:
        slope[~fitted] = 0.0
    return float(value), design.T @ slope + penalty * weights


def _columns(column: Matrix, feature: Feature) -> _Columns:
    if isinstance(feature, CategoryFeature):
        return _category(column, feature)
    return _number(column, feature)


def _category(codes: Matrix, feature: CategoryFeature) -> _Columns:
    """One column per category and for "other", and the last for missing."""
    count = feature.other + 1
    column = np.where(np.isnan(codes), count, codes).astype(np.int32)
    term = CategoryTerm(feature=feature.name, weights=(0.0,) * count)
    return _Columns(term, column, np.ones(len(codes)), ((None, None),) * (count + 1))


def _number(column: Matrix, feature: NumberFeature | StatisticFeature) -> _Columns:
    """The standardised number, and a column that marks where it is missing."""
    missing = np.isnan(column)
    known = column[~missing].astype(np.float64)
    if len(known) == 0:
        known = np.zeros(1)
    low, high = (float(end) for end in np.quantile(known, [TAIL, 1 - TAIL], method="nearest"))
    clipped = np.clip(known, low, high)
    spread = clipped.std()
    skew = float(((clipped - clipped.mean()) ** 3).mean() / spread**3) if spread > 0 else 0.0
    log = low >= 0 and skew > SKEWED
    transformed = np.log1p(clipped) if log else clipped
    scale = float(transformed.std()) or 1.0
    term = NumberTerm(
        feature=feature.name, transform="log1p" if log else "identity", low=low, high=high,
        center=float(transformed.mean()), scale=scale, weight=1.0,
    )  # fmt: skip
    direction = feature.direction if isinstance(feature, NumberFeature) else None
    bound = {"increasing": (0.0, None), "decreasing": (None, 0.0)}.get(direction or "", (None, None))
    value = np.where(missing, 1.0, term.margin(column))
    return _Columns(term, missing.astype(np.int32), value, (bound, (None, None)))


def mean(parts: Sequence[Linear]) -> Linear:
    """The linear part whose margin is the mean of theirs. They are of one Design, or have no terms."""
    terms: list[Term] = []
    for same in zip(*(part.terms for part in parts if part.terms), strict=True):
        missing = sum(term.missing for term in same) / len(parts)
        if isinstance(same[0], NumberTerm):
            weight = sum(term.weight for term in same if isinstance(term, NumberTerm)) / len(parts)
            terms.append(same[0].model_copy(update={"weight": weight, "missing": missing}))
        else:
            weights = np.sum([term.weights for term in same if isinstance(term, CategoryTerm)], axis=0) / len(parts)
            update = {"weights": tuple(map(float, weights)), "missing": missing}
            terms.append(same[0].model_copy(update=update))
    intercept = sum(part.intercept for part in parts) / len(parts)
    return Linear(intercept=intercept, terms=tuple(terms))


def prior(label: NDArray[np.float32], offset: NDArray[np.float32] | None = None) -> Linear:
    """A linear part without terms: the base rate's log odds, or those that give this rate on top of an `offset`."""
    rate = rate_of(label)
    intercept = float(np.log(rate / (1 - rate)))
    if offset is not None:
        intercept = _intercept(rate, intercept, offset.astype(np.float64))
    return Linear(intercept=intercept)


def _intercept(rate: float, start: float, offset: Floats) -> float:
    """Newton's method from below: the mean of a sigmoid is steeper than at the root nowhere that it comes to."""
    intercept = start - float(np.log(np.exp(offset).mean()))
    for _ in range(NEWTON_STEPS):
        probability = expit(intercept + offset)
        intercept += (rate - float(probability.mean())) / float((probability * (1 - probability)).mean())
    return intercept


def rate_of(label: NDArray[np.float32]) -> float:
    """The share of conversions, in (0, 1): rows of one class alone count as if half a row were of the other."""
    half = 0.5 / len(label)
    return float(np.clip(label.mean(dtype=np.float64), half, 1 - half))
