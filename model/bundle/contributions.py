"""Why a row has its log odds: what each feature adds, exactly summed."""

import math
from dataclasses import dataclass

from model.arrays import Floats, Matrix
from model.bundle.predictor import Predictor
from model.kernel.contributions import TreeContributions

FINEST = -44  # contributions are multiples of 2^-44, 6e-14, or of more where the log odds are beyond 2^6
MANTISSA = 53


@dataclass(frozen=True)
class Contributions:
    """Log odds before sampling correction and calibration; `margin` is `Predictor.margin` of the row.

    margin == base + all of `by_feature` + rounding in float64, exactly, with the features in any order. What a
    statistic adds is counted with its category: both read the same value. Trees are added up in float32, and
    contributions explain their exact sum: `rounding` is what that leaves over, about 1e-7.
    """

    margin: float
    base: float
    by_feature: dict[str, float]
    rounding: float


class Explainer:
    """Contributions of single rows: TreeSHAP for the trees, by the engine of the predictor, and each linear term.

    `base` is the intercept and the mean of the trees over the training rows.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._trees = None if predictor.kernel is None else TreeContributions(predictor.kernel)

    def explain(self, matrix: Matrix) -> Contributions:
        """Of float32 (1, features). Raises ValueError for another shape."""
        manifest = self._predictor.manifest
        features = len(manifest.features)
        if matrix.shape != (1, features):
            raise ValueError(f"one row of {features} features is needed, this has the shape {matrix.shape}")
        trees, expected = self._of_trees(matrix)
        by_feature = dict(zip(manifest.names, trees.tolist(), strict=True))
        for term in manifest.linear.terms:
            column = matrix[:, manifest.names.index(term.feature)]
            by_feature[term.feature] += float(term.margin(column)[0])
        for statistic in manifest.statistics:
            by_feature[statistic.input] += by_feature.pop(statistic.name)
        margin = float(self._predictor.margin(matrix)[0])
        return exact(margin, manifest.linear.intercept + expected, by_feature)

    def _of_trees(self, matrix: Matrix) -> tuple[Floats, float]:
        if self._trees is not None:
            return self._trees.of_row(matrix), self._trees.expected
        contributions = xgboost_contributions(self._predictor, matrix)[0]
        return contributions[:-1], float(contributions[-1])


def xgboost_contributions(predictor: Predictor, matrix: Matrix) -> Floats:
    """As XGBoost computes them: float64 (rows, features and then the expected value), to float32's accuracy."""
    from model.bundle.booster import xgboost  # not at the top: servers with the kernel do not have it

    kinds = ["c" if feature.kind == "category" else "float" for feature in predictor.manifest.features]
    rows = xgboost.DMatrix(
        matrix, feature_names=[*predictor.manifest.names], feature_types=kinds, enable_categorical=True, nthread=1
    )
    contributions: Floats = predictor.booster.predict(rows, pred_contribs=True).astype("float64")
    return contributions


def exact(margin: float, base: float, by_feature: dict[str, float]) -> Contributions:
    """The parts as multiples of one power of two, so that no sum of them is rounded, and what is left of the margin."""
    total = sum(map(abs, by_feature.values())) + abs(base) + abs(margin)
    exponent = max(FINEST, math.frexp(total)[1] + 1 - MANTISSA)

    def whole(value: float) -> float:
        return math.ldexp(round(math.ldexp(value, -exponent)), exponent)

    parts = {name: whole(value) for name, value in by_feature.items()}
    base = whole(base)
    rounding = margin - (base + sum(parts.values()))
    if base + sum(parts.values()) + rounding != margin:  # a margin near 0 has more digits than float64 has room for
        base += whole(rounding)
        rounding = margin - (base + sum(parts.values()))
    return Contributions(margin, base, parts, rounding)
