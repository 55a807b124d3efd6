"""The bench of the promotion decision in small: `bench/decision.py` prints it with standard errors."""

from dataclasses import replace

import numpy as np
import pytest

from bench.decisions.catalogue import PAGE, TEST_DAYS, TRAIN_DAYS, examination
from bench.decisions.cells import LOGS, Cell, Market, Scorer, simulate
from bench.decisions.curves import CURVES, CurveCase
from bench.decisions.generations import generations
from bench.decisions.impressions import RATE, Policy, TestSet
from bench.decisions.probability import Probability
from bench.decisions.rules import RULE_CASES, RuleShares, non_inferior
from bench.decisions.shares import DecisionShares, pooled
from bench.decisions.verdicts import Candidates, chance, judge, of_spared
from components.evaluate.metrics.candidate_names import CHAMPION, NEW
from components.evaluate.scoring import CandidateScores

OLD, CHAMPION_MADE = LOGS[0], LOGS[2]


@pytest.fixture(scope="module")
def market():
    return Market.of(np.random.default_rng(5), exponent=1.0)


@pytest.fixture(scope="module")
def log(market):
    random = np.random.default_rng(6)
    policies = market.policies(random, LOGS[5])
    return TestSet.of(random, market.catalogue, policies, conversions=800, explore=0.04)


def shares(cell, gain, curve, logs):
    return DecisionShares.of(cell, [simulate(cell, [gain], [curve], number)[0] for number in range(logs)])


def test_the_value_of_an_order_is_that_of_many_pages(market):
    random = np.random.default_rng(7)
    challenger = market.challenger(random, 0.1, alike=0.0)
    attraction = np.exp(market.catalogue.liking)
    values = dict.fromkeys(("champion", "challenger"), 0.0)
    for day in range(TRAIN_DAYS, TRAIN_DAYS + TEST_DAYS):
        pages = random.permuted(np.tile(np.arange(3_000), (25, 1)), axis=1).reshape(-1, PAGE)
        for name, score in (("champion", market.champion), ("challenger", challenger)):
            ordered = np.take_along_axis(pages, np.argsort(-score[day][pages], axis=1), 1)
            values[name] += float((attraction[day][ordered] * examination(1.0)).sum(axis=1).mean()) / TEST_DAYS
    assert values["champion"] == pytest.approx(market.catalogue.value(market.champion), rel=0.01)
    assert values["challenger"] / values["champion"] - 1 == pytest.approx(0.1, abs=0.01)


def test_a_gain_beyond_a_score_without_errors_is_refused(market):
    with pytest.raises(ValueError, match="different signs"):
        market.challenger(np.random.default_rng(8), 2.0, alike=0.5)


def test_a_log_has_the_conversions_and_the_order_that_it_should(market, log):
    test, train = log.test, log.train
    assert test.label.sum() == pytest.approx(800, rel=0.12)
    assert test.label.mean() == pytest.approx(RATE, rel=0.12)
    assert train.lists == 4 * test.lists
    assert test.explores.mean() == pytest.approx(0.04, abs=0.01)
    assert (np.sort(test.items, axis=1)[:, 1:] > np.sort(test.items, axis=1)[:, :-1]).all()
    score = test.of(market.champion).reshape(-1, PAGE)
    falls = (np.diff(score, axis=1) <= 1e-6).all(axis=1)
    assert falls[~test.explores].all()
    assert not falls[test.explores].any()
    early = train.of(market.champion).reshape(-1, PAGE)[train.days < TRAIN_DAYS // 2]
    assert (np.diff(early, axis=1) > 0).any(axis=1).mean() > 0.9
    assert np.bincount(test.users).max() > 1


def test_what_stays_is_calibrated(market, log):
    """Of a well calibrated model: on lists that stay as on all of them."""
    model = Probability.fit(np.random.default_rng(9), log.train, market.catalogue.liking)
    scorer = Scorer(np.random.default_rng(10), log, None)
    assert model.at(log.test).sum() / log.test.label.sum() == pytest.approx(1, abs=0.1)
    assert of_spared(model.at(scorer.test)).sum() / scorer.test.label.sum() == pytest.approx(1, abs=0.1)
    assert scorer.test.lists < log.test.lists / 5


def test_the_gain_over_the_champion_is_that_of_all_lists(market, log):
    """Lists without a conversion add nothing to it."""
    random = np.random.default_rng(11)
    model = Probability.fit(random, log.train, market.challenger(random, 0.1, alike=0.5))
    curve = CURVES["true"](CurveCase(log, 1.0, model.by_position(log.test), model_made=True))
    scorer = Scorer(random, log, market.champion)
    few = judge(scorer.test, scorer.candidates(model), curve)
    whole = {
        name: CandidateScores(model.at(log.test), chance(log.test.of(table)))
        for name, table in ((NEW, model.score), (CHAMPION, market.champion))
    }
    orders = {NEW: log.test.of(model.score), CHAMPION: log.test.of(market.champion)}
    every = judge(log.test, Candidates(whole, np.full(len(log.test.label), RATE), log.test, orders), curve)
    assert few.lift.value == pytest.approx(every.lift.value, abs=1e-9)
    assert few.lift.se == pytest.approx(every.lift.se, rel=0.1)


def test_the_position_input_takes_over_what_the_champion_knows():
    """The steeper curve by which equal models seem better, on the log that the champion made alone."""
    old, of_champion = (
        simulate(Cell(log, 0.5, 400), [0.0], ["position input"], 1)[0].decay for log in (OLD, CHAMPION_MADE)
    )
    assert of_champion > 0.65
    assert of_champion > old


def test_equal_models_are_refused_and_better_ones_are_not_on_a_log_that_the_champion_made():
    """With the true curve, and with that of the product, which nothing but items at several positions tells."""
    cell = Cell(CHAMPION_MADE, 0.5, 800)
    outcomes = [each for number in range(4) for each in simulate(cell, [0.0], ["true", "product"], number)]
    for curve in ("true", "product"):
        equal = DecisionShares.of(cell, [each for each in outcomes if each.curve == curve])
        assert equal.promoted == 0
        assert equal.covered >= 0.75
        assert equal.safe
        assert abs(equal.lift) < 0.01
        assert equal.decay == pytest.approx(0.5, abs=0.1)
    better = shares(cell, 0.1, "product", 2)
    assert better.promoted >= 0.8
    assert better.lift == pytest.approx(0.1, abs=0.03)


def test_too_many_promotions_of_equal_models_are_not_safe():
    outcome = simulate(Cell(OLD, 0.5, 400), [0.0], ["true"], 1)[0]
    hold, promoted = replace(outcome, outcome="hold"), replace(outcome, outcome="promote")
    cell = Cell(OLD, 0.5, 400)
    assert DecisionShares.of(cell, [promoted] * 9 + [hold] * 91).safe
    assert not DecisionShares.of(cell, [promoted] * 10 + [hold] * 90).safe
    assert DecisionShares.of(cell, [replace(each, gain=0.05) for each in [promoted] * 10]).safe


def test_all_kinds_of_log_together_count_each_log_once():
    outcome = simulate(Cell(OLD, 0.5, 400), [0.0], ["true"], 1)[0]
    hold, promoted = replace(outcome, outcome="hold"), replace(outcome, outcome="promote")
    old = DecisionShares.of(Cell(OLD, 0.5, 400), [hold] * 90)
    champion = DecisionShares.of(Cell(CHAMPION_MADE, 0.5, 400), [promoted] * 20 + [hold] * 10)
    alone = DecisionShares.of(Cell(OLD, 1.0, 400), [hold])
    (both,) = pooled([old, champion, alone])
    assert both.logs == 120
    assert both.promoted == pytest.approx(1 / 6)
    assert both.hold == pytest.approx(5 / 6)
    assert both.promoted_error == pytest.approx((21 * 101) ** 0.5 / 122 / 123**0.5)
    assert not both.safe
    assert old.safe


def test_a_reversed_order_and_a_worse_model_are_refused():
    reverse = next(case for case in RULE_CASES if "upside down" in case.name)
    assert RuleShares.of(reverse, [reverse.simulate(number) for number in range(1)]).right
    worse = non_inferior(-0.1)(0)
    assert worse.judgement.outcome in ("hold", "reject")
    assert worse.truth == -0.1


def test_generations_with_the_true_curve_do_not_lose():
    chain = generations(0.04, "true", 0)
    assert [each.number for each in chain] == [1, 2, 3, 4, 5]
    assert min(each.worth for each in chain) > 0.97
    assert {each.worth for each in chain} != {1.0} or not any(each.promoted for each in chain)


def test_the_same_number_gives_the_same_outcomes():
    cell = Cell(LOGS[1], 1.0, 400)
    assert simulate(cell, [0.0, 0.05], ["product"], 3) == simulate(cell, [0.0, 0.05], ["product"], 3)


def test_a_policy_without_noise_is_its_score():
    score = np.random.default_rng(1).normal(size=(2, 30))
    items = np.array([[3, 1, 2]], np.int32)
    assert Policy(score).order(np.random.default_rng(2), 1, items)[0] == pytest.approx(score[1][[3, 1, 2]], abs=1e-6)
