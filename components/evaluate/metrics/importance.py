"""What the model relies on: shares of gain, and the mean effect of each input."""

import numpy as np

from artifacts.metrics import Importance
from model.arrays import Floats, Matrix
from model.bundle.booster import xgboost
from model.bundle.predictor import Predictor

CONTRIBUTION_WORK = 400_000  # rows times trees; exact contributions cost far more than scores


def importance(predictor: Predictor, matrix: Matrix, *, threads: int) -> tuple[Importance, ...]:
    """Per input: share of the trees' total gain, and the mean absolute contribution to the log odds. What a statistic
    gains and adds is that of its category.

    Contributions are exact Shapley values of the trees (Lundberg et al., Nature Machine Intelligence 2020) plus the
    linear part, each less its mean over these rows.
    """
    manifest, names = predictor.manifest, predictor.manifest.names
    gain = _gain(predictor.booster, names)
    total = sum(gain.values())
    rows = matrix[: max(50, CONTRIBUTION_WORK // manifest.trees.trees)]
    effects = _tree_effects(predictor.booster, rows, threads)
    for term in manifest.linear.terms:
        index = names.index(term.feature)
        effects[:, index] += term.margin(rows[:, index])
    for statistic in manifest.statistics:
        effects[:, names.index(statistic.input)] += effects[:, names.index(statistic.name)]
        gain[statistic.input] = gain.get(statistic.input, 0.0) + gain.get(statistic.name, 0.0)
    effects -= effects.mean(axis=0)
    inputs = [
        Importance(
            feature=column.name,
            gain_share=gain.get(column.name, 0.0) / total if total else 0.0,
            mean_effect=float(np.abs(effects[:, names.index(column.name)]).mean()),
        )
        for column in manifest.columns
    ]
    return tuple(sorted(inputs, key=lambda row: (-row.mean_effect, row.feature)))


def _gain(booster: xgboost.Booster, names: tuple[str, ...]) -> dict[str, float]:
    known = booster.feature_names or [f"f{index}" for index in range(len(names))]
    index = {name: number for number, name in enumerate(known)}
    score = booster.get_score(importance_type="total_gain")
    return {names[index[name]]: float(np.sum(value)) for name, value in score.items()}


def _tree_effects(booster: xgboost.Booster, matrix: Matrix, threads: int) -> Floats:
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
