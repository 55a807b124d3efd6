"""One tree of the booster, checked node by node while it is read."""

import functools
import itertools
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from model.booster.ubjson import Ubjson
from model.bundle.features import CategoryFeature
from model.bundle.folder import BOOSTER, RETRAIN
from model.bundle.manifest import BundleManifest
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
    """A valid tree. `order` lists the reachable nodes, parents before children."""

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

    def reads(self, feature: int) -> bool:
        """Whether it splits on `feature`, an index."""
        return any(self.left[node] != -1 and self.feature[node] == feature for node in self.order)

    def reads_alone(self, feature: int) -> bool:
        """Whether it splits on `feature` at most, on no other."""
        return all(self.left[node] == -1 or self.feature[node] == feature for node in self.order)

    def leaf_at(self, number: float) -> float:
        """What it adds where `number` is the value of the one feature that it reads, a number: below a threshold is
        left, as in XGBoost, and neither is rounded."""
        node = 0
        while self.left[node] != -1:
            node = self.left[node] if number < self.value[node] else self.right[node]
        return self.value[node]

    def violates(self, feature: int, *, rising: bool) -> int | None:
        """The first node whose split on `feature` moves the score against the direction, by its leaves."""
        if not self.reads(feature):
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


class _InvalidTree(Exception):
    """The first problem of a tree."""

    def __init__(self, where: str, problem: str, code: str) -> None:
        super().__init__(where, problem, code)
        self.where, self.problem, self.code = where, problem, code


def read_tree(raw: Ubjson, number: int, manifest: BundleManifest) -> tuple[Tree, None] | tuple[None, Problem]:
    """The tree, or its first problem."""
    try:
        return _read(raw, number, manifest), None
    except _InvalidTree as error:
        return None, Problem(f"{BOOSTER} tree {number}{error.where}", error.problem, RETRAIN, error.code)


def _read(raw: Any, number: int, manifest: BundleManifest) -> Tree:
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
        raise _InvalidTree("", f"has {nodes - len(tree.order)} nodes that no row can reach", "tree-unreachable")
    _splits(raw, tree, manifest)
    _categories(raw, tree, manifest)
    return tree


def _shape(raw: Any, number: int, features: int) -> int:
    """The number of nodes, once every array has that length and holds numbers of its kind, all finite."""
    if not isinstance(raw, dict) or set(raw) != KEYS or not isinstance(raw["tree_param"], dict):
        raise _InvalidTree("", "does not have the keys of XGBoost's trees", "tree-shape")
    text = {key: str(raw["tree_param"].get(key)) for key in ("num_nodes", "num_deleted", "num_feature")}
    if not all(value.isascii() and value.isdigit() and len(value) < 10 for value in text.values()):
        raise _InvalidTree(" tree_param", f"holds {text}", "tree-shape")
    nodes = int(text["num_nodes"])
    if raw["tree_param"].get("size_leaf_vector") not in ("0", "1"):
        raise _InvalidTree(" size_leaf_vector", "is more than one output per leaf", "booster-outputs")
    if raw["id"] != number:
        raise _InvalidTree("", f"has the id {raw['id']}", "tree-shape")
    if int(text["num_feature"]) != features:
        raise _InvalidTree(" num_feature", f"is {text['num_feature']}, not {features}", "booster-features")
    for name, kinds in {**NODES, **CATEGORIES}.items():
        numbers = raw[name]
        if not (isinstance(numbers, array) and numbers.typecode in kinds):
            raise _InvalidTree(f" {name}", "does not hold numbers of its type", "tree-shape")
        if name in NODES and len(numbers) != nodes:
            raise _InvalidTree(f" {name}", f"has {len(numbers)} entries for {nodes} nodes", "tree-shape")
        if numbers.typecode == "f" and not all(map(math.isfinite, numbers)):
            node = next(node for node, value in enumerate(numbers) if not math.isfinite(value))
            raise _InvalidTree(f" {name}", f"is {numbers[node]} at node {node}", "tree-nan")
    if nodes == 0:
        raise _InvalidTree("", "has no nodes", "tree-shape")
    return nodes


def _reach(raw: Any, nodes: int) -> list[int]:
    """Every node that a row can reach, each exactly once."""
    left, right, parents = raw["left_children"], raw["right_children"], raw["parents"]
    if parents[0] != ROOT_PARENT:
        raise _InvalidTree(" parents", "the root has a parent", "tree-links")
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
                raise _InvalidTree(f" node {node}", f"has child {child} of {nodes} nodes", "tree-links")
            if seen[child] or parents[child] != node or children[0] == children[1]:
                raise _InvalidTree(f" node {node}", f"has child {child}, which another node has too", "tree-cycle")
        if children[1] != children[0] + 1:  # XGBoost never reads the right child's number
            raise _InvalidTree(
                f" node {node}", f"has the children {children}, which do not follow each other", "tree-links"
            )
        todo += reversed(children)
    return order


def _splits(raw: Any, tree: Tree, manifest: BundleManifest) -> None:
    features = manifest.features
    for node in tree.order:
        index = tree.feature[node]
        if not 0 <= index < len(features):  # of a leaf too: XGBoost reads -1 as the mark of a deleted node
            raise _InvalidTree(f" node {node}", f"splits on feature {index} of {len(features)}", "tree-split-index")
        if tree.left[node] == -1:
            if raw["split_type"][node] != 0:  # XGBoost aborts when it saves such a leaf
                raise _InvalidTree(f" node {node}", "is a leaf with the type of a split", "tree-split-kind")
            continue
        if raw["default_left"][node] not in (0, 1):
            raise _InvalidTree(f" node {node}", f"sends missing values to {raw['default_left'][node]}", "tree-shape")
        if raw["split_type"][node] != isinstance(features[index], CategoryFeature):
            problem = f"splits {features[index].kind} {features[index].name!r} as the other kind"
            raise _InvalidTree(f" node {node}", problem, "tree-split-kind")


def _categories(raw: Any, tree: Tree, manifest: BundleManifest) -> None:
    """The sets of categories belong to exactly the nodes that split on a category, and name categories that exist."""
    nodes, starts, sizes = raw["categories_nodes"], raw["categories_segments"], raw["categories_sizes"]
    splits = sorted(node for node in tree.order if tree.left[node] != -1 and raw["split_type"][node] == 1)
    if list(nodes) != splits or not len(nodes) == len(starts) == len(sizes):
        raise _InvalidTree(" categories_nodes", "are not the nodes that split on a category", "tree-categories")
    end = 0
    for node, start, size in zip(nodes, starts, sizes, strict=True):
        feature = manifest.features[tree.feature[node]]
        codes = raw["categories"][start : start + size] if start == end else raw["categories"][:0]
        end += max(size, 0)
        rises = all(low < high for low, high in itertools.pairwise(codes))
        last = feature.other if isinstance(feature, CategoryFeature) else -1
        if not (rises and len(codes) == size > 0 and 0 <= codes[0] <= codes[-1] <= last):
            raise _InvalidTree(
                f" node {node}", f"names categories that {feature.name!r} does not have", "tree-categories"
            )
    if end != len(raw["categories"]):
        raise _InvalidTree(" categories", "has entries that belong to no node", "tree-categories")
