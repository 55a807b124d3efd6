"""Rows in, probabilities and marks out: the predictor that evaluation used, and the rules that training rejected by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.bundle.bundle import load
from model.bundle.features import CategoryFeature
from model.bundle.folder import GOLDEN, RETRAIN
from model.bundle.predictor import GOLDEN_TOLERANCE, Predictor
from model.errors import BundleError, Problem
from serving.guarantee import refuse_unbounded

Value = float | str | None
Columns = Mapping[str, Sequence[Value]]
OTHER_MACHINE = f"{RETRAIN}; a bundle of another XGBoost or processor must not serve with other numbers"


@dataclass(frozen=True)
class Scores:
    """Probabilities (rows,), and which rows carry a mark: name -> row numbers from 0, names without a row left out."""

    probability: NDArray[np.float64]
    unknown_categories: dict[str, list[int]]
    outside_bounds: dict[str, list[int]]


class Scorer:
    """Scores rows that the schema let in. Safe to call from two threads."""

    def __init__(self, predictor: Predictor) -> None:
        manifest = predictor.manifest
        self.predictor = predictor
        self._rules = manifest.bounds
        self._measured = sorted({name for rule in self._rules for name in rule.parsed.columns})
        self._categories = [
            (place, feature) for place, feature in enumerate(manifest.features) if isinstance(feature, CategoryFeature)
        ]

    def score(self, columns: Columns) -> Scores:
        matrix = self.predictor.encode(columns)
        return Scores(
            self.predictor.probability(matrix),
            {f.name: rows for place, f in self._categories if (rows := _places(matrix[:, place] == f.other))},
            self._outside(columns),
        )

    def _outside(self, columns: Columns) -> dict[str, list[int]]:
        """Rules are measured on the numbers as they were given, like preprocess did, not as float32."""
        numbers = {name: np.asarray(columns[name], dtype=np.float64) for name in self._measured}
        found = {rule.name: _places(rule.outside(numbers)) for rule in self._rules}
        return {name: rows for name, rows in found.items() if rows}


def _places(marked: NDArray[np.bool_]) -> list[int]:
    return [int(place) for place in np.flatnonzero(marked)]


@dataclass(frozen=True)
class Ready:
    """A scorer whose golden rows came out as they were stored, and how closely."""

    scorer: Scorer
    difference: float


def ready(folder: Path) -> Ready:
    """Load the bundle and score its golden rows.

    Raises BundleError when they do not come out as stored, or when some row could get no probability.
    """
    bundle = load(folder)
    if not bundle.golden:
        raise BundleError(Problem(GOLDEN, "holds no rows, so nothing proves the model here", RETRAIN, "golden-none"))
    try:
        scorer = Scorer(Predictor(bundle, threads=1))
        inputs = bundle.manifest.inputs
        scores = scorer.score({one.name: [row.input[one.name] for row in bundle.golden] for one in inputs})
    except (KeyError, ValueError, TypeError, IndexError) as error:  # XGBoost's own error is a ValueError
        found = f"cannot be scored ({type(error).__name__}: {error})"
        raise BundleError(Problem(GOLDEN, found, RETRAIN, "golden-unscored")) from error
    stored = np.array([row.probability for row in bundle.golden])
    distance = np.abs(scores.probability - stored)
    worst = int(np.argmax(distance))  # the first NaN, when there is one
    if not distance[worst] <= GOLDEN_TOLERANCE:
        wrong = int(np.sum(~(distance <= GOLDEN_TOLERANCE)))
        here, there = float(scores.probability[worst]), float(stored[worst])
        found = (
            f"{wrong} of {len(stored)} rows do not come out as stored; the largest difference is "
            f"{distance[worst]:.3g}, in row {worst}: {here!r}, stored {there!r}"
        )
        raise BundleError(Problem(GOLDEN, found, OTHER_MACHINE, "golden-differs"))
    refuse_unbounded(bundle.manifest)
    return Ready(scorer, float(distance[worst]))
