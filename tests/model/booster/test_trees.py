"""Trees as arrays: what XGBoost wrote is read, what no training writes is refused before it is used."""

import json
from array import array

import numpy as np
import pytest

from model.booster import ubjson
from model.booster.trees import UnreadableTrees, read_trees
from model.bundle.booster import xgboost
from model.bundle.folder import BOOSTER
from model.kernel.splits import splits_of
from model.kernel.tree_order import tree_order


@pytest.fixture
def document(valid_bundle):
    return ubjson.parse((valid_bundle / BOOSTER).read_bytes())


def test_the_arrays_are_those_of_xgboost(valid_bundle, document):
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray((valid_bundle / BOOSTER).read_bytes()))
    written = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]["trees"]
    trees = read_trees(document)
    assert trees.sizes.tolist() == [len(tree["left_children"]) for tree in written]
    for number, tree in enumerate(written):
        rows = slice(trees.starts[number], trees.starts[number] + trees.sizes[number])
        assert trees.left[rows].tolist() == tree["left_children"]
        assert trees.right[rows].tolist() == tree["right_children"]
        assert trees.feature[rows].tolist() == tree["split_indices"]
        np.testing.assert_array_equal(trees.value[rows], np.array(tree["split_conditions"], np.float32))
    assert trees.categories.tolist() == [code for tree in written for code in tree["categories"]]


def trees_of(document):
    return document["learner"]["gradient_booster"]["model"]["trees"]


def change(document, path, value):
    *steps, last = path.split(".")
    for step in steps:
        document = document[step]
    document[last] = value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("learner.objective.name", "reg:squarederror", "objective is 'reg:squarederror', not 'binary:logistic'"),
        ("learner.gradient_booster.name", "dart", "booster is 'dart', not 'gbtree'"),
        ("learner.learner_model_param.num_class", "3", "outputs is ('3', '1'), not ('0', '1')"),
        ("learner.learner_model_param.base_score", "[2E-1]", "base score is [0.2], not [0.5]"),
        ("learner.learner_model_param.num_feature", "x", "ValueError"),
        ("learner.gradient_booster.model.trees", [], "a tree has another number"),
        ("learner", 3, "TypeError"),
    ],
)
def test_another_kind_of_model_is_refused(document, path, value, message):
    change(document, path, value)
    with pytest.raises(UnreadableTrees) as error:
        read_trees(document)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("left_children", array("i")),
        ("split_indices", array("i", [1])),
        ("split_conditions", [0.5]),
        ("categories_sizes", array("q", [1])),
        ("categories_sizes", array("q", [-1] * 3)),
        ("categories", array("i", [0] * 99)),
        ("sum_hessian", None),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(document, name, value):
    trees_of(document)[0][name] = value
    with pytest.raises(UnreadableTrees):
        read_trees(document)


def test_a_cycle_is_refused(document):
    """XGBoost would walk it for ever."""
    tree = next(tree for tree in trees_of(document) if tree["left_children"][0] != -1)
    tree["left_children"][0], tree["right_children"][0] = 0, 1
    with pytest.raises(UnreadableTrees, match="cycle"):
        tree_order(read_trees(document))


def lay_out(trees):
    splits_of(trees)
    tree_order(trees)


def first_split(tree, kind):
    return next(
        node for node, left in enumerate(tree["left_children"]) if left != -1 and tree["split_type"][node] == kind
    )


@pytest.mark.parametrize(
    ("name", "node", "value", "message"),
    [
        ("left_children", 0, 0, "siblings apart"),
        ("left_children", 0, 9999, "child"),
        ("right_children", 0, -1, "child"),
        ("right_children", 0, 3, "siblings apart"),
        ("split_indices", 0, 99, "feature"),
        ("split_indices", 0, -1, "feature"),
        ("split_conditions", 1, float("nan"), "not a number"),
        ("categories", 0, -1, "code"),
        ("categories", 0, 1 << 24, "code"),
        ("categories_nodes", 0, 9999, "sets"),
    ],
)
def test_nodes_that_form_no_tree_are_refused(document, name, node, value, message):
    tree = next(tree for tree in trees_of(document) if len(tree["categories"]))
    tree[name][node] = value
    with pytest.raises(UnreadableTrees, match=message):
        lay_out(read_trees(document))


def test_a_split_on_a_category_without_its_set_is_refused(document):
    tree = next(tree for tree in trees_of(document) if 0 in tree["split_type"] and tree["left_children"][0] != -1)
    node = first_split(tree, 0)
    tree["split_type"][node] = 1
    with pytest.raises(UnreadableTrees, match="sets"):
        splits_of(read_trees(document))
