"""Trees that no training grew: nodes in any order, odd thresholds, every missing direction. XGBoost is the oracle."""

from array import array

import numpy as np
import pytest

from model.booster import ubjson
from model.booster.trees import LEAF, read_trees
from model.bundle.predictor import Predictor
from tests.build.tamper import ubj
from tests.model.kernel.conftest import booster_named
from tests.model.kernel.models import bundle_of, edge_rows, training_rows
from tests.model.kernel.test_oracles import assert_same_bits

OF_NODES = (
    *("base_weights", "default_left", "left_children", "loss_changes", "parents", "right_children"),
    *("split_conditions", "split_indices", "split_type", "sum_hessian"),
)
LINKS = ("left_children", "right_children", "parents")
ODD = [0.0, -0.0, 1e-45, -1e-45, 3.4028235e38, -3.4028235e38, 1.0, -1.0]
ROOT_PARENT = 2**31 - 1


def reordered(tree, random):
    """The same tree with its nodes, except the root, in a random order: siblings stay together."""
    count = len(tree["left_children"])
    pairs = [(left, left + 1) for left in tree["left_children"] if left != LEAF]
    old = [0, *(node for index in random.permutation(len(pairs)) for node in pairs[index])]
    old += sorted(set(range(count)) - set(old))  # nodes that XGBoost deleted
    new = np.argsort(old)
    for name in OF_NODES:
        numbers = np.array(tree[name])[old]
        if name in LINKS:
            numbers = [int(new[node]) if 0 <= node < count else int(node) for node in numbers]
        tree[name] = array(tree[name].typecode, list(numbers))
    ends = np.cumsum(tree["categories_sizes"], dtype=int)
    sets = [tree["categories"][end - size : end] for end, size in zip(ends, tree["categories_sizes"], strict=True)]
    nodes = [int(new[node]) for node in tree["categories_nodes"]]
    order = np.argsort(nodes)
    write_sets(tree, [nodes[index] for index in order], [sets[index] for index in order])


def write_sets(tree, nodes, sets):
    sizes = [len(codes) for codes in sets]
    tree["categories_nodes"] = array(tree["categories_nodes"].typecode, nodes)
    tree["categories_sizes"] = array(tree["categories_sizes"].typecode, sizes)
    tree["categories_segments"] = array(
        tree["categories_segments"].typecode, [sum(sizes[:at]) for at in range(len(sizes))]
    )
    tree["categories"] = array(tree["categories"].typecode, [code for codes in sets for code in codes])


def changed(tree, random):
    """Odd thresholds, leaves of any size, other missing directions and other sets of categories."""
    for node, left in enumerate(tree["left_children"]):
        tree["default_left"][node] = int(random.integers(2))
        if left == LEAF:
            tree["split_conditions"][node] = float(np.float32(random.normal() * 10.0 ** random.integers(-6, 3)))
        elif tree["split_type"][node] == 0 and random.random() < 0.5:
            tree["split_conditions"][node] = ODD[random.integers(len(ODD))]
    sets = [sorted(random.choice(80, random.integers(1, 79), replace=False).tolist()) for _ in tree["categories_sizes"]]
    write_sets(tree, list(tree["categories_nodes"]), sets)


@pytest.mark.parametrize("name", ["depth 6", "depth 12", "lossguide", "roots and trees"])
@pytest.mark.parametrize("seed", range(4))
def test_every_bit_is_that_of_xgboost(library, name, seed):
    random = np.random.default_rng(seed)
    document = ubjson.parse(booster_named(name))
    for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
        reordered(tree, random)
        changed(tree, random)
    booster = ubj(document)
    bundle = bundle_of(booster)
    rows = np.concatenate([edge_rows(read_trees(document)), training_rows(seed=seed, rows=100)])
    kernel, oracle = (Predictor(bundle, engine=engine) for engine in ("kernel", "xgboost"))
    assert len(np.unique(oracle.margin(rows))) > 50
    assert_same_bits(kernel.margin(rows), oracle.margin(rows))
    assert_same_bits(kernel.margin(rows[:20]), oracle.margin(rows[:20]))
