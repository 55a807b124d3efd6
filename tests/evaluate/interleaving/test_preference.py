"""Preference, lift and sample size against what can be counted or enumerated."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from components.evaluate.interleaving.credit import Credits, credits
from components.evaluate.interleaving.lift import Worths, conversions_for_lift, measured_lift, worths
from components.evaluate.interleaving.preference import detectable_share, no_preference, prefer
from components.evaluate.interleaving.sample_size import size_for_share, split_conversions
from model.errors import DataError
from model.interleaving import coins, team_draft


def of_teams(for_a, for_b, nobody=0):
    """One conversion per list, a list per user."""
    a = np.repeat([1.0, 0.0, 0.0], [for_a, for_b, nobody])
    b = np.repeat([0.0, 1.0, 0.0], [for_a, for_b, nobody])
    return Credits(np.arange(len(a)), a + b, a, b)


def test_credit_is_the_conversions_of_each_team_but_for_contested_ones():
    of_b = np.array([[False, True, True], [True, False, False]])
    converted = np.array([[True, True, False], [True, False, True]])
    contested = np.array([[True, False, False], [False, False, False]])
    everything = credits(np.arange(2), of_b, converted)
    assert (everything.a.tolist(), everything.b.tolist()) == ([1, 1], [1, 1])
    informative = credits(np.arange(2), of_b, converted, contested)
    assert (informative.a.tolist(), informative.b.tolist()) == ([0, 1], [1, 1])
    assert informative.conversions.tolist() == [2, 2]


def test_preference_is_the_share_of_credit_with_a_binomial_error():
    result = prefer(of_teams(80, 120, nobody=1_800))
    assert result.preference == 0.6
    assert result.se == pytest.approx(np.sqrt(0.6 * 0.4 / 200))
    assert (result.lists, result.units, result.conversions) == (2_000, 2_000, 200)
    assert (result.lists_for_a, result.lists_for_b, result.winner) == (80, 120, "B")
    wilson = binomtest(120, 200).proportion_ci(method="wilson")
    assert (result.low, result.high) == pytest.approx((wilson.low, wilson.high))
    assert result.p == pytest.approx(binomtest(120, 200).pvalue)


def test_the_other_model_is_preferred_by_as_much():
    result, mirrored = prefer(of_teams(80, 120)), prefer(of_teams(120, 80))
    assert mirrored.preference == pytest.approx(1 - result.preference)
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - result.high, 1 - result.low))
    assert (mirrored.p, mirrored.winner) == (pytest.approx(result.p), "A")


@pytest.mark.parametrize("for_b", [0, 200])
def test_one_sided_credit_has_an_interval_all_the_same(for_b):
    result = prefer(of_teams(200 - for_b, for_b))
    assert (result.low < result.preference) != (result.preference < result.high)
    assert 0 <= result.low < result.high <= 1


def test_conversions_of_the_same_users_count_less():
    credit = of_teams(80, 120)
    pairs = replace(credit, unit=credit.unit // 4)  # four alike conversions a user
    result = prefer(pairs)
    assert result.design_effect == pytest.approx(4)
    assert result.se == pytest.approx(2 * prefer(credit).se)
    assert result.p == pytest.approx(binomtest(30, 50).pvalue)
    assert result.winner is None


@pytest.mark.parametrize("difference", [[1, 1, -1, 2], [3, -1, 2, 2, 0], [1] * 9, [0, 1, -1]])
def test_p_is_that_of_all_signs(difference):
    size = np.abs(difference)
    sums = np.array([np.dot(signs, size) for signs in product([-1, 1], repeat=len(size))])
    expected = np.mean(np.abs(sums) >= abs(sum(difference)))
    assert no_preference(np.array(difference, float)) == pytest.approx(expected)


def test_p_of_many_units_goes_over_into_the_normal_distribution():
    units = 20_001
    difference = np.where(np.arange(units) < units / 2 + 150, 1.0, -1.0)
    assert no_preference(difference) == pytest.approx(no_preference(difference[1:-1]), rel=0.03)


def test_credit_of_fewer_than_two_users_is_refused():
    alone = Credits(np.array([0, 0, 1]), np.array([1.0, 1, 0]), np.array([1.0, 0, 0]), np.array([0.0, 1, 0]))
    with pytest.raises(DataError, match=r"conversion: 2 conversions .* of 1 users, in 3 lists\. Log more pages"):
        prefer(alone)
    with pytest.raises(DataError, match="conversions of 1 users"):
        measured_lift(Worths(alone.unit, alone.conversions, alone.a, alone.a))


def test_equal_orders_have_a_preference_of_half_and_no_informative_credit():
    random = np.random.default_rng(4)
    order = np.argsort(random.random((4_000, 6)), axis=1)
    draft = team_draft(order, order, coins(random, 4_000, 6))
    converted = random.random(order.shape) < 0.1 / np.arange(1, 7)
    result = prefer(credits(np.arange(4_000), draft.of_b, converted))
    assert abs(result.preference - 0.5) < 3 * result.se
    with pytest.raises(DataError, match="compare models whose orders differ"):
        prefer(credits(np.arange(4_000), draft.of_b, converted, draft.contested))


@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_the_worth_of_both_orders_is_exact_in_the_mean(exponent):
    """Over all coins, on every pair of orders of four items: expected conversions of each order, with weights that are
    at most 2 to the exponent."""
    examination = np.arange(1, 5.0) ** -exponent
    attraction = np.array([0.3, 0.1, 0.5, 0.2])
    falls = np.array(list(product([False, True], repeat=2)))
    for order in permutations(range(4)):
        orders = [np.tile(items, (len(falls), 1)) for items in (np.arange(4), np.array(order))]
        item = team_draft(*orders, falls).item
        rank_a, rank_b = (np.take_along_axis(np.argsort(items, axis=1), item, 1) + 1 for items in orders)
        unit = np.arange(len(falls))
        chance = attraction[item] * examination
        for name, items in (("a", orders[0]), ("b", orders[1])):
            single = np.stack(
                [
                    getattr(worths(unit, of_item, rank_a, rank_b, examination), name)
                    for of_item in np.broadcast_to(np.eye(4, dtype=bool)[:, None], (4, *item.shape))
                ],
                axis=1,
            )
            assert single.max() <= 2**exponent + 1e-12
            assert (single * chance).sum(axis=1) == pytest.approx(attraction[items[0]] @ examination)


def test_the_lift_has_the_error_of_the_ratio_by_unit():
    random = np.random.default_rng(8)
    a = random.poisson(0.4, 6_000).astype(float)
    b = a * random.uniform(0.8, 1.4, 6_000)
    result = measured_lift(Worths(np.arange(6_000), a, a, b))
    drawn = random.poisson(1.0, (2_000, 6_000)).astype(float)
    assert result.lift == pytest.approx(b.sum() / a.sum() - 1)
    assert result.se == pytest.approx(np.std(drawn @ b / (drawn @ a)), rel=0.06)
    half = 1.96 * result.se / (1 + result.lift)
    assert (1 + result.low, 1 + result.high) == pytest.approx((1 + result.lift) * np.exp([-half, half]), rel=1e-4)
    mirrored = measured_lift(Worths(np.arange(6_000), a, b, a))
    assert (1 + mirrored.low) * (1 + result.high) == pytest.approx(1, rel=1e-3)
    assert result.detectable == pytest.approx(2.8016 * result.se, rel=1e-4)
    assert conversions_for_lift(result.detectable / 2, result) == pytest.approx(4 * result.conversions, abs=1)


def test_the_sample_size_finds_its_share_eight_times_in_ten():
    """Counted over the binomial distribution, with the p of the estimator."""
    so_far = prefer(of_teams(45, 55, nobody=300))
    size = size_for_share(0.6, so_far)
    assert (size.conversions, size.lists) == (size.credited, pytest.approx(4 * size.credited, abs=4))
    for_b = np.random.default_rng(2).binomial(size.credited, 0.6, 400)
    rejected = [no_preference(np.repeat([1.0, -1.0], [count, size.credited - count])) <= 0.05 for count in for_b]
    assert 0.72 < np.mean(rejected) < 0.86
    assert detectable_share(size.credited, 1.0) == pytest.approx(0.6, abs=0.003)


def test_the_sample_size_grows_with_the_design_effect_and_contested_conversions():
    so_far = prefer(of_teams(45, 55, nobody=300))
    base = size_for_share(0.55, so_far)
    alike = size_for_share(0.55, replace(so_far, design_effect=1.5))
    contested = size_for_share(0.55, replace(so_far, conversions=2 * so_far.conversions))
    assert alike.credited == pytest.approx(1.5 * base.credited, abs=2)
    assert (contested.credited, contested.conversions) == (base.credited, pytest.approx(2 * base.conversions, abs=2))


def test_an_ab_split_of_the_stated_size_finds_its_lift():
    total = split_conversions(0.10)
    random = np.random.default_rng(3)
    old, new = (random.poisson(total * share / 2.1, 4_000) for share in (1.0, 1.1))
    z = (np.log(new) - np.log(old)) / np.sqrt(1 / new + 1 / old)
    assert 0.77 < np.mean(z > norm.ppf(0.975)) < 0.83


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 1.2])
def test_a_share_without_a_sample_size_is_refused(share):
    with pytest.raises(DataError, match=rf"share: {share} cannot be told from no preference\. Give a share"):
        size_for_share(share, prefer(of_teams(45, 55)))


def test_no_lift_has_no_sample_size():
    with pytest.raises(DataError, match="lift: 0 cannot be told from no lift"):
        conversions_for_lift(0, measured_lift(Worths(np.arange(2), *np.ones((3, 2)))))
    for lift in (0.0, -1.0):
        with pytest.raises(DataError, match=rf"lift: {lift} has no sample size\. Give the lift as a fraction"):
            split_conversions(lift)
