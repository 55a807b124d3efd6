"""One tree of the booster, checked node by node as it is read."""

import functools
import itertools
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from model.bundle.bundle import BOOSTER, RETRAIN, Manifest
from model.bundle.features import CategoryFeature
from model.bundle.margin_range import Reach
from model.errors import Problem

ROOT_PARENT = 2**31 - 1
NODES = {
    "base_weights": "f",
    "default_left": "bBhiq",
    "left_children": "iq",
    "loss_changes": "f",
    "parents": "iq",
    "right_children": "iq",
    "split_conditions": "f",
    "split_indices": "iq",
    "split_type": "bBhiq",
    "sum_hessian": "f",
}
CATEGORIES = {"categories": "iq", "categories_nodes": "iq", "categories_segments": "iq", "categories_sizes": "iq"}
KEYS = {*NODES, *CATEGORIES, "id", "tree_param"}


@dataclass(frozen=True)
class Tree:
    """A sound tree. `order` lists the reachable nodes, parents before children."""

    number: int
    left: Sequence[int]
    right: Sequence[int]
    feature: Sequence[int]
    value: Sequence[float]
    order: Sequence[int]

    @functools.cached_property
    def reach(self) -> Reach:
        """What this tree can add to the log odds."""
        leaves = [self.value[node] for node in self.order if self.left[node] == -1]
        return Reach(min(leaves), max(leaves))

    def breaks(self, feature: int, *, rising: bool) -> int | None:
        """The first node whose split on `feature` lets the answer move the wrong way, by the leaves on either side."""
        if not any(self.left[node] != -1 and self.feature[node] == feature for node in self.order):
            return None
        low, high = dict[int, float](), dict[int, float]()
        for node in reversed(self.order):
            left, right = self.left[node], self.right[node]
            if left == -1:
                low[node] = high[node] = self.value[node]
                continue
            low[node], high[node] = min(low[left], low[right]), max(high[left], high[right])
            below, above = (left, right) if rising else (right, left)
            if self.feature[node] == feature and high[below] > low[above]:
                return node
        return None


class _Broken(Exception):
    """The tree cannot be walked on: (where, found, code)."""


def read_tree(raw: Any, number: int, manifest: Manifest) -> tuple[Tree | None, list[Problem]]:
    """The tree and no problem, or the first problem of this tree."""
    try:
        return _read(raw, number, manifest), []
    except _Broken as broken:
        where, found, code = broken.args
        return None, [Problem(f"{BOOSTER} tree {number}{where}", found, RETRAIN, code)]


def _read(raw: Any, number: int, manifest: Manifest) -> Tree:
    nodes = _shape(raw, number, len(manifest.features))
    tree = Tree(
        number,
        raw["left_children"],
        raw["right_children"],
        raw["split_indices"],
        raw["split_conditions"],
        _reach(raw, nodes),
    )
    if len(tree.order) + int(raw["tree_param"]["num_deleted"]) != nodes:
        raise _Broken("", f"has {nodes - len(tree.order)} nodes that no row can reach", "tree-unreachable")
    _splits(raw, tree, manifest)
    _categories(raw, tree, manifest)
    return tree


def _shape(raw: Any, number: int, features: int) -> int:
    """The number of nodes, once every array has that length and holds numbers of its kind, all finite."""
    if not isinstance(raw, dict) or set(raw) != KEYS or not isinstance(raw["tree_param"], dict):
        raise _Broken("", "is not built as XGBoost's trees are", "tree-shape")
    text = {key: str(raw["tree_param"].get(key)) for key in ("num_nodes", "num_deleted", "num_feature")}
    if not all(value.isascii() and value.isdigit() and len(value) < 10 for value in text.values()):
        raise _Broken(" tree_param", f"holds {text}", "tree-shape")
    nodes = int(text["num_nodes"])
    if raw["tree_param"].get("size_leaf_vector") not in ("0", "1"):
        raise _Broken(" size_leaf_vector", "asks for more than one answer per leaf", "booster-outputs")
    if raw["id"] != number:
        raise _Broken("", f"calls itself tree {raw['id']}", "tree-shape")
    if int(text["num_feature"]) != features:
        raise _Broken(" num_feature", f"is {text['num_feature']}, not {features}", "booster-features")
    for name, kinds in {**NODES, **CATEGORIES}.items():
        numbers = raw[name]
        if not (isinstance(numbers, array) and numbers.typecode in kinds):
            raise _Broken(f" {name}", "does not hold the numbers it should", "tree-shape")
        if name in NODES and len(numbers) != nodes:
            raise _Broken(f" {name}", f"has {len(numbers)} entries for {nodes} nodes", "tree-shape")
        if numbers.typecode == "f" and not all(map(math.isfinite, numbers)):
            node = next(at for at, value in enumerate(numbers) if not math.isfinite(value))
            raise _Broken(f" {name}", f"is {numbers[node]} at node {node}", "tree-nan")
    if nodes == 0:
        raise _Broken("", "has no node", "tree-shape")
    return nodes


def _reach(raw: Any, nodes: int) -> list[int]:
    """Every node that a row can come to, each exactly once."""
    left, right, parents = raw["left_children"], raw["right_children"], raw["parents"]
    if parents[0] != ROOT_PARENT:
        raise _Broken(" parents", "the root has a parent", "tree-links")
    seen, order, todo = bytearray(nodes), list[int](), [0]
    while todo:
        node = todo.pop()
        seen[node] = 1
        order.append(node)
        children = left[node], right[node]
        if children == (-1, -1):
            continue
        for child in children:
            if not 0 <= child < nodes:
                raise _Broken(f" node {node}", f"has child {child} of {nodes} nodes", "tree-links")
            if seen[child] or parents[child] != node or children[0] == children[1]:
                raise _Broken(f" node {node}", f"has child {child}, which is another node's too", "tree-cycle")
        todo += reversed(children)
    return order


def _splits(raw: Any, tree: Tree, manifest: Manifest) -> None:
    features = manifest.features
    for node in tree.order:
        if tree.left[node] == -1:
            continue
        place = tree.feature[node]
        if not 0 <= place < len(features):
            raise _Broken(f" node {node}", f"splits on feature {place} of {len(features)}", "tree-split-index")
        if raw["default_left"][node] not in (0, 1):
            raise _Broken(f" node {node}", f"sends missing values to {raw['default_left'][node]}", "tree-shape")
        if raw["split_type"][node] != isinstance(features[place], CategoryFeature):
            found = f"splits {features[place].kind} {features[place].name!r} as the other kind"
            raise _Broken(f" node {node}", found, "tree-split-kind")


def _categories(raw: Any, tree: Tree, manifest: Manifest) -> None:
    """The sets of categories belong to exactly the nodes that split on a category, and name categories that exist."""
    nodes, starts, sizes = raw["categories_nodes"], raw["categories_segments"], raw["categories_sizes"]
    splits = sorted(node for node in tree.order if tree.left[node] != -1 and raw["split_type"][node] == 1)
    if list(nodes) != splits or not len(nodes) == len(starts) == len(sizes):
        raise _Broken(" categories_nodes", "are not the nodes that split on a category", "tree-categories")
    end = 0
    for node, start, size in zip(nodes, starts, sizes, strict=True):
        feature = manifest.features[tree.feature[node]]
        codes = raw["categories"][start : start + size] if start == end else raw["categories"][:0]
        end += max(size, 0)
        rises = all(low < high for low, high in itertools.pairwise(codes))
        last = feature.other if isinstance(feature, CategoryFeature) else -1
        if not (rises and len(codes) == size > 0 and 0 <= codes[0] <= codes[-1] <= last):
            raise _Broken(f" node {node}", f"names categories that {feature.name!r} does not have", "tree-categories")
    if end != len(raw["categories"]):
        raise _Broken(" categories", "has entries of no node", "tree-categories")
