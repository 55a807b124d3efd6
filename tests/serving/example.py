"""A small real bundle whose columns have the names that generated types stumble over."""

from pathlib import Path

import numpy as np
import xgboost

from model.bundle.bounds import Bounds
from model.bundle.bundle import Bundle, write
from model.bundle.calibration import Calibration, Sampling
from model.bundle.features import CategoryFeature, NumberFeature, encode
from model.bundle.golden import GoldenRow
from model.bundle.linear import CategoryTerm, Linear, NumberTerm
from model.bundle.manifest import Lineage, Manifest, Position, Trees
from model.bundle.predictor import Predictor

ROWS, TREES, GOLDEN_ROWS = 2000, 20, 120
WARDS = ("Kita", "Nakano", "Ota", 'the "old" town')


def example_bundle(folder: Path) -> Path:
    """Trained in a moment: four numbers, two categories, a constant position, two rules, linear part and trees."""
    columns = _columns(np.random.default_rng(7))
    features = _features(columns)
    matrix = encode(features, columns)
    odds = -2 - columns["rent"] / 60_000 - 0.1 * columns["position"] + (columns["json"] == "Ota")
    label = np.random.default_rng(8).random(ROWS) < 1 / (1 + np.exp(-odds))
    booster = _booster(features, matrix, label)
    manifest = _manifest(features, int(label.sum()))
    return write(folder, manifest, booster, _golden(manifest, booster, columns)) and folder


def _columns(random):
    area = random.uniform(15, 90, ROWS)
    area[::9] = np.nan
    return {
        "rent": np.round(random.lognormal(11.3, 0.4, ROWS)),
        "model_config": area,
        "class": random.integers(1, 25, ROWS).astype(float),
        "_age": random.integers(0, 45, ROWS).astype(float),
        "json": random.choice(np.array(WARDS), ROWS),
        "columns": random.choice(np.array(["1K", "1LDK", "2LDK"]), ROWS),
        "position": random.integers(1, 21, ROWS).astype(float),
    }


def _features(columns):
    def number(name, direction=None):
        known = columns[name][~np.isnan(columns[name])]
        return NumberFeature(name=name, direction=direction, minimum=known.min(), maximum=known.max())

    return (
        number("rent", "decreasing"),
        number("model_config", "increasing"),
        number("class"),
        number("_age"),
        CategoryFeature(name="json", categories=WARDS),
        CategoryFeature(name="columns", categories=("1K", "1LDK")),
        number("position"),
    )


def _booster(features, matrix, label):
    types = ["c" if feature.kind == "category" else "q" for feature in features]
    names = [feature.name for feature in features]
    rows = xgboost.DMatrix(matrix, label, feature_names=names, feature_types=types, enable_categorical=True, nthread=1)
    parameters = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 4, "nthread": 1, "seed": 7}
    return bytes(xgboost.train(parameters, rows, TREES).save_raw("ubj"))


def _manifest(features, positives):
    return Manifest(
        model="rent-conversion",
        label="inquired",
        conversion_days=14,
        features=features,
        position=Position(feature="position", constant=1),
        bounds=(
            Bounds(name="rent per m2", expression="rent / model_config", min=500, max=20_000),
            Bounds(name="rent", expression="rent", min=10_000, max=3_000_000),
        ),
        linear=Linear(
            intercept=0.1,
            terms=(
                NumberTerm(feature="rent", transform="log1p", low=1e3, high=1e6, center=11, scale=0.5, weight=-0.2),
                CategoryTerm(feature="json", weights=(0.1, 0.2, -0.1, 0.0, 0.05)),
            ),
        ),
        trees=Trees(trees=TREES, members=1),
        sampling=Sampling(kept_negatives=0.1),
        calibration=Calibration(method="beta", a=0.9, b=1.1, c=-0.05),
        search={"trials": 1},
        metrics={"log_loss": 0.03},
        lineage=Lineage(
            spec_sha256="a" * 64,
            sql_sha256="b" * 64,
            start=None,
            end=None,
            cutoff="2026-07-01T00:00:00Z",
            rows={"train": ROWS},
            positives={"train": positives},
            data_sha256="c" * 64,
        ),
        libraries={"xgboost": xgboost.__version__},
    )


def _golden(manifest, booster, columns):
    rows = [_row(manifest, columns, index) for index in range(GOLDEN_ROWS - 3)]
    rows.append(dict.fromkeys(rows[0]))
    rows.append({**rows[0], "json": "Atlantis", "columns": "9LDK"})
    rows.append({**rows[0], "rent": 3e38})
    predictor = Predictor(Bundle(manifest, booster, (), ""))
    probabilities = predictor.probability(predictor.encode({name: [row[name] for row in rows] for name in rows[0]}))
    return tuple(
        GoldenRow(input=row, probability=float(probability))
        for row, probability in zip(rows, probabilities, strict=True)
    )


def _row(manifest, columns, index):
    def value(feature):
        cell = columns[feature.name][index]
        if feature.kind == "category":
            return str(cell)
        return None if np.isnan(cell) else float(cell)

    return {feature.name: value(feature) for feature in manifest.inputs}
