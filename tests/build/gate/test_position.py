"""What the position adds is what the bundle's examination curve says, in every member, or the gate refuses it."""

import json
import re
import shutil

import numpy as np
import pytest

from build.gate.booster import check_booster
from build.gate.gate import verify
from model.booster import ubjson
from model.bundle.bundle import load
from model.bundle.examination import ExaminationTable
from model.bundle.folder import BOOSTER, MANIFEST
from model.bundle.merged_booster import member
from model.bundle.predictor import XGBOOST, Predictor
from tests.build.tamper import forge_booster, forge_manifest
from tests.bundles import write_examination_bundle

POSITION = 3  # among the features
LAST_TREES = (3, 11)  # of both members
AT = (1.0, 0.6, 0.45, 0.45, 0.3, 0.29)


def curve(at):
    return ExaminationTable(at=at, decay=0.75, decay_se=0.1, source="lists in random order")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return write_examination_bundle(tmp_path_factory.mktemp("examination") / "bundle", curve(AT))


@pytest.fixture
def copy(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "bundle")


def problem_of(folder):
    """The only problem of booster and manifest together."""
    manifest = load(folder).manifest
    [problem] = check_booster(ubjson.parse((folder / BOOSTER).read_bytes()), manifest, version=XGBOOST).problems
    return problem


def trees_of(document):
    return document["learner"]["gradient_booster"]["model"]["trees"]


def leaf_of(tree, position):
    node = 0
    while (left := tree["left_children"][node]) != -1:
        node = left if position < tree["split_conditions"][node] else left + 1
    return node


def change_leaf(number, position, amount):
    def change(document):
        tree = trees_of(document)[number]
        tree["split_conditions"][leaf_of(tree, position)] += amount

    return change


def test_a_sound_bundle_passes(sound):
    assert load(sound).manifest.format == 3
    assert verify(sound, None) == []


@pytest.mark.parametrize("decay", [0.0, 0.001, 0.05, 0.75, 4.0])
def test_curves_of_any_steepness_pass(decay, tmp_path):
    """In flat ones neighbours differ by less than XGBoost usually divides for."""
    at = tuple((np.arange(1, 101.0) ** -decay).tolist())
    folder = write_examination_bundle(tmp_path / "bundle", curve(at))
    assert (
        check_booster(ubjson.parse((folder / BOOSTER).read_bytes()), load(folder).manifest, version=XGBOOST).problems
        == []
    )


def test_what_passes_is_what_both_engines_score_for_every_member(sound):
    bundle = load(sound)
    positions = np.array([1, 2, 3, 4, 5, 6, 7, 50, 10**9])
    for row in (bundle.golden[0], bundle.golden[-1]):
        columns = {name: [value] * len(positions) for name, value in row.input.items()}
        for scored in (bundle, member(bundle, 0), member(bundle, 1)):
            for engine in ("kernel", "xgboost"):
                predictor = Predictor(scored, engine=engine)
                margin = predictor.margin(predictor.encode(columns, position=positions))
                expected = np.log([*AT, AT[-1], AT[-1], AT[-1]])
                assert margin - margin[0] == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("position", range(2, 7))
def test_a_table_that_somebody_changed_is_refused(position, copy):
    def change(manifest):
        at = manifest["position"]["examination"]["at"]
        at[position - 1 :] = [value * 0.999 for value in at[position - 1 :]]

    before = json.loads((copy / MANIFEST).read_bytes())["position"]["examination"]["at"]
    forge_manifest(copy, change)
    problem = problem_of(copy)
    assert problem.code == "position-effect"
    assert problem.where == "booster.ubj member 1 of 2"
    assert "Train the bundle again" in problem.hint
    model = re.search(r"adds (\S+) to the log odds at position (\d+) over position 1", problem.problem)
    assert float(model[1]) == pytest.approx(np.log(before[min(int(model[2]), 6) - 1]), rel=1e-5)
    assert int(model[2]) >= position
    table = re.search(r"position.examination says (\S+), the logarithm of ([^;]+);", problem.problem)
    assert np.exp(float(table[1])) == pytest.approx(float(table[2]), rel=1e-5)
    assert float(table[1]) == pytest.approx(float(model[1]) + np.log(0.999), abs=1e-5)
    assert [problem.code for problem in verify(copy, None)] == ["position-effect"]


def test_one_more_position_in_the_table_is_refused(copy):
    forge_manifest(copy, lambda manifest: manifest["position"]["examination"]["at"].append(0.2))
    assert "at position 7" in problem_of(copy).problem


@pytest.mark.parametrize(("number", "name"), [(3, "member 1 of 2"), (11, "member 2 of 2")])
@pytest.mark.parametrize("position", [2, 6])
def test_a_changed_leaf_is_refused_although_other_members_are_right(number, name, position, copy):
    forge_booster(copy, change_leaf(number, position, 0.005))
    problem = problem_of(copy)
    assert (problem.code, problem.where) == ("position-effect", f"booster.ubj {name}")
    assert f"at position {position} " in problem.problem
    log_e = np.log(AT[position - 1])
    assert f"adds {log_e + 0.01:+.4f}"[:-1] in problem.problem


def test_members_that_are_wrong_in_opposite_ways_are_refused(copy):
    forge_booster(copy, change_leaf(LAST_TREES[0], 2, 0.01))
    forge_booster(copy, change_leaf(LAST_TREES[1], 2, -0.01))
    assert problem_of(copy).code == "position-effect"


def test_a_leaf_of_position_1_counts_for_all_others(copy):
    forge_booster(copy, change_leaf(LAST_TREES[0], 1, -0.01))
    assert "5 other positions differ too" in problem_of(copy).problem  # 2 to 6, and what is beyond


def test_a_split_beyond_the_table_is_refused(tmp_path):
    folder = write_examination_bundle(tmp_path / "bundle", curve((*AT, *[AT[-1]] * 34, 0.2)))
    forge_manifest(folder, lambda manifest: manifest["position"]["examination"].update(at=AT))
    assert "at position 41 over position 1" in problem_of(folder).problem


def test_a_tree_that_reads_the_position_beside_others_is_refused(copy):
    def change(document):
        trees_of(document)[1]["split_indices"][0] = POSITION

    forge_booster(copy, change)
    problem = problem_of(copy)
    assert (problem.code, problem.where) == ("position-effect", "booster.ubj tree 1")
    assert "'position'" in problem.problem


def test_a_linear_term_of_the_position_is_refused(copy):
    term = {"kind": "number", "feature": "position", "low": 1, "high": 5, "center": 1, "scale": 1, "weight": -0.1}
    forge_manifest(copy, lambda manifest: manifest["linear"]["terms"].append({**term, "missing": 0.0}))
    assert problem_of(copy).code == "position-effect"
    forge_manifest(copy, lambda manifest: manifest["linear"]["terms"][-1].update(weight=0.0))
    assert verify(copy, None) == []


def test_without_a_curve_trees_may_add_what_they_learned(copy):
    def change(manifest):
        manifest["format"] = 1
        del manifest["position"]["examination"]

    forge_manifest(copy, change)
    forge_booster(copy, change_leaf(LAST_TREES[0], 2, 0.01))
    assert verify(copy, None) == []
