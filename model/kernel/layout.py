"""A bundle as flat arrays, as kernel.h describes them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arithmetic import log
from model.booster.trees import BoosterTrees
from model.bundle.linear import Linear
from model.bundle.manifest import BundleManifest
from model.kernel.programs import programs_of
from model.kernel.splits import splits_of
from model.kernel.structures import (
    ARRAYS,
    CALIBRATIONS,
    CATEGORY,
    FEATURE,
    NO_INPUT,
    NODE,
    NUMBER,
    NUMBER_LOG1P,
    STATISTIC,
    TERM,
    Model,
)
from model.kernel.tree_order import tree_order


@dataclass(frozen=True)
class FlatModel:
    """The arrays by their names in kernel.h, read-only, and the numbers beside them."""

    arrays: Mapping[str, NDArray[np.generic]]
    inputs: int
    words: int
    calibration: int
    intercept: float
    shift: float
    a: float
    b: float
    c: float

    def model(self) -> Model:
        """The structure that C reads; it points into the arrays of this object."""
        arrays = self.arrays
        return Model(
            features=len(arrays["feature"]),
            inputs=self.inputs,
            columns=len(arrays["column"]),
            words=self.words,
            trees=len(arrays["tree"]),
            nodes=len(arrays["node"]),
            terms=len(arrays["term"]),
            weights=len(arrays["weight"]),
            rules=len(arrays["rule"]),
            operations=len(arrays["operation"]),
            calibration=self.calibration,
            thresholds=len(arrays["threshold"]),
            table_words=len(arrays["table"]),
            path_values=len(arrays["path"]),
            statistic_values=len(arrays["statistic"]),
            intercept=self.intercept,
            shift=self.shift,
            a=self.a,
            b=self.b,
            c=self.c,
            **{name: array.ctypes.data for name, array in arrays.items()},
        )


def flatten(manifest: BundleManifest, trees: BoosterTrees) -> FlatModel:
    """Raises ValueError for what the kernel cannot score: UnreadableTrees, or a part of another model."""
    if trees.features != len(manifest.features):
        raise ValueError(f"the trees read {trees.features} features, the manifest has {len(manifest.features)}")
    splits, order = splits_of(trees), tree_order(trees)
    node = np.empty(len(order.origin), NODE)
    node["split"], node["left"] = splits.split[order.origin], order.left
    is_leaf = order.left == np.arange(len(order.left))
    term, weight = _linear(manifest.linear, manifest.names)
    rule, operation = programs_of(manifest.bounds, [feature.name for feature in manifest.inputs])
    arrays: dict[str, NDArray[np.generic]] = {
        "feature": _features(manifest),
        "column": splits.column,
        "threshold": splits.threshold,
        "table": splits.table,
        "tree": order.tree,
        "node": node,
        "value": np.where(is_leaf, trees.value[order.origin], 0),
        "path": order.path,
        "split_feature": np.where(is_leaf, 0, trees.feature[order.origin]),
        "cover": trees.cover[order.origin],
        "term": term,
        "weight": weight,
        "rule": rule,
        "operation": operation,
        "statistic": np.array([value for feature in manifest.statistics for value in feature.values]),
    }
    arrays = {name: np.ascontiguousarray(array, dtype=ARRAYS[name]) for name, array in arrays.items()}
    for array in arrays.values():
        array.flags.writeable = False
    calibration = manifest.calibration
    return FlatModel(
        arrays,
        inputs=len(manifest.inputs),
        words=splits.words,
        calibration=CALIBRATIONS[calibration.method],
        intercept=manifest.linear.intercept,
        shift=log(manifest.sampling.kept_negatives),
        a=calibration.a,
        b=calibration.b,
        c=calibration.c,
    )


def _features(manifest: BundleManifest) -> NDArray[np.void]:
    position = manifest.position
    source = {feature.name: index for index, feature in enumerate(manifest.inputs)}
    records, first = [], 0
    for feature in manifest.features:
        if feature.kind == "statistic":
            known = len(feature.values)
            records.append((source[feature.input], STATISTIC, 0, 0, known, first, feature.missing, 0.0, 0.0))
            first += known
            continue
        constant = float(position.constant) if position and feature.name == position.feature else 0.0
        input_index = source.get(feature.name, NO_INPUT)
        if feature.kind == "category":
            codes = (feature.other, int(feature.unknown == "missing"), len(feature.known))
            records.append((input_index, CATEGORY, *codes, 0, constant, 0.0, 0.0))
        else:
            low = -math.inf if feature.minimum is None else feature.minimum
            high = math.inf if feature.maximum is None else feature.maximum
            records.append((input_index, NUMBER, 0, 0, 0, 0, constant, low, high))
    return np.array(records, FEATURE)


def _linear(linear: Linear, names: tuple[str, ...]) -> tuple[NDArray[np.void], NDArray[np.float64]]:
    records, weights = list[tuple[float, ...]](), list[float]()
    for term in linear.terms:
        if term.feature not in names:
            raise ValueError(f"the linear part reads {term.feature!r}, which is not a feature")
        feature = names.index(term.feature)
        if term.kind == "category":
            records.append((feature, CATEGORY, len(weights), len(term.weights), 0, 0, 0, 1, 0, term.missing))
            weights += term.weights
        else:
            kind = NUMBER_LOG1P if term.transform == "log1p" else NUMBER
            numbers = (term.low, term.high, term.center, term.scale, term.weight, term.missing)
            records.append((feature, kind, 0, 0, *numbers))
    return np.array(records, TERM), np.array(weights, dtype=np.float64)
