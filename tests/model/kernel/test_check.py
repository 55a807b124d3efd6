"""The library refuses every model with an index that would lead outside its arrays."""

from dataclasses import replace

import numpy as np
import pytest

from model.booster import ubjson
from model.booster.trees import read_trees
from model.bundle.bounds import Bounds
from model.bundle.linear import CategoryTerm, Linear, NumberTerm
from model.kernel.kernel import InvalidFlatModel, Kernel
from model.kernel.layout import FlatModel, flatten
from model.kernel.structures import Model
from tests.model.kernel.models import bundle_of
from tests.model.kernel.test_scoring import BOUNDS, LINEAR

FAR = (0xFFFFFFFF, 0x7FFFFFFF, 1 << 20)


@pytest.fixture(scope="module")
def flat(deep_and_flat) -> FlatModel:
    booster = deep_and_flat["depth 6"]
    bundle = bundle_of(booster, linear=LINEAR, bounds=BOUNDS)
    return flatten(bundle.manifest, read_trees(ubjson.parse(booster)))


def changed(flat, array, index, value, field=None):
    """The model with one entry of one array changed."""
    copy = flat.arrays[array].copy()
    if field is None:
        copy[index] = value
    else:
        copy[field][index] = value
    return replace(flat, arrays={**flat.arrays, array: copy})


def refusal(library, flat):
    with pytest.raises(InvalidFlatModel) as error:
        Kernel(library, flat)
    return str(error.value).removeprefix("the kernel refuses the model's ")


def test_what_layout_writes_is_accepted(library, flat):
    Kernel(library, flat)


@pytest.mark.parametrize(
    ("array", "index", "field", "values", "part"),
    [
        ("feature", 0, "source", (1, 8, *FAR), "features"),
        ("feature", 7, "source", (0, 6, *FAR), "features"),
        ("feature", 0, "kind", (2, *FAR), "features"),
        ("feature", 0, "unknown_missing", (2, *FAR), "features"),
        ("column", 0, "feature", (8, *FAR), "columns"),
        ("column", 0, "kind", (2, *FAR), "columns"),
        ("column", 0, "missing_right", (2, *FAR), "columns"),
        ("column", 0, "first_word", (1, *FAR), "columns"),
        ("column", 1, "first_word", (0, *FAR), "columns"),
        ("column", 0, "words", (0, 2, *FAR), "columns"),
        ("column", 0, "count", (0, *FAR), "columns"),
        ("column", 0, "first", (1 << 40, (1 << 64) - 1), "thresholds"),
        ("column", -1, "first", (1 << 40, (1 << 64) - 1), "tables of categories"),
        ("column", -1, "count", FAR, "tables of categories"),
        ("column", -1, "words", (0, *FAR), "columns"),
        ("threshold", 0, None, (np.nan, np.inf), "thresholds"),
        ("threshold", 1, None, (np.nan, -np.inf), "thresholds"),
        ("tree", 0, "root", (1, *FAR), "trees"),
        ("tree", 1, "root", (0, *FAR), "trees"),
        ("tree", 0, "nodes", (0, *FAR), "trees"),
        ("tree", 0, "depth", (0, 1, 5, 7, 8, 255, 256, *FAR), "trees"),
        ("tree", 0, "path", (1 << 40, (1 << 64) - 1), "trees"),
        ("node", 0, "left", (0, 2, 3, *FAR), "nodes"),
        ("node", 1, "left", (0, 1, 2, *FAR), "nodes"),
        ("node", 0, "split", FAR, "nodes"),
        ("split_feature", 0, None, (8, *FAR), "nodes"),
        ("term", 0, "feature", (8, *FAR), "linear terms"),
        ("term", 0, "kind", (3, *FAR), "linear terms"),
        ("term", 2, "first", (1, *FAR), "linear terms"),
        ("term", 2, "count", (0, 11, *FAR), "linear terms"),
        ("rule", 0, "first", (1, *FAR), "rules"),
        ("rule", 0, "count", (0, 2, 6, *FAR), "rules"),
        ("operation", 0, "code", (2, 3, 6, 7, *FAR), "rules"),
        ("operation", 0, "input", (8, *FAR), "rules"),
    ],
)
def test_an_index_that_leads_outside_is_refused(library, flat, array, index, field, values, part):
    for value in values:
        assert refusal(library, changed(flat, array, index, value, field)) == part, value


def test_a_leaf_whose_split_is_not_that_of_leaves_is_refused(library, flat):
    leaf = int(np.flatnonzero(flat.arrays["node"]["left"] == np.arange(len(flat.arrays["node"])))[0])
    assert refusal(library, changed(flat, "node", leaf, 0, "split")) == "nodes"


@pytest.mark.parametrize("array", ["feature", "column", "threshold", "table", "tree", "node", "path", "weight"])
def test_an_array_that_lost_its_end_is_refused(library, flat, array):
    short = replace(flat, arrays={**flat.arrays, array: flat.arrays[array][:-1].copy()})
    assert refusal(library, short)


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("words", 1, "columns"),
        ("words", 0, "sizes"),
        ("words", 1 << 26, "sizes"),
        ("calibration", 3, "calibration"),
        ("inputs", 9, "sizes"),
        ("inputs", 7, "features"),
    ],
)
def test_numbers_beside_the_arrays_are_checked(library, flat, field, value, part):
    assert refusal(library, replace(flat, **{field: value})) == part


def test_a_rule_that_needs_too_much_room_is_refused(library, flat):
    push, rules = flat.arrays["operation"][:1], flat.arrays["rule"][:1].copy()
    rules["count"] = 2 * 65 - 1
    add = push.copy()
    add["code"] = 2
    arrays = {**flat.arrays, "rule": rules, "operation": np.concatenate([push] * 65 + [add] * 64)}
    assert refusal(library, replace(flat, arrays=arrays)) == "rules"


def test_no_deeper_rule_can_be_written_than_the_kernel_has_room_for(library, deep_and_flat):
    booster = deep_and_flat["depth 6"]
    expression = "number_0"
    for _ in range(49):
        expression = f"(number_1 + {expression})"
    rule = Bounds(name="deep", expression=expression)
    Kernel(library, flatten(bundle_of(booster, bounds=(rule,)).manifest, read_trees(ubjson.parse(booster))))


@pytest.mark.parametrize("number", range(60))
def test_a_damaged_byte_is_refused_or_scored(library, flat, number):
    """No index that passes the check leads outside; the sanitizers say so where they run this."""
    random = np.random.default_rng(number)
    names = [name for name, array in flat.arrays.items() if array.size and name not in ("value", "path", "cover")]
    name = names[number % len(names)]
    data = bytearray(flat.arrays[name].tobytes())
    data[random.integers(len(data))] ^= 1 << random.integers(8)
    array = np.frombuffer(bytes(data), dtype=flat.arrays[name].dtype)
    try:
        kernel = Kernel(library, replace(flat, arrays={**flat.arrays, name: array}))
    except InvalidFlatModel:
        return
    values = random.normal(size=(70, 8)) * 5
    for part in (values, values[:1]):
        assert len(kernel.score_values(part).probability) == len(part)


def test_a_term_of_a_feature_that_is_not_there_is_refused(deep_and_flat):
    booster = deep_and_flat["depth 6"]
    for term in (CategoryTerm(feature="x", weights=(1.0,)), LINEAR.terms[0].model_copy(update={"feature": "x"})):
        assert isinstance(term, CategoryTerm | NumberTerm)
        with pytest.raises(ValueError, match="the linear part reads 'x', which is not a feature"):
            flatten(
                bundle_of(booster, linear=Linear(intercept=0, terms=(term,))).manifest,
                read_trees(ubjson.parse(booster)),
            )


def test_a_rule_over_what_is_not_an_input_is_refused(deep_and_flat):
    booster = deep_and_flat["depth 6"]
    rule = Bounds(name="ratio", expression="number_0 / other")
    with pytest.raises(ValueError, match="the rule 'ratio' reads 'other', which is not an input"):
        flatten(bundle_of(booster, bounds=(rule,)).manifest, read_trees(ubjson.parse(booster)))


def test_the_structure_is_that_of_the_header(flat):
    """12 sizes, a hole of none, 4 lengths, 5 numbers, then an address per array."""
    model = flat.model()
    assert Model.thresholds.offset == 48
    assert Model.intercept.offset == 80
    assert Model.feature.offset == 120
    assert model.feature == flat.arrays["feature"].ctypes.data
