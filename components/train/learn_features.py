"""The features of a model, learned from the rows that train it: categories with their codes, ranges of numbers."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from artifacts.splits import batches, float64
from model.bundle.features import CategoryFeature, Input, NumberFeature
from model.spec.types import Spec

FEWEST_ROWS = 10  # of a category; rarer values are unknown, like unseen ones
FEWEST_OF_RARE = 2  # rows of a value that a statistic knows: of one row it would say next to nothing
MOST_RARE = 30_000  # of a category, which is about 1 MB of the bundle; the gate refuses more
MOST_RARE_BYTES = 4_000_000  # of their texts, most frequent first: a bundle's file has at most 50 MB


def learn_features(spec: Spec, paths: Sequence[Path]) -> tuple[Input, ...]:
    """The matrix's columns in order, from the files of all rows that train the model. Raises DataError.

    Values in fewer than FEWEST_ROWS rows, and beyond the `max_categories` most frequent, are rare ones, which the model
    does not tell apart. Of those, a category has the ones that a statistic of it may know.
    """
    names = spec.feature_columns
    counts: dict[str, Counter[str]] = {name: Counter() for name in names if _is_category(spec, name)}
    low = dict.fromkeys(names, math.inf)
    high = dict.fromkeys(names, -math.inf)
    for path in paths:
        for batch in batches(path, names):
            for name in names:
                if name in counts:
                    rows = pc.value_counts(batch[name].drop_null())
                    values = map(str, rows.field(0).to_pylist())
                    counts[name].update(dict(zip(values, rows.field(1).to_pylist(), strict=True)))
                else:
                    numbers = float64(batch[name], f"{path} {name}")
                    finite = numbers[np.isfinite(numbers)]
                    if len(finite):
                        low[name], high[name] = min(low[name], finite.min()), max(high[name], finite.max())
    return tuple(
        _category(spec, name, counts[name])
        if name in counts
        else _number(spec, name, float(low[name]), float(high[name]))
        for name in names
    )


def _is_category(spec: Spec, name: str) -> bool:
    return name in spec.features and spec.features[name].kind == "category"


def _category(spec: Spec, name: str, counts: Counter[str]) -> CategoryFeature:
    ordered = sorted((-rows, value) for value, rows in counts.items() if rows >= FEWEST_OF_RARE)
    frequent = [value for rows, value in ordered[: spec.training.max_categories] if -rows >= FEWEST_ROWS]
    refused = spec.features[name].unknown == "refuse"
    rare = [] if refused else [value for _, value in ordered[len(frequent) : len(frequent) + MOST_RARE]]
    sizes = itertools.accumulate(len(value.encode()) for value in rare)
    rare = [value for value, size in zip(rare, sizes, strict=True) if size <= MOST_RARE_BYTES]
    return CategoryFeature(
        name=name,
        categories=tuple(sorted(frequent)),
        unknown=spec.features[name].unknown,
        rare=tuple(sorted(rare)),
    )


def _number(spec: Spec, name: str, low: float, high: float) -> NumberFeature:
    known = low <= high
    # People look at the first rows of a list: with all else equal, a later position never raises the chance.
    direction = "decreasing" if name == spec.columns.position else spec.features[name].direction
    return NumberFeature(
        name=name, direction=direction, minimum=low if known else None, maximum=high if known else None
    )
