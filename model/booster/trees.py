"""All trees of a booster as arrays over their nodes, one tree after another.

Reading is for boosters that passed the gate or came out of training. Still nothing is taken on trust: arrays that do
not belong together are refused here, and indices where they are used.
"""

from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.booster.ubjson import Ubjson

LEAF = -1


class UnreadableTrees(ValueError):
    """The document does not hold trees as XGBoost writes them; the message names what is wrong."""


@dataclass(frozen=True)
class BoosterTrees:
    """Nodes of all trees. Node 0 of a tree is its root; `left` and `right` count within the tree, -1 at a leaf.

    `value` is the threshold of a split on a number and the log odds of a leaf; `cover` is the sum of Hessians.
    `categories` are the codes that go right at `category_nodes` (rows of the other arrays), `category_sizes` at each.
    """

    features: int
    sizes: NDArray[np.int64]  # (trees,) nodes of each
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    value: NDArray[np.float32]
    default_left: NDArray[np.bool_]
    is_category: NDArray[np.bool_]
    cover: NDArray[np.float32]
    category_nodes: NDArray[np.int64]
    category_sizes: NDArray[np.int64]
    categories: NDArray[np.int64]

    @property
    def starts(self) -> NDArray[np.int64]:
        """(trees,) the row of each root."""
        return np.cumsum(self.sizes) - self.sizes


def read_trees(document: Ubjson) -> BoosterTrees:
    """Raises UnreadableTrees for another kind of model than gbtree with binary:logistic, one output, base score 0.5."""
    try:
        return _read(document)
    except (KeyError, TypeError, IndexError, ValueError, OverflowError) as error:
        if isinstance(error, UnreadableTrees):
            raise
        raise UnreadableTrees(f"{type(error).__name__}: {error}") from error


def _read(document: Any) -> BoosterTrees:
    learner = document["learner"]
    _supported(learner)
    trees = learner["gradient_booster"]["model"]["trees"]
    sizes = np.array([len(tree["left_children"]) for tree in trees], dtype=np.int64)
    joined = {name: _join(trees, name) for name in NODES}
    segments = {name: _join(trees, name) for name in SETS}
    starts = np.cumsum(sizes) - sizes
    _consistent(sizes, joined, segments)
    return BoosterTrees(
        features=int(learner["learner_model_param"]["num_feature"]),
        sizes=sizes,
        left=joined["left_children"].astype(np.int64),
        right=joined["right_children"].astype(np.int64),
        feature=joined["split_indices"].astype(np.int64),
        value=joined["split_conditions"].astype(np.float32),
        default_left=joined["default_left"] != 0,
        is_category=joined["split_type"] != 0,
        cover=joined["sum_hessian"].astype(np.float32),
        category_nodes=segments["categories_nodes"].astype(np.int64)
        + np.repeat(starts, [len(tree["categories_nodes"]) for tree in trees]),
        category_sizes=segments["categories_sizes"].astype(np.int64),
        categories=segments["categories"].astype(np.int64),
    )


NODES = (
    *("left_children", "right_children", "split_indices", "split_conditions"),
    *("default_left", "split_type", "sum_hessian"),
)
SETS = ("categories_nodes", "categories_sizes", "categories")


def _supported(learner: Any) -> None:
    numbers = learner["learner_model_param"]
    actual = {
        "objective": learner["objective"]["name"],
        "booster": learner["gradient_booster"]["name"],
        "outputs": (str(numbers["num_class"]), str(numbers["num_target"])),
        "base score": [float(part) for part in str(numbers["base_score"]).strip("[]").split(",")],
    }
    expected = {"objective": "binary:logistic", "booster": "gbtree", "outputs": ("0", "1"), "base score": [0.5]}
    wrong = [f"{name} is {actual[name]!r}, not {value!r}" for name, value in expected.items() if actual[name] != value]
    if wrong:
        raise UnreadableTrees("; ".join(wrong))


def _join(trees: list[Any], name: str) -> NDArray[Any]:
    """One array of all trees; their types differ where XGBoost chose the smallest for each."""
    arrays = [tree[name] for tree in trees]
    if not all(isinstance(numbers, array) for numbers in arrays):
        raise UnreadableTrees(f"{name} is not an array of numbers")
    codes = {numbers.typecode for numbers in arrays}
    if len(codes) == 1:
        return np.frombuffer(b"".join(arrays), dtype=codes.pop())
    return np.concatenate([np.array(numbers, dtype=numbers.typecode) for numbers in arrays] or [np.empty(0)])


def _consistent(sizes: NDArray[np.int64], joined: dict[str, NDArray[Any]], segments: dict[str, NDArray[Any]]) -> None:
    nodes = int(sizes.sum())
    wrong = sorted(name for name, numbers in joined.items() if len(numbers) != nodes)
    if wrong or not len(sizes) or not sizes.all():
        raise UnreadableTrees(f"{', '.join(wrong) or 'a tree'} has another number of entries than there are nodes")
    sets = segments["categories_sizes"].astype(np.int64)
    if len(sets) != len(segments["categories_nodes"]) or sets.min(initial=1) < 0:
        raise UnreadableTrees("the sets of categories do not belong to their nodes")
    if int(sets.sum()) != len(segments["categories"]):
        raise UnreadableTrees("the sets of categories have other sizes than they declare")
