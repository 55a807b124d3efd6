"""A small sound bundle whose every part the tests know, and its verdict; damage starts from here."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from artifacts.checksum import with_checksum
from model.bundle.bounds import Bounds
from model.bundle.bundle import Bundle, load, write
from model.bundle.calibration import Calibration, Sampling
from model.bundle.features import CategoryFeature, NumberFeature
from model.bundle.golden import GoldenRow
from model.bundle.linear import CategoryTerm, Linear, NumberTerm
from model.bundle.manifest import Lineage, Manifest, Position, Trees
from model.bundle.predictor import Predictor

LAYOUTS = ("1K", "1LDK", "2LDK")
FEATURES = (
    NumberFeature(name="rent", direction="decreasing", minimum=10_000.0, maximum=900_000.0),
    NumberFeature(name="area_m2", minimum=5.0, maximum=90.0),
    CategoryFeature(name="layout", categories=LAYOUTS),
    NumberFeature(name="position", direction="decreasing", minimum=1.0, maximum=20.0),
)
TREES = 6
KEPT = 0.5  # share of the non-conversions in training
TEST_ROWS, TEST_CONVERSIONS = 1000, 200
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
        sampling=Sampling(kept_negatives=KEPT),
        calibration=Calibration(method="platt", a=1.1, c=0.1),
        search={"trials": 1},
        metrics={"log_loss": 0.5},
        lineage=Lineage(
            spec_sha256="a" * 64,
            sql_sha256="b" * 64,
            start="2026-04-02T00:00:00Z",
            end="2026-07-01T00:00:00Z",
            cutoff="2026-07-01T00:00:00Z",
            rows=counts(label),
            positives={"train": int(label.sum()), "calibration": 90, "test": TEST_CONVERSIONS},
            data_sha256="c" * 64,
        ),
        libraries={"xgboost": xgboost.__version__},
    )
    write(folder, manifest, booster, golden(manifest, booster, matrix))
    return folder


def counts(label: np.ndarray) -> dict[str, int]:
    """Rows of each part, as if KEPT of the train part's non-conversions had been taken into training."""
    positives = int(label.sum())
    train = positives + round((len(label) - positives) / KEPT)
    return {"train": train, "calibration": 500, "test": TEST_ROWS, "train_sampled": len(label)}


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
    verdict = promoting(load(folder)) | changes
    target.write_text(json.dumps(with_checksum({key: value for key, value in verdict.items() if value is not None})))
    return target


def promoting(bundle: Bundle) -> dict[str, Any]:
    """What evaluate writes of a bundle that it promotes, before it is sealed."""
    lineage, rate = bundle.manifest.lineage, TEST_CONVERSIONS / TEST_ROWS
    loss, of_rate = 0.31, -(rate * math.log(rate) + (1 - rate) * math.log(1 - rate))
    metrics = {
        "rows": float(TEST_ROWS),
        "conversions": float(TEST_CONVERSIONS),
        "conversion_rate": rate,
        "log_loss": loss,
        "log_loss_low": 0.3,
        "log_loss_high": 0.32,
        "normalised_entropy": loss / of_rate,
        "auc": 0.71,
        "auc_low": 0.69,
        "auc_high": 0.73,
        "calibration_ratio": 1.02,
        "calibration_ratio_low": 0.95,
        "calibration_ratio_high": 1.09,
        "log_loss_saving_over_constant": 1 - loss / of_rate,
        "booster_bytes": float(len(bundle.booster)),
        "trees": float(TREES),
        "unseen_categories": 0.001,
    }
    return {
        "format": 1,
        "verdict": "promote",
        "bundle": bundle.digest,
        "champion": "sha256:" + "e" * 64,
        "reasons": [
            reason("conversions", metrics["conversions"], ">= 150"),
            reason("beats constant", metrics["log_loss_saving_over_constant"], "interval above 0"),
            reason("not worse than champion", 0.004, "interval above -1.00 %, value >= 0"),
            reason("calibration", metrics["calibration_ratio"], "interval reaches 0.9 to 1.1"),
            reason("unseen categories", metrics["unseen_categories"], "<= 1.00 %"),
            reason("declared directions", 0.0, "0"),
            reason("size", metrics["booster_bytes"], "<= 50,000,000"),
            reason("slices", 0, "0 harmed"),
            reason("sensitivity", "firm", "a note, not a rule"),
        ],
        "metrics": metrics,
        "spec_sha256": lineage.spec_sha256,
        "sql_sha256": lineage.sql_sha256,
        "test_rows_sha256": "d" * 64,
        "bootstrap": {"seed": 7, "draws": 1000},
    }


def reason(rule: str, measured: float | str, bound: str) -> dict[str, object]:
    return {"rule": rule, "measured": measured, "bound": bound, "passed": True, "message": f"{rule}: {measured}"}
