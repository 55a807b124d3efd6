"""Rows to probabilities and flags: evaluation's own predictor, and the rules by which training rejects rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.bundle.bundle import Bundle, load
from model.bundle.contributions import Contributions, Explainer
from model.bundle.features import CategoryFeature
from model.bundle.folder import BOOSTER, GOLDEN, RETRAIN
from model.bundle.predictor import GOLDEN_TOLERANCE, Predictor
from model.bundle.row_scorer import RowScorer
from model.errors import BundleError, Problem
from serving.finite_check import refuse_unbounded
from serving.inputs import InputNumbers

NO_ENGINE = "Start the server's image, or compile the kernel: python3 -m build.kernel model/kernel"
OTHER_LIBRARIES = f"{RETRAIN}; with another XGBoost or processor the same bundle gives other numbers"


FlaggedRows = dict[str, list[int]]  # name -> indices of its flagged rows, from 0; names without a row are left out
NO_FLAGS: tuple[FlaggedRows, FlaggedRows, FlaggedRows] = ({}, {}, {})


class Predictions(NamedTuple):
    """Probabilities and log odds (rows,), and the rows whose probability deserves less trust."""

    probability: NDArray[np.float64]
    margin: NDArray[np.float64]
    unknown_categories: FlaggedRows
    outside_range: FlaggedRows
    outside_bounds: FlaggedRows


class Scorer:
    """Scores rows that the types accept. Safe to call from two threads."""

    def __init__(self, predictor: Predictor) -> None:
        manifest = predictor.manifest
        self.predictor = predictor
        self._rows = RowScorer(predictor)
        self._explainer = Explainer(predictor)
        self._inputs = [(feature.name, isinstance(feature, CategoryFeature)) for feature in manifest.inputs]
        self._rules = [rule.name for rule in manifest.bounds]

    def score(self, numbers: NDArray[np.float64]) -> Predictions:
        """Scores of rows (rows, inputs): codes of categories, NaN for a missing value."""
        scores = self._rows.score(numbers)
        flags = NO_FLAGS if scores.flags is None else self._flags(scores.flags)
        return Predictions(scores.probability, scores.margin, *flags)

    def explain(self, numbers: NDArray[np.float64]) -> Contributions:
        """What each feature of one row (1, inputs) adds to its log odds."""
        return self._explainer.explain(self._rows.matrix(numbers))

    def _flags(self, flagged: NDArray[np.bool_]) -> tuple[FlaggedRows, FlaggedRows, FlaggedRows]:
        """Of (rows, inputs and then rules)."""
        unknown_categories: FlaggedRows = {}
        outside_range: FlaggedRows = {}
        outside_bounds: FlaggedRows = {}
        for column in np.flatnonzero(flagged.any(axis=0)).tolist():
            rows = np.flatnonzero(flagged[:, column]).tolist()
            if column >= len(self._inputs):
                outside_bounds[self._rules[column - len(self._inputs)]] = rows
            else:
                name, is_category = self._inputs[column]
                (unknown_categories if is_category else outside_range)[name] = rows
        return unknown_categories, outside_range, outside_bounds


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
    predictor = Predictor(bundle, threads=1)
    try:
        scorer = Scorer(predictor)
        columns = {feature.name: [row.input[feature.name] for row in bundle.golden] for feature in inputs}
        numbers = InputNumbers(inputs).of_columns(columns)
        if numbers is None:
            raise ValueError("the golden rows are not of the types of the inputs")
        scores = scorer.score(numbers)
    except ModuleNotFoundError:
        problem = f"cannot be scored by the kernel ({predictor.engine_reason}), and XGBoost is not installed"
        raise BundleError(Problem(BOOSTER, problem, NO_ENGINE, "engine-none")) from None
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
