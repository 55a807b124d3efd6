"""Which settings are trained, when a search has seen enough, and how a manifest carries what was chosen."""

import numpy as np
import pytest

from components.train import linear
from components.train.candidates import CANDIDATES
from components.train.choice import NO_GAIN, chosen, is_over, margin
from components.train.journal import TrialRecord
from components.train.recipe import MemberSetting, Recipe
from model.bundle.linear import Linear
from tests.train.test_linear import FEATURES, rows

USUAL = len(CANDIDATES)


def records(*losses):
    """Complete trials; None is a pruned one, whose last loss was low."""
    return [
        TrialRecord(
            number=number, state="pruned" if loss is None else "complete", log_loss=0.1 if loss is None else loss,
            rounds=5, parameters={"start": "trees"}, losses=(), cpu_seconds=0.0,
        )
        for number, loss in enumerate(losses)
    ]  # fmt: skip


def numbers(*losses, chance=0.01):
    return [record.number for record in chosen(records(*losses), chance)]


def test_the_fewer_conversions_the_more_is_chance():
    assert margin(3_200) == pytest.approx(0.005, abs=1e-4)
    assert margin(196) == pytest.approx(0.02)
    assert margin(0) == margin(10) == 0.03


def test_settings_that_chance_could_have_put_in_another_order_share_the_members():
    assert numbers(0.404, 0.400, 0.402, 0.403, 0.500) == [1, 2, 3]
    assert numbers(0.410, 0.400, 0.402, 0.500, 0.500) == [1, 2]
    assert numbers(0.410, 0.400, None, 0.500, 0.500) == [1]
    assert numbers(0.404, 0.400, 0.500, 0.500, 0.500, 0.400) == [1, 0]


def test_a_sampled_setting_must_be_better_than_the_usual_ones_by_more_than_chance():
    usual = (0.410, 0.400, 0.420, 0.430, 0.440, 0.450)
    assert numbers(*usual, 0.397) == [1]
    assert numbers(*usual, 0.390, 0.395, 0.393, 0.392) == [6, 9, 8]
    assert numbers(None, None, 0.5) == [2]
    assert numbers(*[None] * USUAL, 0.5) == [USUAL]


def test_a_search_is_over_when_its_last_samples_brought_nothing():
    usual, idle = [0.4] * USUAL, [0.398, None] * (NO_GAIN // 2)
    assert not is_over(records(*usual, *idle[:-1]), 0.01)
    assert is_over(records(*usual, *idle), 0.01)
    assert not is_over(records(*usual, *idle[:-1], 0.39), 0.01)
    assert not is_over(records(*usual, 0.39, *idle[:-1]), 0.01)
    assert is_over(records(*usual, 0.39, *idle), 0.01)
    assert not is_over(records(*[None] * USUAL, *[None] * NO_GAIN), 0.01)


def test_a_manifest_carries_the_settings_of_all_members():
    recipe = Recipe(
        (
            MemberSetting("linear", 100, {"eta": 0.05, "max_depth": 4}),
            MemberSetting("trees", 7, {"eta": 0.1, "max_depth": 5}),
        ),
        strength=0.3,
    )
    fields = recipe.fields()
    assert (fields["rounds"], fields["2.rounds"], fields["2.start"]) == (100, 7, "trees")
    assert Recipe.of({**fields, "kind": "trees", "trials": 9, "seed": 7, "log_loss": 0.4}) == recipe
    assert [recipe.member(number).rounds for number in range(3)] == [100, 7, 100]
    assert [setting.rounds for setting in recipe.longer(1.15).settings] == [115, 8]


def test_a_member_without_a_regression_takes_its_share_of_the_mean():
    matrix, label = rows()
    fitted = linear.fit(matrix, label, FEATURES, strength=1.0)
    names = ["a", "b", "c"]
    mean = linear.mean([fitted, Linear(intercept=-2.0), fitted])
    expected = (2 * fitted.margin(matrix, names) - 2.0) / 3
    assert np.allclose(mean.margin(matrix, names), expected, atol=1e-12)
    assert linear.mean([Linear(intercept=-2.0)] * 3) == Linear(intercept=-2.0)
