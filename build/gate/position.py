"""What the position adds to the log odds: in a bundle with an examination curve, the logarithm of that curve.

It is read from the trees, so it holds for every row and not for the golden rows alone. A booster adds its trees: where
each tree that reads the position reads nothing else, the position adds the same to every row. Each member of the
ensemble must add it, because evaluation scores with members alone as well. A position is never missing, neither in
training, which refuses such rows, nor in scoring, where it is a constant.
"""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from build.gate.tree import Tree
from model.arrays import Floats
from model.bundle.examination import ExaminationTable
from model.bundle.features import NumberFeature
from model.bundle.folder import BOOSTER, MANIFEST, RETRAIN
from model.bundle.manifest import BundleManifest
from model.errors import Problem

CODE = "position-effect"
TOLERANCE = 1e-5  # log odds: leaves are float32, so log e of any curve is exact to about 1e-6


def position_problems(trees: Sequence[Tree], manifest: BundleManifest) -> Iterator[Problem]:
    """Problems of all trees of the booster, in order; none for a bundle without a curve, whose trees learned it."""
    position, sizes = manifest.position, manifest.trees.members
    if position is None or position.examination is None:
        return
    is_number = any(item.name == position.feature and isinstance(item, NumberFeature) for item in manifest.features)
    if not is_number or min(sizes) < 1 or sum(sizes) != len(trees):
        return  # which other checks report
    feature = manifest.names.index(position.feature)
    reading = [tree for tree in trees if tree.reads(feature)]
    if mixed := [tree for tree in reading if not tree.reads_alone(feature)]:
        problem = (
            f"splits on {position.feature!r} and on other features: what a position adds would differ from row to row, "
            f"and {MANIFEST} position.examination says that it does not"
        )
        yield Problem(f"{BOOSTER} tree {mixed[0].number}", problem, RETRAIN, CODE)
        return
    positions = _positions(reading, len(position.examination.at))
    linear = _linear(positions, manifest)
    for member, (start, end) in enumerate(itertools.pairwise(itertools.accumulate(sizes, initial=0)), 1):
        own = [tree for tree in reading if start <= tree.number < end]
        added = linear + len(sizes) * _trees(own, positions)  # leaves are divided by the members
        if (difference := _difference(added - added[0], positions, position.examination)) is not None:
            of_members = f" member {member} of {len(sizes)}" if len(sizes) > 1 else ""
            yield Problem(f"{BOOSTER}{of_members}", difference, RETRAIN, CODE)
            return


def _positions(reading: Sequence[Tree], last: int) -> Floats:
    """(positions,) from 1 to the end of the curve, and of those beyond it all at which a tree may answer otherwise."""
    thresholds = {tree.value[node] for tree in reading for node in tree.order if tree.left[node] != -1}
    beyond = {float(math.ceil(threshold)) for threshold in thresholds if threshold > last + 1}
    return np.array([*range(1, last + 2), *sorted(beyond)], np.float64)


def _linear(positions: Floats, manifest: BundleManifest) -> Floats:
    """Of the linear part, (positions,). Training gives the position no weight."""
    total = np.zeros(len(positions))
    for term in manifest.linear.terms:
        if manifest.position and term.feature == manifest.position.feature and term.kind == "number":
            total += term.margin(positions.astype(np.float32))
    return total


def _trees(trees: Sequence[Tree], positions: Floats) -> Floats:
    """Of trees that read the position alone, (positions,)."""
    total = np.zeros(len(positions))
    for tree in trees:
        total += [tree.leaf_at(number) for number in positions.tolist()]
    return total


def _difference(added: Floats, positions: Floats, examination: ExaminationTable) -> str | None:
    """Of what is added over position 1, where it is farthest from the curve; None where it is the curve's."""
    table = examination.log_odds(positions)
    distance = np.abs(added - table)
    differs = distance > TOLERANCE
    if not differs.any():
        return None
    worst, others = int(np.argmax(distance)), int(differs.sum()) - 1
    return (
        f"adds {added[worst]:+.6g} to the log odds at position {positions[worst]:.0f} over position 1, {MANIFEST} "
        f"position.examination says {table[worst]:+.6g}, the logarithm of {math.exp(table[worst]):.6g}; "
        f"{others} other positions differ too"
    )
