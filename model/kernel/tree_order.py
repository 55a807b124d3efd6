"""The nodes of all trees, breadth first, and the tables of leaves by path."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Ints
from model.booster.trees import LEAF, BoosterTrees, UnreadableTrees
from model.kernel.structures import DEEPEST, PATH_DEPTH, TREE


@dataclass(frozen=True)
class TreeOrder:
    """`origin` is the row in BoosterTrees of each node in the new order, `left` its left child, itself at a leaf."""

    origin: Ints
    left: Ints
    tree: NDArray[np.void]
    path: NDArray[np.float32]


@dataclass(frozen=True)
class _Level:
    """Nodes of one depth: their tree, their index in its new order, and the directions to them as bits."""

    origin: Ints
    tree: Ints
    index: Ints
    left: Ints
    steps: Ints


def tree_order(trees: BoosterTrees) -> TreeOrder:
    """Raises UnreadableTrees for nodes that form no tree, or one deeper than DEEPEST."""
    levels, sizes = _levels(trees)
    starts = np.cumsum(sizes) - sizes
    origin, tree, index, left, steps = (
        np.concatenate([getattr(level, name) for level in levels])
        for name in ("origin", "tree", "index", "left", "steps")
    )
    depth = np.repeat(np.arange(len(levels)), [len(level.origin) for level in levels])
    deepest = np.zeros(len(sizes), dtype=np.int64)
    np.maximum.at(deepest, tree, depth)
    has_path = deepest <= PATH_DEPTH
    lengths = np.where(has_path, 1 << np.minimum(deepest, PATH_DEPTH), 0)
    records = np.zeros(len(sizes), TREE)
    records["root"], records["nodes"], records["depth"] = starts, sizes, deepest
    records["path"] = np.where(has_path, np.cumsum(lengths) - lengths, 0)
    leaves = np.flatnonzero((left == index) & has_path[tree])
    path = np.zeros(int(lengths.sum()), dtype=np.float32)
    first = records["path"].astype(np.int64)[tree[leaves]] + steps[leaves]
    _fill(path, first, depth[leaves], deepest[tree[leaves]], trees.value[origin[leaves]])
    at = starts[tree] + index
    in_order = np.argsort(at)
    return TreeOrder(origin[in_order], (starts[tree] + left)[in_order], records, path)


def _levels(trees: BoosterTrees) -> tuple[list[_Level], Ints]:
    """From the roots down, all trees at once; and the number of nodes of each tree."""
    starts, sizes = trees.starts, np.ones(len(trees.sizes), dtype=np.int64)
    origin, tree = starts, np.arange(len(starts))
    index, steps = np.zeros(len(starts), dtype=np.int64), np.zeros(len(starts), dtype=np.int64)
    levels: list[_Level] = []
    while len(origin):
        if len(levels) > DEEPEST or int(sizes.sum()) > len(trees.left):
            raise UnreadableTrees(f"a tree is deeper than {DEEPEST} or has a cycle")
        inner = np.flatnonzero(trees.left[origin] != LEAF)
        parent = tree[inner]
        count = np.bincount(parent, minlength=len(starts))
        rank = np.arange(len(inner)) - np.repeat(np.cumsum(count) - count, count)
        left = index.copy()
        left[inner] = sizes[parent] + 2 * rank
        levels.append(_Level(origin, tree, index, left, steps))
        sizes = sizes + 2 * count
        children = np.stack([trees.left[origin[inner]], trees.right[origin[inner]]], axis=1)
        if np.any((children < 0) | (children >= trees.sizes[parent][:, None])):
            raise UnreadableTrees("a tree has a child that is not one of its nodes")
        if np.any(children[:, 1] != children[:, 0] + 1):
            raise UnreadableTrees("a tree has siblings apart, where XGBoost reads the node after the left child")
        index = np.stack([left[inner], left[inner] + 1], axis=1).ravel()
        bit = 1 << min(len(levels) - 1, PATH_DEPTH)  # deeper trees have no table
        steps = np.stack([steps[inner], steps[inner] + bit], axis=1).ravel()
        origin, tree = (children + starts[parent][:, None]).ravel(), np.repeat(parent, 2)
    return levels, sizes


def _fill(path: NDArray[np.float32], first: Ints, depth: Ints, deepest: Ints, value: NDArray[np.float32]) -> None:
    """Put a leaf wherever the first `depth` bits of the index are its own."""
    repeats = 1 << (deepest - depth)
    leaf = np.repeat(np.arange(len(first)), repeats)
    rest = np.arange(len(leaf)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    path[first[leaf] + (rest << depth[leaf])] = value[leaf]
