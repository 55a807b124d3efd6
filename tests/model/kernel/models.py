"""Small models of every shape that XGBoost grows, and rows at their edges."""

from dataclasses import dataclass

import numpy as np

from model.booster import ubjson
from model.booster.trees import LEAF, BoosterTrees, read_trees
from model.bundle.booster import xgboost
from model.bundle.bundle import Bundle
from model.bundle.calibration import Calibration, Sampling
from model.bundle.features import CategoryFeature, NumberFeature
from model.bundle.linear import Linear
from model.bundle.manifest import BundleManifest, Trees

LEVELS = (3, 9, 70)
FEATURES = (
    *(NumberFeature(name=f"number_{index}", minimum=-2.0, maximum=3.0) for index in range(5)),
    *(CategoryFeature(name=f"category_{size}", categories=tuple(map(str, range(size)))) for size in LEVELS),
)
ROWS = 700
# What a float32 column of numbers or of category codes may hold besides what training saw.
NUMBERS = np.array([np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, 1.2e-38, 3.4028235e38, -3.4028235e38, np.nan], "f4")
CODES = np.array(
    [
        *(999, -5, -0.5, -0.0, 1e7, 2**24 - 1, 2**24, 2**32, 2**32 + 1, 3e9, 1e10, 9e18, 1e30, 12.7, 2.999),
        *(np.inf, -np.inf, np.nan, 1e-45),
    ],
    "f4",
)


@dataclass(frozen=True)
class Shape:
    """XGBoost's parameters, and the features that the trees may split on."""

    trees: int
    parameters: dict[str, object]
    numbers: bool = True
    categories: bool = True


SHAPES = {
    "stumps": Shape(13, {"max_depth": 1}),
    "depth 3": Shape(20, {"max_depth": 3}),
    "depth 6": Shape(40, {"max_depth": 6}),
    "one-hot": Shape(12, {"max_depth": 6, "max_cat_to_onehot": 100}),
    "sets": Shape(12, {"max_depth": 6, "max_cat_to_onehot": 1}),
    "depth 8": Shape(9, {"max_depth": 8}),
    "depth 9": Shape(9, {"max_depth": 9}),
    "depth 12": Shape(17, {"max_depth": 12}),
    "lossguide": Shape(5, {"max_depth": 0, "max_leaves": 255, "grow_policy": "lossguide", "tree_method": "hist"}),
    "exact": Shape(9, {"max_depth": 5, "tree_method": "exact"}, categories=False),
    "roots": Shape(3, {"max_depth": 3, "gamma": 1e6}),
    "roots and trees": Shape(30, {"max_depth": 4, "gamma": 0.8, "eta": 0.9}),
    "pruned": Shape(10, {"max_depth": 7, "gamma": 1.0}),
    "forest": Shape(4, {"max_depth": 4, "num_parallel_tree": 3, "subsample": 0.5}),
    "numbers": Shape(11, {"max_depth": 5}, categories=False),
    "categories": Shape(11, {"max_depth": 5}, numbers=False),
    "single tree": Shape(1, {"max_depth": 6}),
    "steep": Shape(60, {"max_depth": 6, "eta": 1.0, "lambda": 0.0, "min_child_weight": 0.0}),
}


def training_rows(seed: int = 1, rows: int = ROWS) -> np.ndarray:
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, 5))
    numbers[:, 1] = np.round(numbers[:, 1] * 3)
    numbers[random.random(rows) < 0.1, 0] = np.nan
    numbers[random.random(rows) < 0.3, 2] = np.nan
    codes = np.stack([random.integers(0, size + 1, rows) for size in LEVELS], axis=1).astype(float)
    codes[random.random(rows) < 0.1, 1] = np.nan
    return np.concatenate([numbers, codes], axis=1).astype(np.float32)


def booster_of(shape: Shape) -> bytes:
    matrix = training_rows()
    effects = [np.random.default_rng(size).normal(size=size + 1) for size in LEVELS]
    log_odds = np.nan_to_num(matrix[:, 0]) - np.nan_to_num(matrix[:, 1]) / 3
    for index, effect in enumerate(effects):
        codes = matrix[:, 5 + index]
        log_odds = log_odds + np.where(np.isnan(codes), 0.5, effect[np.nan_to_num(codes).astype(int)])
    label = np.random.default_rng(2).random(ROWS) < 1 / (1 + np.exp(-log_odds))
    weights = [float(shape.numbers)] * 5 + [float(shape.categories)] * 3
    used = matrix.copy()
    used[:, np.array(weights) == 0] = 0  # nothing to split on
    rows = xgboost.DMatrix(
        used,
        label,
        feature_names=[feature.name for feature in FEATURES],
        feature_types=["c" if feature.kind == "category" and shape.categories else "float" for feature in FEATURES],
        enable_categorical=True,
        nthread=1,
    )
    parameters = {"objective": "binary:logistic", "base_score": 0.5, "eta": 0.3, "nthread": 1, "seed": 5}
    return bytes(xgboost.train({**parameters, **shape.parameters}, rows, shape.trees).save_raw("ubj"))


def bundle_of(booster: bytes, **parts: object) -> Bundle:
    """A bundle of the trees alone; `parts` are other fields of its manifest."""
    trees = read_trees(ubjson.parse(booster))
    fields = {
        "model": "m",
        "label": "l",
        "conversion_days": 14,
        "features": FEATURES,
        "linear": Linear(intercept=0.0),
        "trees": Trees.of((len(trees.sizes),)),
        "sampling": Sampling(kept_negatives=1.0),
        "calibration": Calibration(),
    }
    return Bundle(
        BundleManifest.model_construct(**{"position": None, "bounds": (), **fields, **parts}), booster, (), ""
    )


def edge_rows(trees: BoosterTrees, most: int = 400) -> np.ndarray:
    """Rows on thresholds and a float to either side, with odd numbers and codes, and without any value."""
    rows = [np.full(len(FEATURES), np.nan, np.float32)]
    base = training_rows(seed=3, rows=most)
    splits = np.flatnonzero((trees.left != LEAF) & ~trees.is_category)[:: max(1, len(trees.left) // most)]
    for index, node in enumerate(splits):
        threshold = trees.value[node]
        with np.errstate(all="ignore"):
            near = (
                threshold,
                np.nextafter(threshold, np.float32(np.inf)),
                np.nextafter(threshold, np.float32(-np.inf)),
            )
        for value in near:
            row = base[index % most].copy()
            row[trees.feature[node]] = value
            rows.append(row)
    for index, feature in enumerate(FEATURES):
        for number, value in enumerate(CODES if feature.kind == "category" else NUMBERS):
            for offset in range(3):
                row = base[(7 * number + offset) % most].copy()
                row[index] = value
                rows.append(row)
    return np.array(rows, dtype=np.float32)
