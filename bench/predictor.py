"""The scoring call alone, by the kernel and by XGBoost: `python bench/predictor.py`.

Two synthetic models of depth 6, 400 and 730 trees, a third of their inputs categories (3 to 400 levels), with linear
part, calibration and rules. Processor time of one thread per call; the kernel turns inputs into probabilities and
flags, XGBoost its float32 matrix into margins and nothing else. Every round measures both, and what each takes for the
contributions of one row. Then a million rows, by both engines: how many bits of margin and probability differ. Exit
code 1 when a goal is missed.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.spread import spread
from model.bundle.booster import xgboost
from model.bundle.bounds import Bounds
from model.bundle.bundle import Bundle
from model.bundle.calibration import Calibration, Sampling
from model.bundle.contributions import Explainer
from model.bundle.features import CategoryFeature, NumberFeature
from model.bundle.linear import CategoryTerm, Linear, NumberTerm
from model.bundle.manifest import BundleManifest, Position, Trees
from model.bundle.predictor import Engine, Predictor
from model.bundle.row_scorer import RowScorer

NUMBERS, LEVELS = 20, (3, 5, 8, 12, 20, 40, 80, 120, 200, 400)
TREES = (400, 730)
TRAINING_ROWS, SEED = 20_000, 21
SIZES = {1: 2_000, 32: 100, 1_000: 5}  # rows of a call -> calls in a round
EXPLANATIONS = 20  # in a round
MOST_MICROSECONDS, LEAST_RATIO, MOST_LOAD_SECONDS = 20.0, 2.0, 0.1


@dataclass(frozen=True)
class Cost:
    """Microseconds of a call, by engine, of one round."""

    kernel: float
    xgboost: float


def rows_of(random: np.random.Generator, rows: int) -> NDArray[np.float64]:
    """Inputs, then the position: numbers of several shapes, a tenth of some missing, and codes, some unknown."""
    numbers = random.normal(size=(rows, NUMBERS))
    numbers[:, ::4] = np.exp(2 * numbers[:, ::4])
    numbers[:, 1::4] = np.round(3 * numbers[:, 1::4])
    for index in range(0, NUMBERS, 5):
        numbers[random.random(rows) < 0.1, index] = np.nan
    codes = np.stack([random.integers(0, levels + 1, rows) for levels in LEVELS], axis=1).astype(np.float64)
    codes[random.random(codes.shape) < 0.03] = np.nan
    return np.concatenate([numbers, codes, random.integers(1, 21, (rows, 1))], axis=1)


def bundle_of(trees: int) -> Bundle:
    random = np.random.default_rng(SEED)
    rows = rows_of(random, TRAINING_ROWS)
    features = (
        *(NumberFeature(name=f"n{index}", minimum=-9.0, maximum=9.0) for index in range(NUMBERS)),
        *(CategoryFeature(name=f"c{levels}", categories=tuple(map(str, range(levels)))) for levels in LEVELS),
        NumberFeature(name="position"),
    )
    log_odds = np.nan_to_num(np.log1p(rows[:, 0])) - rows[:, 6] + 0.1 * rows[:, 1] - rows[:, -1] / 20
    for index, levels in enumerate(LEVELS):
        log_odds += 0.5 * random.normal(size=levels + 1)[np.nan_to_num(rows[:, NUMBERS + index]).astype(int)]
    matrix = xgboost.DMatrix(
        rows.astype(np.float32),
        random.random(TRAINING_ROWS) < 1 / (1 + np.exp(-log_odds)),
        feature_names=[feature.name for feature in features],
        feature_types=["c" if feature.kind == "category" else "float" for feature in features],
        enable_categorical=True,
    )
    parameters = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 6, "eta": 0.05, "nthread": 2}
    booster = bytes(xgboost.train(parameters, matrix, trees).save_raw("ubj"))
    manifest = BundleManifest.model_construct(
        features=features,
        position=Position(feature="position", constant=1),
        bounds=(
            Bounds(name="ratio", expression="n0 / n4", min=0.01, max=100),
            Bounds(name="n1", expression="n1", min=-12),
        ),
        linear=_linear(),
        trees=Trees.of((trees,)),
        sampling=Sampling(kept_negatives=0.1),
        calibration=Calibration(method="beta", a=0.95, b=1.05, c=-0.02),
    )
    return Bundle(manifest, booster, (), "")


def _linear() -> Linear:
    numbers = [
        NumberTerm(feature=f"n{index}", transform=transform, low=0.0, high=50.0, center=1.0, scale=2.0, weight=0.05)
        for index, transform in ((0, "log1p"), (4, "log1p"), (8, "log1p"), (1, "identity"), (2, "identity"))
    ]
    categories = [
        CategoryTerm(feature=f"c{levels}", weights=tuple(0.01 * (code % 7) for code in range(levels + 1)))
        for levels in LEVELS
    ]
    return Linear(intercept=-1.0, terms=(*numbers, *categories))


def microseconds(call: Callable[[int], object], calls: int) -> float:
    began = time.process_time()
    for number in range(calls):
        call(number)
    return (time.process_time() - began) / calls * 1e6


def costs_of(bundle: Bundle, rounds: int) -> dict[int, list[Cost]]:
    scorer = RowScorer(Predictor(bundle, engine="kernel"))
    trees = xgboost.Booster({"nthread": 1})
    trees.load_model(bytearray(bundle.booster))
    costs: dict[int, list[Cost]] = {size: [] for size in SIZES}
    for number in range(rounds):
        random = np.random.default_rng(SEED + number)
        for size, calls in SIZES.items():
            values = np.split(rows_of(random, size * calls)[:, :-1].copy(), calls)
            matrices = [scorer.matrix(part) for part in values]
            theirs = min(calls, 200)
            costs[size].append(
                Cost(
                    microseconds(lambda at, values=values: scorer.score(values[at]), calls),
                    microseconds(
                        lambda at, matrices=matrices: trees.inplace_predict(matrices[at], predict_type="margin"), theirs
                    ),
                )
            )
    return costs


def explanation_milliseconds(bundle: Bundle, rounds: int) -> dict[Engine, list[float]]:
    """Of the contributions of one row, by engine."""
    matrices = np.split(rows_of(np.random.default_rng(SEED), EXPLANATIONS).astype(np.float32), EXPLANATIONS)
    milliseconds: dict[Engine, list[float]] = {"kernel": [], "xgboost": []}
    explainers = {engine: Explainer(Predictor(bundle, engine=engine)) for engine in milliseconds}
    for _ in range(rounds):
        for engine, explainer in explainers.items():
            cost = microseconds(lambda at, explain=explainer.explain: explain(matrices[at]), EXPLANATIONS)
            milliseconds[engine].append(cost / 1e3)
    return milliseconds


def load_seconds(bundle: Bundle, rounds: int) -> list[float]:
    """Read, check and lay out the booster."""
    seconds = []
    for _ in range(rounds):
        began = time.process_time()
        Predictor(bundle, engine="kernel")
        seconds.append(time.process_time() - began)
    return seconds


def differing_bits(bundle: Bundle, rows: int) -> int:
    """Bits of margin and probability that are not the same by both engines."""
    kernel, other = Predictor(bundle, engine="kernel"), Predictor(bundle, engine="xgboost", threads=2)
    random = np.random.default_rng(SEED)
    bits = 0
    for _ in range(rows // 50_000):
        matrix = rows_of(random, 50_000).astype(np.float32)
        margin = other.margin(matrix)
        for ours, theirs in (
            (kernel.margin(matrix), margin),
            (kernel.probability(matrix), other.calibrated(margin)),
        ):
            bits += int(np.bitwise_count(ours.view(np.uint64) ^ theirs.view(np.uint64)).sum())
    return bits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="of every measurement")
    parser.add_argument("--rows", type=int, default=1_000_000, help="compared to the bit, over both models")
    args = parser.parse_args()
    console = Console(highlight=False, width=120)
    table = Table("trees", "rows of a call", "kernel, µs", "per row", "XGBoost, µs", "XGBoost over kernel")
    reached = True
    for trees in TREES:
        bundle = bundle_of(trees)
        for size, costs in costs_of(bundle, args.rounds).items():
            kernel, theirs = [cost.kernel for cost in costs], [cost.xgboost for cost in costs]
            ratios = [cost.xgboost / cost.kernel for cost in costs]
            per_row = f"{statistics.median(kernel) / size:,.2f}"
            times = spread(kernel, digits=1), per_row, spread(theirs, digits=0)
            table.add_row(str(trees), f"{size:,}", *times, spread(ratios, digits=1))
            reached &= statistics.median(ratios) >= LEAST_RATIO
            reached &= size > 1 or statistics.median(kernel) <= MOST_MICROSECONDS
        seconds, bits = load_seconds(bundle, args.rounds), differing_bits(bundle, args.rows // len(TREES))
        console.print(f"{trees} trees: loaded in {spread(seconds, ' s', 3)}")
        for engine, milliseconds in explanation_milliseconds(bundle, args.rounds).items():
            console.print(f"{trees} trees: contributions of a row by {engine} in {spread(milliseconds, ' ms')}")
        console.print(f"{trees} trees: {bits} bits differ, {args.rows // len(TREES):,} rows")
        reached &= bits == 0 and statistics.median(seconds) <= MOST_LOAD_SECONDS
    console.print(table)
    console.print("every goal is reached" if reached else "a goal is missed")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
