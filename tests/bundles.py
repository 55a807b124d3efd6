"""The factory of small bundles: a design, trained for real in a moment. `tests.runs` has those that the steps train."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from components.train.position_tree import position_tree
from model.bundle.booster import xgboost
from model.bundle.bounds import Bounds
from model.bundle.bundle import Bundle, write
from model.bundle.calibration import Calibration, Sampling
from model.bundle.examination import ExaminationTable
from model.bundle.features import CategoryFeature, Feature, NumberFeature, Values, encode
from model.bundle.golden import GoldenRow
from model.bundle.linear import CategoryTerm, Linear, NumberTerm
from model.bundle.manifest import BundleLineage, BundleManifest, Position, Trees, format_of
from model.bundle.merged_booster import joined, merge
from model.bundle.predictor import Predictor

ROWS = 2000
LAYOUTS = ("1K", "1LDK", "2LDK")
WARDS = ("Kita", "Nakano", "Ota", 'the "old" town')
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
Row = dict[str, float | str | None]


@dataclass(frozen=True)
class Design:
    """What a bundle is made of; `inputs` are those of its golden rows, `parameters` XGBoost's."""

    model: str
    features: tuple[Feature, ...]
    columns: Mapping[str, Values]
    label: np.ndarray
    inputs: list[Row]
    bounds: tuple[Bounds, ...]
    linear: Linear
    calibration: Calibration
    trees: Trees
    kept_negatives: float
    parameters: Mapping[str, object] = field(default_factory=dict)


def write_valid_bundle(folder: Path, *, seed: int = 7) -> Path:
    """A bundle of numbers, a category with "other", a position, directions, trees and a linear part."""
    return write_bundle(folder, valid_design(seed))


def write_odd_names_bundle(folder: Path) -> Path:
    """A bundle whose columns have the names that generated types stumble over."""
    return write_bundle(folder, odd_names_design())


def write_examination_bundle(folder: Path, examination: ExaminationTable) -> Path:
    """A bundle of two members that know of the position what the curve says; the second is the mean of two itself."""
    usual = valid_design(7)
    position = usual.columns["position"]
    design = replace(usual, columns={**usual.columns, "position": np.ones_like(position)}, trees=Trees.of((3,)))
    tree = position_tree(examination, "position", design.features)
    labels = (design.label, 1 - design.label, np.roll(design.label, 1))
    first, *others = (joined(_booster(replace(design, label=label)), tree) for label in labels)
    booster = merge([first, merge(others)])
    manifest = _manifest(design).model_copy(
        update={
            "format": 3,
            "position": Position(feature="position", examination=examination),
            "trees": Trees.of((4, 8)),
        }
    )
    write(folder, manifest, booster, _golden(manifest, booster, design.inputs))
    return folder


def write_bundle(folder: Path, design: Design) -> Path:
    """Train the design's booster and write the bundle with this machine's probabilities."""
    booster = _booster(design)
    manifest = _manifest(design)
    write(folder, manifest, booster, _golden(manifest, booster, design.inputs))
    return folder


def valid_design(seed: int) -> Design:
    random = np.random.default_rng(seed)
    rent, area = random.uniform(1e4, 9e5, ROWS), random.uniform(5, 90, ROWS)
    layout, position = random.integers(0, len(LAYOUTS) + 1, ROWS), random.integers(1, 21, ROWS).astype(float)
    rent[::17] = np.nan
    layouts: list[str | None] = [(*LAYOUTS, "castle")[code] for code in layout]
    layouts[::13] = [None] * len(layouts[::13])
    is_1ldk = np.array([name == "1LDK" for name in layouts])
    log_odds = -np.nan_to_num(rent) / 4e5 + area / 50 + is_1ldk - position / 10
    usual: list[Row] = [
        {"rent": float(40_000 + 5_000 * row), "area_m2": float(area[row]), "layout": LAYOUTS[row % 3]}
        for row in range(100)
    ]
    weight = {"low": 1e4, "high": 9e5, "center": 12.0, "scale": 1.0, "weight": -0.1, "missing": 0.02}
    return Design(
        model="toy-conversion",
        features=(
            NumberFeature(name="rent", direction="decreasing", minimum=10_000.0, maximum=900_000.0),
            NumberFeature(name="area_m2", minimum=5.0, maximum=90.0),
            CategoryFeature(name="layout", categories=LAYOUTS),
            NumberFeature(name="position", direction="decreasing", minimum=1.0, maximum=20.0),
        ),
        columns={"rent": rent, "area_m2": area, "layout": layouts, "position": position},
        label=(random.random(ROWS) < 1 / (1 + np.exp(-log_odds))).astype(int),
        inputs=[*usual, *({**usual[0], **edge} for edge in EDGES)],
        bounds=(Bounds(name="rent per m2", expression="rent / area_m2", min=100, max=200_000),),
        linear=Linear(
            intercept=-0.3,
            terms=(
                CategoryTerm(feature="layout", weights=(0.1, 0.2, 0.3, 0.0)),
                NumberTerm(feature="rent", transform="log1p", **weight),
            ),
        ),
        calibration=Calibration(method="platt", a=1.1, c=0.1),
        trees=Trees.of((3, 3)),
        kept_negatives=0.5,
        parameters={"max_depth": 3, "max_cat_to_onehot": 2, "monotone_constraints": "(-1,0,0,-1)"},
    )


def odd_names_design() -> Design:
    """Four numbers, two categories, a position, two rules, linear part and trees."""
    columns = _odd_columns(np.random.default_rng(7))
    odds = -2 - columns["rent"] / 60_000 - 0.1 * columns["position"] + (columns["json"] == "Ota")
    features = (
        _number(columns, "rent", "decreasing"),
        _number(columns, "model_config", "increasing"),
        _number(columns, "class"),
        _number(columns, "_age"),
        CategoryFeature(name="json", categories=WARDS),
        CategoryFeature(name="columns", categories=("1K", "1LDK")),
        _number(columns, "position"),
    )
    inputs = [_input(features, columns, row) for row in range(117)]
    inputs.append(dict.fromkeys(inputs[0]))
    inputs.append({**inputs[0], "json": "Atlantis", "columns": "9LDK"})
    inputs.append({**inputs[0], "rent": 3e38})
    return Design(
        model="rent-conversion",
        features=features,
        columns=columns,
        label=np.random.default_rng(8).random(ROWS) < 1 / (1 + np.exp(-odds)),
        inputs=inputs,
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
        calibration=Calibration(method="beta", a=0.9, b=1.1, c=-0.05),
        trees=Trees.of((20,)),
        kept_negatives=0.1,
        parameters={"max_depth": 4, "seed": 7},
    )


def _odd_columns(random: np.random.Generator) -> dict[str, np.ndarray]:
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


def _number(columns: Mapping[str, np.ndarray], name: str, direction: str | None = None) -> NumberFeature:
    known = columns[name][~np.isnan(columns[name])]
    return NumberFeature(name=name, direction=direction, minimum=known.min(), maximum=known.max())


def _input(features: tuple[Feature, ...], columns: Mapping[str, np.ndarray], row: int) -> Row:
    """The row as callers send it: without the position."""
    values: Row = {}
    for feature in features[:-1]:
        cell = columns[feature.name][row]
        is_text = isinstance(feature, CategoryFeature)
        values[feature.name] = str(cell) if is_text else None if np.isnan(cell) else float(cell)
    return values


def _booster(design: Design) -> bytes:
    rows = xgboost.DMatrix(
        encode(design.features, design.columns),
        design.label,
        feature_names=[feature.name for feature in design.features],
        feature_types=["c" if feature.kind == "category" else "float" for feature in design.features],
        enable_categorical=True,
        nthread=1,
    )
    parameters = {"objective": "binary:logistic", "base_score": 0.5, "nthread": 1, **design.parameters}
    return bytes(xgboost.train(parameters, rows, design.trees.trees).save_raw("ubj"))


def _manifest(design: Design) -> BundleManifest:
    return BundleManifest(
        format=format_of(design.features, None),
        model=design.model,
        label="inquired",
        conversion_days=14,
        features=design.features,
        position=Position(feature="position", constant=1),
        bounds=design.bounds,
        linear=design.linear,
        trees=design.trees,
        sampling=Sampling(kept_negatives=design.kept_negatives),
        calibration=design.calibration,
        search={"trials": 1},
        metrics={"log_loss": 0.5},
        lineage=_lineage(design),
        libraries={"xgboost": xgboost.__version__},
    )


def _lineage(design: Design) -> BundleLineage:
    """Counts as if the share of the train split's negatives had been sampled."""
    positives = int(design.label.sum())
    train = positives + round((ROWS - positives) / design.kept_negatives)
    return BundleLineage(
        spec_sha256="a" * 64,
        sql_sha256="b" * 64,
        start="2026-04-02T00:00:00Z",
        end="2026-07-01T00:00:00Z",
        cutoff="2026-07-01T00:00:00Z",
        rows={"train": train, "calibration": 500, "test": TEST_ROWS, "train_sampled": ROWS},
        positives={"train": positives, "calibration": 90, "test": TEST_CONVERSIONS},
        data_sha256="c" * 64,
    )


def _golden(manifest: BundleManifest, booster: bytes, inputs: list[Row]) -> tuple[GoldenRow, ...]:
    predictor = Predictor(Bundle(manifest, booster, (), ""))
    columns = {name: [row[name] for row in inputs] for name in inputs[0]}
    probabilities = predictor.probability(predictor.encode(columns))
    return tuple(GoldenRow(input=row, probability=float(p)) for row, p in zip(inputs, probabilities, strict=True))
