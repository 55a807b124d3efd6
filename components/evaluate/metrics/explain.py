"""What the model goes by: shares of gain, mean effect of each input, and whether declared directions hold."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bundle.booster import xgboost
from model.bundle.bundle import Bundle
from model.bundle.features import CategoryFeature, NumberFeature
from model.bundle.predictor import Predictor

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
GRID = 25
TOLERANCE = 1e-12
CONTRIBUTION_WORK = 400_000  # rows times trees; exact contributions cost far more than scores


def importance(bundle: Bundle, matrix: Matrix, *, threads: int) -> list[dict[str, float | str]]:
    """Per input: share of the trees' total gain, and the mean absolute contribution to the log odds.

    Contributions are exact Shapley values of the trees (Lundberg et al., Nature Machine Intelligence 2020) plus the
    linear part, each less its mean over these rows.
    """
    names = bundle.manifest.names
    gain = _gain(bundle, threads)
    some = matrix[: max(50, CONTRIBUTION_WORK // bundle.manifest.trees.trees)]
    effects = _tree_effects(bundle, some, threads)
    for term in bundle.manifest.linear.terms:
        place = names.index(term.feature)
        effects[:, place] += term.margin(some[:, place])
    effects -= effects.mean(axis=0)
    total = sum(gain.values())
    found: list[dict[str, float | str]] = [
        {
            "feature": name,
            "gain_share": gain.get(name, 0.0) / total if total else 0.0,
            "mean_effect": float(np.abs(effects[:, place]).mean()),
        }
        for place, name in enumerate(names)
    ]
    return sorted(found, key=lambda one: (-float(one["mean_effect"]), str(one["feature"])))


def _booster(bundle: Bundle, threads: int) -> xgboost.Booster:
    booster = xgboost.Booster({"nthread": threads})
    booster.load_model(bytearray(bundle.booster))
    booster.set_param({"nthread": threads})
    return booster


def _gain(bundle: Bundle, threads: int) -> dict[str, float]:
    booster = _booster(bundle, threads)
    score: Mapping[str, Any] = booster.get_score(importance_type="total_gain")
    known = booster.feature_names or [f"f{place}" for place in range(len(bundle.manifest.names))]
    place = {name: number for number, name in enumerate(known)}
    return {bundle.manifest.names[place[name]]: float(value) for name, value in score.items()}


def _tree_effects(bundle: Bundle, matrix: Matrix, threads: int) -> Floats:
    booster = _booster(bundle, threads)
    data = xgboost.DMatrix(
        matrix,
        missing=np.nan,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        enable_categorical=True,
        nthread=threads,
    )
    effects: Floats = booster.predict(data, pred_contribs=True)[:, :-1].astype(np.float64)
    return effects


def directions(bundle: Bundle, predictor: Predictor, matrix: Matrix) -> list[dict[str, float | str]]:
    """Per input with a declared direction: steps of a grid over its range, all else held, that go the other way."""
    return [
        {"feature": feature.name, "direction": feature.direction, **_walk(feature, place, predictor, matrix)}
        for place, feature in enumerate(bundle.manifest.features)
        if not isinstance(feature, CategoryFeature) and feature.direction
    ]


def _walk(feature: NumberFeature, place: int, predictor: Predictor, matrix: Matrix) -> dict[str, float]:
    low, high = feature.minimum or 0.0, feature.maximum or 0.0
    moved = matrix.copy()
    scores = []
    for value in np.unique(np.linspace(low, high, GRID)):
        moved[:, place] = value
        scores.append(predictor.probability(moved))
    steps = np.diff(np.stack(scores), axis=0)
    against = steps < -TOLERANCE if feature.direction == "increasing" else steps > TOLERANCE
    return {"steps": float(steps.size), "violations": float(against.sum())}
