"""Where the examination curve of a run comes from."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.evaluate.metrics.position_bias import Examination, enough, from_model, from_random_order
from components.evaluate.test_set import query
from model.bundle.features import Feature
from model.bundle.predictor import Predictor
from model.spec.types import Spec
from model.sql import quoted

Floats = NDArray[np.float64]
MOST_PLACES = 100


def examination(
    spec: Spec,
    parts: Path,
    *,
    kept_negatives: float,
    predictor: Predictor,
    features: tuple[Feature, ...],
    sample: NDArray[np.float32],
    places: int,
) -> Examination:
    """From lists in random order if they hold enough conversions, else from the model's position input.

    `sample` are some test rows as the model reads them, `places` is the last logged place.
    """
    size = min(places, MOST_PLACES)
    if spec.columns.explore:
        events, shown = random_order(spec, parts, kept_negatives, size)
        if enough(events):
            return from_random_order(
                events, shown, source=f"{events.sum():,.0f} conversions in lists shown in random order"
            )
    column = [feature.name for feature in features].index(str(spec.columns.position))
    moved = sample.copy()
    chances = []
    for place in range(1, size + 1):
        moved[:, column] = place
        chances.append(predictor.probability(moved).mean())
    return from_model(np.array(chances), source="the model's own position input, all else held")


def random_order(spec: Spec, parts: Path, kept_negatives: float, size: int) -> tuple[Floats, Floats]:
    """Conversions and rows by place, from place 1, over all parts; sampled negatives count for those left out."""
    label, place, explore = (
        quoted(str(name)) for name in (spec.columns.label, spec.columns.position, spec.columns.explore)
    )
    chosen = [
        f"select {place} as place, {label} as y, case when {label} = 0 then {weight!r} else 1.0 end as weight "
        f"from read_parquet(${part}) where {explore} = 1 and {place} <= {size}"
        for part, weight in (("train", 1 / kept_negatives), ("calibration", 1.0), ("test", 1.0))
    ]
    found = query(
        f"select place, sum(y)::double as events, sum(weight)::double as shown from ({' union all '.join(chosen)}) "
        "group by place order by place",
        **{part: str(parts / f"{part}.parquet") for part in ("train", "calibration", "test")},
    )
    at = np.asarray(found["place"], np.int64) - 1
    events, shown = np.zeros(size), np.zeros(size)
    events[at], shown[at] = found["events"], found["shown"]
    return events, shown
