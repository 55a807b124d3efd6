"""Boosters with one corrupted tree."""

from collections.abc import Callable
from typing import Any

from tests.build.corpus.booster import booster
from tests.build.corpus.inject import Corruption


def tree(name: str, code: str, change: Callable[[dict[str, Any]], object], number: int = 2) -> Corruption:
    def corrupt(document: dict[str, Any]) -> None:
        change(document["learner"]["gradient_booster"]["model"]["trees"][number])

    return booster(f"tree: {name}", code, corrupt)


def entry(name: str, index: int, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda tree: tree[name].__setitem__(index, value)


def leaf(value: float) -> Callable[[dict[str, Any]], object]:
    return lambda tree: tree["split_conditions"].__setitem__(tree["left_children"].index(-1), value)


def turned(tree: dict[str, Any]) -> None:
    """Swap the leaves of a split on the rent, as if dearer were better."""
    children, values = tree["left_children"], tree["split_conditions"]
    left = next(
        left
        for node, left in enumerate(children)
        if left != -1 and tree["split_indices"][node] == 0 and children[left] == children[left + 1] == -1
    )
    values[left], values[left + 1] = values[left + 1], values[left]


def siblings_apart(tree: dict[str, Any]) -> None:
    """Swap the children of the root: XGBoost reads the node after the left child, whatever is on the right."""
    left, right = tree["left_children"], tree["right_children"]
    left[0], right[0] = right[0], left[0]


def on_category(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    """Change the first tree that splits on a category."""

    def corrupt(document: dict[str, Any]) -> None:
        trees = document["learner"]["gradient_booster"]["model"]["trees"]
        change(next(tree for tree in trees if len(tree["categories_nodes"])))

    return corrupt


TREES = [
    tree("NaN leaf", "tree-nan", leaf(float("nan"))),
    tree("infinite leaf", "tree-nan", leaf(float("inf"))),
    tree("leaf of 1e30", "leaf-huge", leaf(1e30)),
    tree(
        "leaf moved a little",
        "golden-answer",
        lambda t: leaf(t["split_conditions"][t["left_children"].index(-1)] * 0.999)(t),
    ),
    tree("NaN split", "tree-nan", entry("split_conditions", 0, float("nan"))),
    tree("NaN weight", "tree-nan", entry("base_weights", 0, float("nan"))),
    tree("infinite gain", "tree-nan", entry("loss_changes", 0, float("inf"))),
    tree("split index 999", "tree-split-index", entry("split_indices", 0, 999)),
    tree("split index -1", "tree-split-index", entry("split_indices", 0, -1)),
    tree("child 99999", "tree-links", entry("left_children", 0, 99_999)),
    tree("child -16385", "tree-links", entry("left_children", 0, -16_385)),
    tree("one child of two", "tree-links", entry("left_children", 0, -1)),
    tree("cycle to the root", "tree-cycle", entry("right_children", 1, 0)),
    tree("cycle to itself", "tree-cycle", entry("left_children", 1, 1)),
    tree("both children the same", "tree-cycle", lambda t: entry("right_children", 0, t["left_children"][0])(t)),
    tree("children in another order", "tree-links", siblings_apart),
    tree("a parent elsewhere", "tree-cycle", entry("parents", 1, 2)),
    tree("root with a parent", "tree-links", entry("parents", 0, 1)),
    tree(
        "nodes that nothing reaches",
        "tree-unreachable",
        lambda t: (entry("left_children", 1, -1)(t), entry("right_children", 1, -1)(t)),
    ),
    tree("num_nodes too small", "tree-shape", lambda t: t["tree_param"].update(num_nodes="3")),
    tree("num_nodes negative", "tree-shape", lambda t: t["tree_param"].update(num_nodes="-1")),
    tree("num_nodes absent", "tree-shape", lambda t: t["tree_param"].pop("num_nodes")),
    tree(
        "no node",
        "tree-shape",
        lambda t: t.update(
            {k: v[:0] for k, v in t.items() if k not in ("id", "tree_param")},
            tree_param={**t["tree_param"], "num_nodes": "0"},
        ),
    ),
    tree("num_feature of its own", "booster-features", lambda t: t["tree_param"].update(num_feature="9")),
    tree("an array too short", "tree-shape", lambda t: t["left_children"].pop()),
    tree("an array of another kind", "tree-shape", lambda t: t.update(split_conditions=t["left_children"])),
    tree("an array gone", "tree-shape", lambda t: t.pop("parents")),
    tree("two numbers per leaf", "booster-outputs", lambda t: t["tree_param"].update(size_leaf_vector="2")),
    tree("another tree's number", "tree-shape", lambda t: t.update(id=0)),
    tree("missing values sent to a third side", "tree-shape", entry("default_left", 0, 2)),
    tree("a number split as a category", "tree-split-kind", entry("split_type", 0, 1)),
    tree(
        "a leaf marked as a split on a category",
        "tree-split-kind",
        lambda t: t["split_type"].__setitem__(t["left_children"].index(-1), 1),
    ),
    tree(
        "a leaf marked as a deleted node",
        "tree-split-index",
        lambda t: t["split_indices"].__setitem__(t["left_children"].index(-1), -1),
    ),
    tree("a split turned against its direction", "direction-broken", turned),
    booster("tree: a category of no value", "tree-categories", on_category(lambda t: entry("categories", -1, 4)(t))),
    booster("tree: a negative category", "tree-categories", on_category(lambda t: entry("categories", 0, -1)(t))),
    booster(
        "tree: categories of another node", "tree-categories", on_category(lambda t: entry("categories_nodes", 0, 0)(t))
    ),
    booster(
        "tree: categories beyond the end",
        "tree-categories",
        on_category(lambda t: entry("categories_sizes", -1, 99)(t)),
    ),
    booster(
        "tree: categories that overlap",
        "tree-categories",
        on_category(lambda t: entry("categories_segments", -1, -1)(t)),
    ),
    booster(
        "tree: a category more than any node has", "tree-categories", on_category(lambda t: t["categories"].append(1))
    ),
]
