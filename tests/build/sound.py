"""A small sound bundle whose every part the tests know, and its verdict; damage starts from here."""

import json
from pathlib import Path

import numpy as np
import xgboost

from model.bundle import Bounds, Bundle, GoldenRow, Lineage, Manifest, Position, Trees, load, write
from model.calibration import Calibration, Sampling
from model.features import CategoryFeature, NumberFeature
from model.linear import CategoryTerm, Linear, NumberTerm
from model.predictor import Predictor
from model.verdict import sealed

LAYOUTS = ("1K", "1LDK", "2LDK")
FEATURES = (
    NumberFeature(name="rent", direction="decreasing", minimum=10_000.0, maximum=900_000.0),
    NumberFeature(name="area_m2", minimum=5.0, maximum=90.0),
    CategoryFeature(name="layout", categories=LAYOUTS),
    NumberFeature(name="position", direction="decreasing", minimum=1.0, maximum=20.0),
)
TREES = 6
EDGES = (
    {"rent": 10_000.0},
    {"rent": 900_000.0},
    {"area_m2": 5.0},
    {"area_m2": 90.0},
    {"rent": None},
    {"area_m2": None},
    {"layout": None},
    {"layout": "castle"},
)


def sound_bundle(folder: Path, *, seed: int = 7) -> Path:
    """Write a bundle of numbers, a category with "other", a held position, directions, trees and a linear part."""
    matrix, label = rows(seed)
    booster = fit(matrix, label)
    manifest = Manifest(
        model="toy-conversion",
        label="inquired",
        conversion_days=14,
        features=FEATURES,
        position=Position(feature="position", constant=1),
        bounds=(Bounds(name="rent per m2", expression="rent / area_m2", min=100, max=200_000),),
        linear=Linear(
            intercept=-0.3,
            terms=(
                CategoryTerm(feature="layout", weights=(0.1, 0.2, 0.3, 0.0)),
                NumberTerm(
                    feature="rent",
                    transform="log1p",
                    low=1e4,
                    high=9e5,
                    center=12.0,
                    scale=1.0,
                    weight=-0.1,
                    missing=0.02,
                ),
            ),
        ),
        trees=Trees(trees=TREES, members=2),
        sampling=Sampling(kept_negatives=0.5),
        calibration=Calibration(method="platt", a=1.1, c=0.1),
        search={"trials": 1},
        metrics={"log_loss": 0.5},
        lineage=Lineage(
            spec_sha256="a" * 64,
            sql_sha256="b" * 64,
            start=None,
            end=None,
            cutoff="2026-07-01T00:00:00Z",
            rows={"train": len(label)},
            positives={"train": int(label.sum())},
            data_sha256="c" * 64,
        ),
        libraries={"xgboost": xgboost.__version__},
    )
    write(folder, manifest, booster, golden(manifest, booster, matrix))
    return folder


def rows(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random, count = np.random.default_rng(seed), 2000
    matrix = np.column_stack(
        [
            random.uniform(1e4, 9e5, count),
            random.uniform(5, 90, count),
            random.integers(0, len(LAYOUTS) + 1, count),
            random.integers(1, 21, count),
        ]
    ).astype(np.float32)
    matrix[::17, 0] = np.nan
    matrix[::13, 2] = np.nan
    log_odds = -np.nan_to_num(matrix[:, 0]) / 4e5 + matrix[:, 1] / 50 + (matrix[:, 2] == 1) - matrix[:, 3] / 10
    return matrix, (random.random(count) < 1 / (1 + np.exp(-log_odds))).astype(int)


def fit(matrix: np.ndarray, label: np.ndarray) -> bytes:
    data = xgboost.DMatrix(
        matrix,
        label,
        feature_names=[feature.name for feature in FEATURES],
        feature_types=["c" if feature.kind == "category" else "float" for feature in FEATURES],
        enable_categorical=True,
        nthread=1,
    )
    asked = {
        "objective": "binary:logistic",
        "base_score": 0.5,
        "max_depth": 3,
        "max_cat_to_onehot": 2,
        "monotone_constraints": "(-1,0,0,-1)",
        "nthread": 1,
    }
    return bytes(xgboost.train(asked, data, TREES).save_raw("ubj"))


def golden(manifest: Manifest, booster: bytes, matrix: np.ndarray) -> tuple[GoldenRow, ...]:
    """100 ordinary rows and the edges, with the answers of this machine."""
    usual = [
        {"rent": float(40_000 + 5_000 * at), "area_m2": float(matrix[at, 1]), "layout": LAYOUTS[at % 3]}
        for at in range(100)
    ]
    inputs = [*usual, *({**usual[0], **edge} for edge in EDGES)]
    predictor = Predictor(Bundle(manifest, booster, (), ""))
    answers = predictor.probability(predictor.encode({name: [row[name] for row in inputs] for name in usual[0]}))
    return tuple(GoldenRow(input=row, probability=float(p)) for row, p in zip(inputs, answers, strict=True))


def verdict_of(folder: Path, target: Path, **changes: object) -> Path:
    """A verdict that promotes this bundle, or says something else where `changes` say so (None leaves a key out)."""
    loaded = load(folder)
    lineage = loaded.manifest.lineage
    verdict = {
        "verdict": "promote",
        "bundle": loaded.digest,
        "reasons": [{"rule": "constant", "measured": 0.31, "bound": 0.4, "passed": True, "says": "beats the constant"}],
        "metrics": {"log_loss": 0.31, "auc": 0.71},
        "spec_sha256": lineage.spec_sha256,
        "sql_sha256": lineage.sql_sha256,
    } | changes
    target.write_text(json.dumps(sealed({key: value for key, value in verdict.items() if value is not None})))
    return target
