"""The model that all servers serve: synthetic, and like a real one in what costs time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.bundle.booster import xgboost
from model.bundle.bounds import Bounds
from model.bundle.bundle import load
from model.bundle.calibration import Calibration
from model.bundle.features import CategoryFeature, Feature, NumberFeature
from model.bundle.folder import BOOSTER
from model.bundle.golden import InputValue
from model.bundle.linear import CategoryTerm, NumberTerm, Term
from model.bundle.linear import Linear as LinearPart
from model.bundle.manifest import Trees
from model.bundle.predictor import Predictor
from tests.bundles import Design, write_bundle

NUMBERS, LEVELS = 16, (3, 4, 6, 8, 12, 20, 40, 60)  # a third of the inputs are categories
TRAINING_ROWS, TREES = 20_000, 600
GOLDEN_ROWS = 120
ROWS = 3_000  # distinct ones that are sent: the same row again and again would be in every cache
SEED = 20


@dataclass(frozen=True)
class ModelCase:
    """The bundle, its booster for servers that know no bundle, and rows with their answers.

    `columns` are the inputs by name; `matrix` float32 (ROWS, features) is what trees read, the position included.
    `probability` is Kamado's, float64; `trees` the booster's own, float32, without linear part and calibration.
    """

    bundle: Path
    columns: Mapping[str, list[InputValue]]
    matrix: NDArray[np.float32]
    probability: NDArray[np.float64]
    trees: NDArray[np.float32]

    @property
    def booster(self) -> Path:
        return self.bundle / BOOSTER

    def row(self, index: int) -> dict[str, InputValue]:
        return {name: values[index] for name, values in self.columns.items()}


def model_case(folder: Path) -> ModelCase:
    """Trains the model, always the same one, in some three processor seconds."""
    bundle = load(write_bundle(folder / "bundle", _design()))
    names = [feature.name for feature in bundle.manifest.inputs]
    sent = _inputs(np.random.default_rng(SEED + 1), ROWS)
    columns: dict[str, list[InputValue]] = {name: sent[name].tolist() for name in names}
    predictor = Predictor(bundle)
    matrix = predictor.encode(columns)
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(bundle.booster))
    trees: NDArray[np.float32] = booster.inplace_predict(matrix)
    return ModelCase(folder / "bundle", columns, matrix, predictor.probability(matrix), trees)


def _inputs(random: np.random.Generator, rows: int) -> dict[str, NDArray[np.generic]]:
    """Numbers with two decimals and categories, without missing values: not every server can be sent one."""
    columns: dict[str, NDArray[np.generic]] = {
        f"number_{index}": np.round(random.lognormal(index / 4, 0.6, rows), 2) for index in range(NUMBERS)
    }
    for index, levels in enumerate(LEVELS):
        columns[f"category_{index}"] = np.array([f"level {level}" for level in random.integers(0, levels, rows)])
    return columns


def _design() -> Design:
    random = np.random.default_rng(SEED)
    columns = _inputs(random, TRAINING_ROWS)
    columns["position"] = random.integers(1, 21, TRAINING_ROWS).astype(np.float64)
    golden = _inputs(random, GOLDEN_ROWS)
    return Design(
        model="bench-conversion",
        features=(*_features(columns), NumberFeature(name="position", direction="decreasing", minimum=1, maximum=20)),
        columns=columns,
        label=random.random(TRAINING_ROWS) < 1 / (1 + np.exp(-_log_odds(columns, random))),
        inputs=[{name: values[row].item() for name, values in golden.items()} for row in range(GOLDEN_ROWS)],
        bounds=(
            Bounds(name="ratio", expression="number_1 / number_2", min=0.01, max=100),
            Bounds(name="number_3", expression="number_3", min=0.01, max=1_000),
        ),
        linear=LinearPart(intercept=-1.2, terms=tuple(_terms())),
        calibration=Calibration(method="beta", a=0.95, b=1.05, c=-0.02),
        trees=Trees.of((TREES,)),
        kept_negatives=0.1,
        parameters={
            "max_depth": 4,
            "min_child_weight": 20,  # with it the booster has the megabyte of one that was trained on real rows
            "eta": 0.05,
            "max_cat_to_onehot": 4,
            "nthread": 2,
            "seed": SEED,
        },
    )


def _features(columns: Mapping[str, NDArray[np.generic]]) -> list[Feature]:
    numbers = [f"number_{index}" for index in range(NUMBERS)]
    return [
        *(NumberFeature(name=name, minimum=columns[name].min(), maximum=columns[name].max()) for name in numbers),
        *(
            CategoryFeature(name=f"category_{index}", categories=tuple(f"level {level}" for level in range(levels)))
            for index, levels in enumerate(LEVELS)
        ),
    ]


def _terms() -> list[Term]:
    numbers = [
        NumberTerm(
            feature=f"number_{index}",
            transform="log1p" if index % 2 else "identity",
            low=0.1,
            high=200.0,
            center=1.0,
            scale=2.0,
            weight=0.05 * (index - 3),
        )
        for index in range(NUMBERS // 2)
    ]
    categories = [
        CategoryTerm(
            feature=f"category_{index}", weights=tuple(0.1 * (level % 3 - 1) for level in range(LEVELS[index] + 1))
        )
        for index in range(len(LEVELS) // 2)
    ]
    return [*numbers, *categories]


def _log_odds(columns: Mapping[str, NDArray[np.generic]], random: np.random.Generator) -> NDArray[np.float64]:
    total = np.full(TRAINING_ROWS, -1.0)
    for index in range(NUMBERS):
        total += 0.3 * random.normal() * np.log(np.asarray(columns[f"number_{index}"], dtype=np.float64))
    for index, levels in enumerate(LEVELS):
        effects = {f"level {level}": effect for level, effect in enumerate(random.normal(0, 0.4, levels))}
        total += np.array([effects[str(level)] for level in columns[f"category_{index}"]])
    return total + np.where(np.asarray(columns["number_1"], dtype=np.float64) > 1.3, 0.5, -0.2)
