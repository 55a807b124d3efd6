"""Samples of the splits, as the new model reads them."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artifacts.splits import batches
from components.evaluate.candidates import Candidate, inputs_of
from model.arrays import Matrix

SAMPLE = 20_000


def sample(candidate: Candidate, split: Path) -> Matrix:
    """About SAMPLE rows of a split at most, evenly spread, at their logged position."""
    position = [candidate.position.feature] if candidate.position else []
    step = _step(split)
    start, pieces = 0, []
    for batch in batches(split, [*inputs_of(candidate), *position]):
        chosen = batch.take(np.arange(-start % step, batch.num_rows, step))
        logged = chosen[position[0]].to_numpy().astype(np.int64) if position else None
        pieces.append(candidate.encode(chosen, logged))
        start += batch.num_rows
    return np.concatenate(pieces)


def sample_weight(split: Path, label: str, *, kept_negatives: float) -> NDArray[np.float64]:
    """How many rows before the sampling of negatives each row of `sample` stands for."""
    labels = np.concatenate([batch[0].to_numpy() for batch in batches(split, [label])])
    return np.where(labels[:: _step(split)] > 0, 1.0, 1 / kept_negatives)


def thinned(matrix: Matrix, rows: int) -> Matrix:
    """About `rows` rows, evenly spread."""
    return matrix[:: max(1, len(matrix) // rows)]


def _step(split: Path) -> int:
    rows: int = pq.read_metadata(split).num_rows
    return max(1, rows // SAMPLE)
