"""Bundles spoiled at random, with every checksum made right again: refused with reasons, or harmless. Never a crash.

The gate runs in this process here, so that hundreds of bundles take seconds; a spoiled booster that killed XGBoost
would kill the test with it.
"""

import json
import math
import shutil
from array import array

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artifacts.checksum import with_checksum
from build.gate.verdict import verdict_problems
from build.gate.worker import check
from model.bundle.bundle import load
from model.bundle.folder import BOOSTER, GOLDEN, MANIFEST
from model.bundle.predictor import GOLDEN_TOLERANCE, Predictor
from model.errors import Problem
from tests.build.tamper import forge, forge_booster
from tests.verdicts import promoting

FUZZ = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def paths(value: object, path: tuple = ()) -> list[tuple]:
    """The path of every value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in items for inner in paths(item, (*path, key)))]


def replace_at(document: object, path: tuple, value: object) -> object:
    if not path:
        return value
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return document


def refused_or_harmless(bundle) -> None:
    """Problems with code and hint, or none and golden rows with their stored probabilities."""
    problems = [result for result in check(bundle, None) if isinstance(result, Problem)]
    assert all(problem.code and problem.where and problem.problem and problem.hint for problem in problems)
    if not problems:
        passed = load(bundle)
        names = [feature.name for feature in passed.manifest.inputs]
        columns = {name: [row.input[name] for row in passed.golden] for name in names}
        predictor = Predictor(passed)
        for probability, row in zip(predictor.probability(predictor.encode(columns)), passed.golden, strict=True):
            assert math.isclose(probability, row.probability, abs_tol=GOLDEN_TOLERANCE, rel_tol=0)


@FUZZ
@given(data=st.data())
def test_any_value_of_manifest_or_golden_rows_replaced_by_any_other(data, valid_bundle, tmp_path_factory):
    bundle = shutil.copytree(valid_bundle, tmp_path_factory.mktemp("fuzz") / "bundle")
    name = data.draw(st.sampled_from((MANIFEST, GOLDEN)))
    document = json.loads((bundle / name).read_bytes())
    path = data.draw(st.sampled_from(paths(document)))
    changed = json.dumps(replace_at(document, path, data.draw(JSON))).encode()
    if name == MANIFEST:
        (bundle / name).write_bytes(changed)
    else:
        forge(bundle, name, changed)
    refused_or_harmless(bundle)


@FUZZ
@given(data=st.data())
def test_any_value_of_a_verdict_replaced_by_any_other_and_given_its_checksum(data, valid_bundle):
    """No edit takes the gate down, and none passes that changes what was decided of which bundle."""
    passed = load(valid_bundle)
    document = promoting(passed)
    path = data.draw(st.sampled_from(paths(document)))
    changed = replace_at(document, path, data.draw(JSON))
    if isinstance(changed, dict):
        changed = with_checksum(changed)
    problems = verdict_problems(json.dumps(changed).encode(), digest=passed.digest, manifest=passed.manifest)
    assert all(problem.code and problem.where and problem.problem and problem.hint for problem in problems)
    if not problems:
        assert (changed["verdict"], changed["bundle"]) == ("promote", passed.digest)


@FUZZ
@given(data=st.data())
def test_any_bytes_of_the_booster_replaced_cut_or_added(data, valid_bundle, tmp_path_factory):
    bundle = shutil.copytree(valid_bundle, tmp_path_factory.mktemp("fuzz") / "bundle")
    original = (bundle / BOOSTER).read_bytes()
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 8)))
    forge(bundle, BOOSTER, original[:start] + data.draw(st.binary(max_size=8)) + original[end:])
    refused_or_harmless(bundle)


KINDS = {"f": st.floats(width=32), "d": st.floats()}


def number(kind: str, size: int) -> st.SearchStrategy:
    """Any number that an array of this kind holds, small ones more often than not."""
    if kind in KINDS:
        return KINDS[kind]
    low, high = (0, 2 ** (8 * size) - 1) if kind.isupper() else (-(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1)
    return st.integers(max(low, -2), 20) | st.integers(low, high)


@FUZZ
@given(data=st.data())
def test_any_number_of_any_tree_replaced(data, valid_bundle, tmp_path_factory):
    """Well-formed for XGBoost, which reads out of bounds or dies of some of these."""
    bundle = shutil.copytree(valid_bundle, tmp_path_factory.mktemp("fuzz") / "bundle")

    def corrupt(booster):
        tree = data.draw(st.sampled_from(booster["learner"]["gradient_booster"]["model"]["trees"]))
        names = sorted(name for name, value in tree.items() if isinstance(value, array) and value)
        changed = tree[data.draw(st.sampled_from(names))]
        index = data.draw(st.integers(0, len(changed) - 1))
        changed[index] = data.draw(number(changed.typecode, changed.itemsize))

    forge_booster(bundle, corrupt)
    refused_or_harmless(bundle)
