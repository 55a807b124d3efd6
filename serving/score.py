"""Rows to probabilities and flags: evaluation's own predictor, and the rules by which training rejects rows."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.bundle.bundle import Bundle, load
from model.bundle.features import LAST, CategoryFeature
from model.bundle.folder import GOLDEN, RETRAIN
from model.bundle.predictor import GOLDEN_TOLERANCE, Predictor
from model.errors import BundleError, Problem
from serving.finite_check import refuse_unbounded
from serving.inputs import InputNumbers

OTHER_LIBRARIES = f"{RETRAIN}; with another XGBoost or processor the same bundle gives other numbers"


@dataclass(frozen=True)
class Predictions:
    """Probabilities (rows,), and the flagged rows: name -> row indices from 0; names without a row are left out."""

    probability: NDArray[np.float64]
    unknown_categories: dict[str, list[int]]
    outside_bounds: dict[str, list[int]]
    outside_range: dict[str, list[int]] = field(default_factory=dict)


class Scorer:
    """Scores rows that the types accept. Safe to call from two threads."""

    def __init__(self, predictor: Predictor) -> None:
        manifest = predictor.manifest
        self.predictor = predictor
        self._rules = manifest.bounds
        self._index = {feature.name: index for index, feature in enumerate(manifest.inputs)}
        self._rule_columns = sorted({name for rule in self._rules for name in rule.parsed.columns})
        self._categories = [feature for feature in manifest.inputs if isinstance(feature, CategoryFeature)]

    def score(self, numbers: NDArray[np.float64]) -> Predictions:
        """Scores of rows (rows, inputs): codes of categories, NaN for a missing value."""
        codes = {feature.name: numbers[:, self._index[feature.name]] for feature in self._categories}
        unknown = {feature.name: _indices(codes[feature.name] == feature.other) for feature in self._categories}
        return Predictions(
            self.predictor.probability(self._matrix(numbers)),
            {name: rows for name, rows in unknown.items() if rows},
            self._outside(numbers),
        )

    def _matrix(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        """As `Predictor.encode` gives it."""
        manifest = self.predictor.manifest
        matrix = np.empty((len(numbers), len(manifest.features)), dtype=np.float32)
        for column, feature in enumerate(manifest.features):
            if manifest.position and feature.name == manifest.position.feature:
                matrix[:, column] = manifest.position.constant
            else:
                matrix[:, column] = np.clip(numbers[:, self._index[feature.name]], -LAST, LAST)
        return matrix

    def _outside(self, numbers: NDArray[np.float64]) -> dict[str, list[int]]:
        """Rules are evaluated on the numbers as they were sent, as in preprocess, not as float32."""
        columns = {name: numbers[:, self._index[name]] for name in self._rule_columns}
        outside = {rule.name: _indices(rule.outside(columns)) for rule in self._rules}
        return {name: rows for name, rows in outside.items() if rows}


def _indices(flagged: NDArray[np.bool_]) -> list[int]:
    return [int(index) for index in np.flatnonzero(flagged)]


@dataclass(frozen=True)
class LoadedModel:
    """A scorer that reproduced the golden rows, the largest difference to a stored probability, the bundle's folder."""

    scorer: Scorer
    largest_difference: float
    folder: Path


def load_and_verify(folder: Path) -> LoadedModel:
    """Load the bundle and score its golden rows.

    Raises BundleError when their probabilities differ from the stored ones, or when some row could get no probability.
    """
    bundle = load(folder)
    if not bundle.golden:
        raise BundleError(Problem(GOLDEN, "has no rows, so the model cannot be verified", RETRAIN, "golden-none"))
    scorer, probability = _score_golden(bundle)
    difference = _largest_difference(probability, np.array([row.probability for row in bundle.golden]))
    refuse_unbounded(bundle.manifest)
    return LoadedModel(scorer, difference, folder)


def _score_golden(bundle: Bundle) -> tuple[Scorer, NDArray[np.float64]]:
    inputs = bundle.manifest.inputs
    try:
        scorer = Scorer(Predictor(bundle, threads=1))
        columns = {feature.name: [row.input[feature.name] for row in bundle.golden] for feature in inputs}
        scores = scorer.score(InputNumbers(inputs).of_columns(columns))
    except (KeyError, ValueError, TypeError, IndexError) as error:  # XGBoost's own error is a ValueError
        problem = f"cannot be scored ({type(error).__name__}: {error})"
        raise BundleError(Problem(GOLDEN, problem, RETRAIN, "golden-unscored")) from error
    return scorer, scores.probability


def _largest_difference(probability: NDArray[np.float64], stored: NDArray[np.float64]) -> float:
    """Raises BundleError when it is above GOLDEN_TOLERANCE."""
    difference = np.abs(probability - stored)
    worst = int(np.argmax(difference))  # the first NaN, when there is one
    if not difference[worst] <= GOLDEN_TOLERANCE:
        count = int(np.sum(~(difference <= GOLDEN_TOLERANCE)))
        problem = (
            f"{count} of {len(stored)} rows differ from their stored probability; the largest difference is "
            f"{difference[worst]:.3g}, in row {worst}: {float(probability[worst])!r}, stored {float(stored[worst])!r}"
        )
        raise BundleError(Problem(GOLDEN, problem, OTHER_LIBRARIES, "golden-differs"))
    return float(difference[worst])
