"""Contributions of single rows: both engines against XGBoost, and the kernel against the definition."""

import dataclasses
import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.booster import ubjson
from model.booster.trees import LEAF, read_trees
from model.bundle.bundle import load
from model.bundle.contributions import Explainer, exact, xgboost_contributions
from model.bundle.features import NumberFeature
from model.bundle.linear import Linear
from model.bundle.manifest import Trees
from model.bundle.predictor import Predictor
from model.kernel.contributions import TreeContributions
from model.kernel.kernel import Kernel
from model.kernel.library import KernelLibrary, find_library
from model.kernel.quadrature import gauss_legendre
from tests.bundles import ROWS, valid_design, write_bundle

FLOAT32 = 2e-5  # XGBoost adds contributions in float32
SHAPES = {
    "stumps": {"max_depth": 1},
    "shallow": {"max_depth": 3, "max_cat_to_onehot": 2},
    "one-hot": {"max_depth": 5, "max_cat_to_onehot": 9},
    "leaf-wise": {"max_depth": 0, "grow_policy": "lossguide", "max_leaves": 60, "min_child_weight": 0},
}


@pytest.fixture(scope="module", params=SHAPES)
def bundle(request, tmp_path_factory):
    design = dataclasses.replace(valid_design(7), parameters=SHAPES[request.param])
    return load(write_bundle(tmp_path_factory.mktemp("contributions") / "bundle", design))


@pytest.fixture(scope="module")
def matrix(bundle):
    """The golden rows, which have missing and unknown values, and the ends of the numbers."""
    predictor = Predictor(bundle)
    rows = predictor.encode({name: [row.input[name] for row in bundle.golden] for name in bundle.golden[0].input})
    largest = np.finfo(np.float32).max
    ends = rows[:4].copy()
    ends[0, :2], ends[1, :2], ends[2, :3], ends[3] = largest, -largest, 1e9, np.nan
    return np.concatenate([rows[90:], ends])


@pytest.mark.parametrize("engine", ["kernel", "xgboost"])
class TestAnEngine:
    def test_gives_the_contributions_of_xgboost_and_the_linear_terms(self, bundle, matrix, engine):
        explainer = Explainer(Predictor(bundle, engine=engine))
        expected = xgboost_contributions(Predictor(bundle), matrix)
        names = bundle.manifest.names
        for term in bundle.manifest.linear.terms:
            column = names.index(term.feature)
            expected[:, column] += term.margin(matrix[:, column])
        expected[:, -1] += bundle.manifest.linear.intercept
        for row, parts in zip(matrix, expected, strict=True):
            contributions = explainer.explain(row[np.newaxis])
            assert tuple(contributions.by_feature) == names
            actual = [*contributions.by_feature.values(), contributions.base]
            assert np.abs(np.array(actual) - parts).max() < FLOAT32

    def test_adds_up_to_the_margin_exactly_in_any_order(self, bundle, matrix, engine):
        predictor = Predictor(bundle, engine=engine)
        explainer, shuffle = Explainer(predictor), random.Random(7)
        for row, margin in zip(matrix, predictor.margin(matrix), strict=True):
            contributions = explainer.explain(row[np.newaxis])
            parts = [*contributions.by_feature.values()]
            shuffle.shuffle(parts)
            assert contributions.margin == margin == contributions.base + sum(parts) + contributions.rounding
            assert abs(contributions.rounding) < FLOAT32

    def test_refuses_another_shape(self, bundle, matrix, engine):
        explainer = Explainer(Predictor(bundle, engine=engine))
        for wrong in (matrix[:2], matrix[:1, :-1], matrix[0]):
            with pytest.raises(ValueError, match="one row of 4 features is needed"):
                explainer.explain(wrong)


def test_contributions_are_the_shapley_values_of_the_definition(bundle, matrix):
    contributions = TreeContributions(Predictor(bundle, engine="kernel").kernel)
    for row in matrix[-6:]:
        values, expected = shapley(bundle, row, 4)
        assert np.abs(contributions.of_row(row[np.newaxis]) - values).max() < 1e-13
        assert contributions.expected == pytest.approx(expected, abs=1e-13)


def test_paths_with_more_features_than_one_block_of_points_covers(tmp_path):
    generator = np.random.default_rng(3)
    names = [f"x{index}" for index in range(10)]
    columns = {name: generator.normal(size=ROWS) for name in names}
    design = dataclasses.replace(
        valid_design(7),
        features=tuple(NumberFeature(name=name) for name in names) + valid_design(7).features[-1:],
        columns={**columns, "position": np.ones(ROWS)},
        label=(sum(columns.values()) + np.prod([*columns.values()][:4], axis=0) > 0).astype(int),
        inputs=[{name: float(columns[name][row]) for name in names} for row in range(100)],
        bounds=(),
        linear=Linear(intercept=0.0),
        parameters={"max_depth": 14, "colsample_bynode": 0.3, "min_child_weight": 0},
        trees=Trees.of((2,)),
    )
    bundle = load(write_bundle(tmp_path / "bundle", design))
    predictor = Predictor(bundle, engine="kernel")
    row = predictor.encode({name: [columns[name][0]] for name in names})
    values, _ = shapley(bundle, row[0], 10)
    assert np.abs(TreeContributions(predictor.kernel).of_row(row)[:10] - values).max() < 1e-12


@pytest.mark.parametrize("cover", [0.0, -1.0, math.nan, math.inf, 1e-45, 3e38])
@pytest.mark.parametrize("every", [1, 2, 3])
def test_contributions_add_up_whatever_trees_say_of_their_training_rows(bundle, matrix, cover, every):
    kernel = Predictor(bundle, engine="kernel").kernel
    covers = kernel.flat.arrays["cover"].copy()
    covers[::every] = cover
    library = find_library()
    assert isinstance(library, KernelLibrary)
    other = Kernel(library, dataclasses.replace(kernel.flat, arrays={**kernel.flat.arrays, "cover": covers}))
    contributions = TreeContributions(other)
    trees = kernel.score_matrix(matrix[:1])[0][0] - bundle.manifest.linear.margin(matrix[:1], bundle.manifest.names)[0]
    assert contributions.of_row(matrix[:1]).sum() + contributions.expected == pytest.approx(trees, abs=1e-6)


@given(
    st.lists(st.floats(-1e3, 1e3) | st.floats(-1e-9, 1e-9), min_size=1, max_size=12),
    st.floats(-50, 50),
    st.floats(-1e-6, 1e-6) | st.just(0.0) | st.floats(-1e-300, 1e-300),
    st.booleans(),
)
def test_parts_are_rounded_so_that_their_sums_are_not(parts, base, difference, near_zero):
    by_feature = {str(index): part for index, part in enumerate(parts)}
    margin = difference if near_zero else base + math.fsum(parts) + difference
    contributions = exact(margin, -math.fsum(parts) if near_zero else base, by_feature)
    rounded = [*contributions.by_feature.values()]
    for order in (rounded, rounded[::-1], sorted(rounded)):
        assert contributions.base + sum(order) + contributions.rounding == margin
    assert np.abs(np.array(rounded) - parts).max() <= 2**-38


@pytest.mark.parametrize("points", [1, 4, 8, 128])
def test_the_quadrature_is_exact_for_polynomials(points):
    quadrature = gauss_legendre(points)
    for degree in range(0, 2 * points, max(1, points // 4)):
        integral = (quadrature.weights * quadrature.points**degree).sum()
        assert integral == pytest.approx(1 / (degree + 1), rel=1e-13)


def shapley(bundle, row, features):
    """The contributions by their definition, over all subsets of features, and the value of the empty one."""
    trees = read_trees(ubjson.parse(bundle.booster))
    value = {
        subset: sum(_value(trees, start, 0, row, subset) for start in trees.starts)
        for size in range(features + 1)
        for subset in itertools.combinations(range(features), size)
    }
    values = np.zeros(features)
    for subset, worth in value.items():
        for feature in set(range(features)) - set(subset):
            weight = math.factorial(len(subset)) * math.factorial(features - len(subset) - 1) / math.factorial(features)
            values[feature] += weight * (value[tuple(sorted((*subset, feature)))] - worth)
    return values, value[()]


def _value(trees, start, node, row, known):
    """Of a tree's node: the row's way where the feature is known, else both, by their training rows."""
    at = start + node
    left, right = int(trees.left[at]), int(trees.right[at])
    if left == LEAF:
        return float(trees.value[at])
    if trees.feature[at] in known:
        return _value(trees, start, right if _goes_right(trees, at, row) else left, row, known)
    shares = [float(trees.cover[start + child]) / float(trees.cover[at]) for child in (left, right)]
    return sum(
        share * _value(trees, start, child, row, known) for share, child in zip(shares, (left, right), strict=True)
    )


def _goes_right(trees, at, row):
    x = row[trees.feature[at]]
    if np.isnan(x):
        return not trees.default_left[at]
    if not trees.is_category[at]:
        return not x < trees.value[at]
    index = [*trees.category_nodes].index(at)
    first = int(trees.category_sizes[:index].sum())
    return 0 <= x < 2**24 and int(x) in trees.categories[first : first + int(trees.category_sizes[index])]
