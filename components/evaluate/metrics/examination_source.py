"""The data that the examination curve of a run is estimated from."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.evaluate.metrics.position_bias import ExaminationCurve, enough, from_model, from_random_order
from components.evaluate.test_set import query
from model.arrays import Floats
from model.bundle.predictor import Predictor
from model.spec.types import Spec
from model.sql import quoted

MOST_POSITIONS = 100


def examination_curve(
    spec: Spec, splits: Path, predictor: Predictor, sample: NDArray[np.float32], last_position: int
) -> ExaminationCurve:
    """From lists in random order if they have enough conversions, else from the model's position input.

    `sample` are some test rows as the model reads them, `last_position` is the last logged one.
    """
    size = min(last_position, MOST_POSITIONS)
    if spec.columns.explore:
        events, impressions = random_order(spec, splits, predictor.manifest.sampling.kept_negatives, size)
        if enough(events):
            source = f"{events.sum():,.0f} conversions in lists shown in random order"
            return from_random_order(events, impressions, source=source)
    column = predictor.manifest.names.index(str(spec.columns.position))
    probabilities = [_mean_at(position, column, predictor, sample) for position in range(1, size + 1)]
    return from_model(np.array(probabilities), source="the model's own position input, all else equal")


def _mean_at(position: int, column: int, predictor: Predictor, sample: NDArray[np.float32]) -> float:
    """The mean probability of the sample with every row at `position`."""
    matrix = sample.copy()
    matrix[:, column] = position
    return float(predictor.probability(matrix).mean())


def random_order(spec: Spec, splits: Path, kept_negatives: float, size: int) -> tuple[Floats, Floats]:
    """Conversions and rows by position, from position 1, over all splits; a sampled negative counts for those that
    sampling left out."""
    label, position, explore = (
        quoted(str(name)) for name in (spec.columns.label, spec.columns.position, spec.columns.explore)
    )
    selected = [
        f"select {position} as position, {label} as y, case when {label} = 0 then {weight!r} else 1.0 end as weight "
        f"from read_parquet(${split}) where {explore} = 1 and {position} <= {size}"
        for split, weight in (("train", 1 / kept_negatives), ("calibration", 1.0), ("test", 1.0))
    ]
    columns = query(
        "select position, sum(y)::double as events, sum(weight)::double as impressions "
        f"from ({' union all '.join(selected)}) group by position order by position",
        **{split: str(splits / f"{split}.parquet") for split in ("train", "calibration", "test")},
    )
    index = np.asarray(columns["position"], np.int64) - 1
    events, impressions = np.zeros(size), np.zeros(size)
    events[index], impressions[index] = columns["events"], columns["impressions"]
    return events, impressions
