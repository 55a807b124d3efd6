"""Golden rows: inputs with the probability that training computed, so that a server can check that it agrees."""

import heapq
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from artifacts.split import split_file
from artifacts.splits import batches
from components.train.split_rows import hash64
from model.bundle.bounds import Bounds
from model.bundle.bundle import Bundle
from model.bundle.features import CategoryFeature, Input, NumberFeature
from model.bundle.golden import GoldenRow, InputRow
from model.bundle.manifest import BundleManifest
from model.bundle.predictor import Predictor
from model.expression import Expression

USUAL_ROWS = 120  # not edge cases
UNSEEN = "a value that training never saw"
# Rows with one input changed. A row has every input, so that a row for each would make the file grow with their square.
MOST_SINGLES = 100
FAR = 3e38  # near the end of float32, which is what the model reads


def golden_rows(manifest: BundleManifest, booster: bytes, splits: Path) -> tuple[GoldenRow, ...]:
    """Rows of the calibration split and edge cases, each with the answer of `Predictor`: the same for a bundle."""
    usual = usual_rows(manifest, split_file(splits, "calibration"))
    rows = [*usual, *edge_rows(manifest, usual[0])]
    predictor = Predictor(Bundle(manifest, booster, (), ""))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    answers = predictor.probability(predictor.encode(columns))
    return tuple(GoldenRow(input=row, probability=float(p)) for row, p in zip(rows, answers, strict=True))


def usual_rows(manifest: BundleManifest, path: Path) -> list[InputRow]:
    """USUAL_ROWS rows spread over the file by the hash of their number; rows of a small file are repeated."""
    names = [feature.name for feature in manifest.inputs]
    chosen: list[tuple[int, int, InputRow]] = []
    start = 0
    for batch in batches(path, names):
        hashed = heapq.nsmallest(
            USUAL_ROWS, ((hash64(f"golden:{start + index}"), index) for index in range(batch.num_rows))
        )
        batch_rows = batch.take([index for _, index in hashed]).to_pylist()
        chosen += [(key, start + index, row) for (key, index), row in zip(hashed, batch_rows, strict=True)]
        chosen = sorted(chosen, key=lambda entry: entry[:2])[:USUAL_ROWS]
        start += batch.num_rows
    rows = [_plain(manifest, row) for _, _, row in chosen]
    return [rows[index % len(rows)] for index in range(USUAL_ROWS)]


def _plain(manifest: BundleManifest, row: Mapping[str, object]) -> InputRow:
    """As in JSON: text, float or null."""
    plain: InputRow = {}
    for feature in manifest.inputs:
        value = row[feature.name]
        if value is None or isinstance(feature, CategoryFeature):
            text = None if value is None else str(value)
            plain[feature.name] = text if _is_answered(feature, text) else None
        else:
            number = float(str(value)) if not isinstance(value, int | float) else float(value)
            plain[feature.name] = number if np.isfinite(number) else None
    return plain


def _is_answered(feature: Input, value: str | None) -> bool:
    """A server refuses a request with an unknown category where the model says so."""
    return not isinstance(feature, CategoryFeature) or feature.unknown != "refuse" or value in feature.known


def edge_rows(manifest: BundleManifest, base: InputRow) -> list[InputRow]:
    """Missing (all, and each alone), unseen (all, and each alone), both ends of every range and bound, far outside.

    Where a server refuses unseen categories, no row has one. Of more than MOST_SINGLES inputs several are missing or
    unseen in one row.
    """
    numbers = [feature for feature in manifest.inputs if isinstance(feature, NumberFeature)]
    rows: list[InputRow] = [dict.fromkeys(base), *(base | dict.fromkeys(names, None) for names in _groups(list(base)))]
    answered = [
        feature.name
        for feature in manifest.inputs
        if isinstance(feature, CategoryFeature) and _is_answered(feature, UNSEEN)
    ]
    rows += [base | dict.fromkeys(names, UNSEEN) for names in _groups(answered)]
    rows.append({**base, **dict.fromkeys(answered, UNSEEN)})
    for far in (-FAR, FAR, 0.0):
        rows.append({**base, **{feature.name: far for feature in numbers}})
    for end in ("minimum", "maximum"):
        rows.append({**base, **{feature.name: getattr(feature, end) for feature in numbers}})
    for bounds in manifest.bounds:
        rows += [{**base, name: value} for name, value in _ends(bounds)]
    return rows


def _groups(names: Sequence[str]) -> list[Sequence[str]]:
    """Neighbours together, in at most MOST_SINGLES groups."""
    size = max(1, -(-len(names) // MOST_SINGLES))
    return [names[start : start + size] for start in range(0, len(names), size)]


def _ends(bounds: Bounds) -> Sequence[tuple[str, float]]:
    """The bounds of one column alone, and the next number outside them."""
    expression = Expression.parse(bounds.expression)
    if expression.text.strip() != expression.columns[0]:
        return ()
    low = [] if bounds.min is None else [bounds.min, float(np.nextafter(bounds.min, -np.inf))]
    high = [] if bounds.max is None else [bounds.max, float(np.nextafter(bounds.max, np.inf))]
    return [(expression.columns[0], value) for value in (*low, *high)]
