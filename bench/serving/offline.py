"""The kernel beside XGBoost without HTTP: `python -m bench.serving.offline BUNDLE SCRATCH ROWS`.

Scores ROWS random rows by both and counts differing bits, then a Parquet file of them into another. Prints one JSON
object; times are those of the processors.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.score.score import score
from model.arrays import Floats
from model.bundle.bundle import load
from model.bundle.features import CategoryFeature, Feature, encode_numbers
from model.bundle.manifest import BundleManifest
from model.bundle.predictor import Predictor
from model.bundle.row_scorer import RowScorer

ENGINES: tuple[Literal["kernel", "xgboost"], ...] = ("kernel", "xgboost")
TREES = "xgboost's trees alone"
CHUNK = 50_000
REPEATS = 3
SEED = 12
MISSING, UNUSUAL = 0.03, 0.01  # shares of the values


@dataclass(frozen=True)
class Offline:
    """`bits` differ in probabilities, log odds and flags; the others are rows a second of a core, by engine."""

    rows: int
    bits: int
    scoring: dict[str, float]
    parquet: dict[str, float]


def values(inputs: tuple[Feature, ...], rows: int) -> Iterator[Floats]:
    """Chunks of (rows, inputs): some missing, some that training never saw, many more digits than in training."""
    random = np.random.default_rng(SEED)
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        yield np.column_stack([_column(feature, random, count) for feature in inputs])


def _column(feature: Feature, random: np.random.Generator, count: int) -> Floats:
    if isinstance(feature, CategoryFeature):
        column = random.integers(0, feature.other + 1, count).astype(np.float64)
    else:
        column = random.uniform(feature.minimum or 0, feature.maximum or 1, count)
        rounded = random.random(count) < 0.5  # as in training: such values are equal to thresholds
        column[rounded] = np.round(column[rounded], 2)
        unusual = random.random(count) < UNUSUAL
        column[unusual] = random.choice([-1e300, -1.0, 0.0, 1e-40, 1e9, 1e300], int(unusual.sum()))
    column[random.random(count) < MISSING] = np.nan
    return column


def differing_bits(first: NDArray[np.generic] | None, second: NDArray[np.generic] | None) -> int:
    """Values of which not all bits are equal."""
    if first is None or second is None:
        return int(first is not second)
    return int((first.view(np.uint8).reshape(len(first), -1) != second.view(np.uint8).reshape(len(second), -1)).sum())


def scoring(bundle: Path, rows: int) -> tuple[int, dict[str, float]]:
    """Differing bits, and rows a second: by both engines, and by XGBoost without what Kamado adds to its trees."""
    scorers = {engine: RowScorer(Predictor(load(bundle), engine=engine)) for engine in ENGINES}
    used: dict[str, float] = {**dict.fromkeys(ENGINES, 0.0), TREES: 0.0}
    bits = 0
    for chunk in values(scorers["kernel"].predictor.manifest.inputs, rows):
        scores = {}
        for engine, scorer in scorers.items():
            began = time.process_time()
            scores[engine] = scorer.score(chunk)
            used[engine] += time.process_time() - began
        bits += sum(map(differing_bits, scores["kernel"], scores["xgboost"]))
        matrix = _matrix(scorers["xgboost"].predictor.manifest, chunk)
        began = time.process_time()
        scorers["xgboost"].predictor.booster.inplace_predict(matrix)
        used[TREES] += time.process_time() - began
    return bits, {name: rows / seconds for name, seconds in used.items()}


def _matrix(manifest: BundleManifest, chunk: Floats) -> NDArray[np.float32]:
    """What the trees read: inputs as float32, and the constant position."""
    columns = dict(zip([feature.name for feature in manifest.inputs], chunk.T, strict=True))
    if manifest.position:
        columns[manifest.position.feature] = np.full(len(chunk), float(manifest.position.constant))
    return np.column_stack([encode_numbers(columns[name]) for name in manifest.names])


def parquet(bundle: Path, scratch: Path, rows: int) -> dict[str, float]:
    """The best of some repeats, from a file into a file."""
    inputs, data = load(bundle).manifest.inputs, scratch / "rows.parquet"
    tables = (pa.table([_arrow(f, c) for f, c in zip(inputs, chunk.T, strict=True)], names=[f.name for f in inputs])
              for chunk in values(inputs, rows))  # fmt: skip
    pq.write_table(pa.concat_tables(tables), data)
    used: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    for _ in range(REPEATS):
        for engine in ENGINES:
            began = time.process_time()
            score(bundle, data, scratch / "scores" / "scores.parquet", ids=(), progress=_quiet, engine=engine)
            used[engine].append(time.process_time() - began)
    return {engine: rows / min(seconds) for engine, seconds in used.items()}


def _arrow(feature: Feature, column: Floats) -> pa.Array:
    if not isinstance(feature, CategoryFeature):
        return pa.array(column, from_pandas=True)
    codes = pa.array(column, from_pandas=True).cast(pa.int32())
    return pa.DictionaryArray.from_arrays(codes, pa.array([*feature.categories, "never seen"])).cast(pa.string())


def _quiet(*_: object) -> None:
    pass


def main(bundle: str, scratch: str, rows: str) -> None:
    bits, rates = scoring(Path(bundle), int(rows))
    print(json.dumps(asdict(Offline(int(rows), bits, rates, parquet(Path(bundle), Path(scratch), int(rows))))))


if __name__ == "__main__":
    main(*sys.argv[1:])
