"""Every verdict, and what can never give `promote`."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifacts.pool import Pool
from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.decide import decide, decide_without_classes
from components.evaluate.decide.evidence import ChampionComparison, SliceResult, UnseenCategories
from components.evaluate.decide.gain_text import conversions_for, not_worse, percent, superiority
from components.evaluate.decide.rule_6_slices import FEWEST_IN_SLICE, holm
from components.evaluate.decide.rule_result import Decision
from components.evaluate.decide.sensitivity import CurveKnowledge, implausible_curve, sensitivity
from components.evaluate.metrics.bootstrap import Estimate
from tests.evaluate.evidence import BETTER, METRICS, UNCLEAR, WORSE, against, criteria, evidence
from tests.logs import spec_of

HARMED = (SliceResult("layout", "1K", 400.0, -0.2, 0.0001), SliceResult("layout", "2DK", 600.0, 0.05, 0.9))
SMALL = (SliceResult("layout", "1K", FEWEST_IN_SLICE - 1.0, -0.9, 1e-9), SliceResult("layout", "2DK", 600.0, 0.05, 0.9))
LOWER_LOSS_BY_MUCH = Estimate(-0.03, -0.07, 0.01, 0.02)
TIGHT = Estimate(0.001, -0.003, 0.005, 0.002)
CASES = {
    "a good first model": (evidence(), criteria(), "promote"),
    "without places, by log loss": (evidence(), criteria(ranked=False, metric="log_loss"), "promote"),
    "too few conversions": (evidence(conversions=199.0), criteria(), "insufficient-data"),
    "labels too young": (evidence(immature_days=0.5), criteria(), "insufficient-data"),
    "one place only": (evidence(logged_positions=1.0), criteria(), "insufficient-data"),
    "few effective conversions": (evidence(ess=49.0), criteria(), "insufficient-data"),
    "few effective conversions of many": (evidence(conversions=1e4, ess=49.0), criteria(), "insufficient-data"),
    # The bound is ">= 63", and the gate compares a verdict with its own bounds.
    "fewer effective conversions than the bound says": (
        evidence(ess=62.8),
        criteria(min_conversions=251),
        "insufficient-data",
    ),
    "no better than chance without an order to compare": (
        evidence(auc_within_cuts_low=0.49),
        criteria(ranked=False, metric="log_loss", must_beat=("constant",)),
        "hold",
    ),
    "better than chance without an order to compare": (
        evidence(),
        criteria(ranked=False, metric="log_loss", must_beat=("constant",)),
        "promote",
    ),
    "not told apart from a baseline": (evidence(gains={"logistic": UNCLEAR}), criteria(), "hold"),
    "worse than a baseline": (evidence(gains={"current_order": WORSE}), criteria(), "reject"),
    "worse, but from too few": (evidence(gains={"constant": WORSE}, conversions=60.0), criteria(), "insufficient-data"),
    "a baseline that the spec does not name": (
        evidence(gains={"logistic": WORSE}), criteria(must_beat=("constant",)), "promote",
    ),
    "better than the champion": (evidence(champion=against(BETTER)), criteria(), "promote"),
    "better than the champion by level alone": (
        evidence(champion=against(BETTER, order=Estimate(-0.002, -0.01, 0.006, 0.004))),
        criteria(ranked=False, metric="log_loss", must_beat=("constant",)), "hold",
    ),
    "a better level and a worse order": (
        evidence(champion=against(BETTER, order=WORSE)),
        criteria(ranked=False, metric="log_loss", must_beat=("constant",)), "reject",
    ),
    "a better level and an order as good": (
        evidence(champion=against(BETTER, order=Estimate(0.0, -0.01, 0.01, 0.005))),
        criteria(ranked=False, metric="log_loss", must_beat=("constant",)), "promote",
    ),
    "by log loss, an order that was not compared": (
        evidence(champion=against(BETTER, order=None)),
        criteria(ranked=False, metric="log_loss", must_beat=("constant",)), "invalid",
    ),
    "by conversions, no order by log loss": (evidence(champion=against(BETTER, order=None)), criteria(), "promote"),
    "not told apart from the champion": (evidence(champion=against(UNCLEAR)), criteria(), "hold"),
    "worse than the champion": (evidence(champion=against(WORSE)), criteria(), "reject"),
    "better order, worse log loss": (evidence(champion=against(BETTER, WORSE)), criteria(), "reject"),
    "better order, log loss maybe worse": (evidence(champion=against(BETTER, LOWER_LOSS_BY_MUCH)), criteria(), "hold"),
    "the champion itself": (evidence(champion=ChampionComparison(same_bundle=True)), criteria(), "hold"),
    "a champion that cannot score": (
        evidence(champion=ChampionComparison(unscorable="rent is missing")), criteria(), "hold",
    ),
    "as good within the margin": (
        evidence(champion=against(TIGHT)), criteria(rule="non-inferiority", margin=0.02), "promote",
    ),
    "a margin finer than the data": (
        evidence(champion=against(UNCLEAR)), criteria(rule="non-inferiority", margin=0.02), "hold",
    ),
    "worse under any margin": (
        evidence(champion=against(WORSE)), criteria(rule="non-inferiority", margin=0.02), "reject",
    ),
    "badly calibrated": (
        evidence(calibration_ratio=1.4, calibration_ratio_low=1.3, calibration_ratio_high=1.5), criteria(), "hold",
    ),
    "unseen categories": (evidence(unseen_categories=0.02), criteria(), "hold"),
    "against a declared direction": (evidence(monotone_violations=1.0), criteria(), "reject"),
    "too large": (evidence(booster_bytes=6e7), criteria(), "hold"),
    "a harmed slice": (evidence(slices={"layout": HARMED}), criteria(), "reject"),
    "a small slice is not tested": (evidence(slices={"layout": SMALL}), criteria(), "promote"),
    "a missing slice": (evidence(slices={}), criteria(), "invalid"),
    "an empty slice": (evidence(slices={"layout": ()}), criteria(), "invalid"),
    "a slice without a comparison": (
        evidence(slices={"layout": (SliceResult("layout", "1K", 400.0, None, None),)}), criteria(), "invalid",
    ),
    "no rules": (evidence(), criteria(must_beat=()), "invalid"),
    "a baseline that was not measured": (
        replace(evidence(), baseline_gains={"constant": BETTER}), criteria(), "invalid",
    ),
    "a champion that was not measured": (evidence(champion=ChampionComparison()), criteria(), "invalid"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_verdict(case):
    case_evidence, case_criteria, expected = CASES[case]
    decision = decide(case_evidence, case_criteria)
    assert decision.outcome == expected
    assert decision.results
    failed = [result for result in decision.results if not result.passed]
    assert bool(failed) == (expected != "promote")
    for result in decision.results:
        assert set(result.reason.model_dump()) == {"rule", "measured", "bound", "passed", "message"}
        assert result.message.endswith(".")


@pytest.mark.parametrize("name", METRICS)
def test_a_missing_metric_is_invalid_and_named(name):
    decision = decide(evidence(**{name: None}), criteria())
    assert decision.outcome == "invalid"
    assert any(name in result.message for result in decision.results)


NOT_FINITE = st.sampled_from([math.nan, math.inf, -math.inf])


def spoiled_metric(name, value):
    return evidence(**{name: value})


def spoiled_gain(name, part, value):
    return evidence(gains={name: replace(BETTER, **{part: value})})


def spoiled_champion(which, part, value):
    return evidence(champion=replace(against(BETTER), **{which: replace(BETTER, **{part: value})}))


def spoiled_slice(part, value):
    return evidence(slices={"layout": (replace(HARMED[1], **{part: value}),)})


PARTS = st.sampled_from(["value", "low", "high", "se"])
SPOILED = st.one_of(
    st.builds(spoiled_metric, st.sampled_from(sorted(METRICS)), NOT_FINITE),
    st.builds(spoiled_gain, st.sampled_from(["constant", "logistic", "current_order"]), PARTS, NOT_FINITE),
    st.builds(spoiled_champion, st.sampled_from(["primary", "log_loss", "order"]), PARTS, NOT_FINITE),
    st.builds(spoiled_slice, st.sampled_from(["conversions", "change", "p"]), NOT_FINITE),
)


@given(SPOILED, st.booleans())
def test_a_number_that_is_not_finite_never_promotes(spoiled, ranked):
    assert decide(spoiled, criteria(ranked=ranked)).outcome == "invalid"


NUMBERS = st.floats(-10, 10)
GAINS = st.builds(
    lambda low, step, se: Estimate(low + step, low, low + 2 * step, se), NUMBERS, st.floats(0, 5), st.floats(0, 5)
)


@given(st.dictionaries(st.sampled_from(["constant", "logistic", "current_order"]), GAINS), GAINS, GAINS)
def test_promote_means_that_every_interval_lies_above_zero(gains, primary, log_loss):
    decision = decide(evidence(gains=gains, champion=against(primary, log_loss)), criteria())
    if decision.outcome == "promote":
        assert all(gain.low > 0 for gain in (primary, *gains.values()))
        assert log_loss.high >= 0
    else:
        assert any(not result.passed for result in decision.results)


@given(GAINS, GAINS, GAINS, st.floats(0, 1), st.floats(0, 2_000))
def test_promote_means_that_more_than_the_level_was_gained_and_that_conversions_are_left(
    gain, primary, order, low, ess
):
    without = criteria(ranked=False, metric="log_loss", must_beat=("constant",))
    champion = against(primary, primary, order)
    if (
        decide(evidence(gains={"constant": gain}, champion=champion, auc_within_cuts_low=low), without).outcome
        == "promote"
    ):
        assert low > 0.5
        assert order.value >= 0
    needs_400 = criteria(min_conversions=400)
    if decide(evidence(champion=against(primary), ess=ess), needs_400).outcome == "promote":
        assert ess >= 100


@given(st.dictionaries(st.sampled_from(["constant", "logistic"]), GAINS), GAINS, st.floats(0.001, 0.9))
def test_non_inferiority_promotes_what_superiority_does_and_nothing_below_its_margin(gains, primary, margin):
    measured = evidence(gains=gains, champion=against(primary))
    outcome = decide(measured, criteria(rule="non-inferiority", margin=margin)).outcome
    if decide(measured, criteria()).outcome == "promote":
        assert outcome == "promote"
    if outcome == "promote":
        assert primary.low > -margin
        assert primary.value >= 0


@pytest.mark.parametrize("listed", [["constant"], ["logistic", "constant"], ["current_order"]])
def test_an_order_that_is_not_better_is_refused_by_name_whatever_the_spec_lists(listed):
    from_spec = Criteria.of(spec_of(promotion={"must_beat": listed}))
    worse = decide(evidence(gains={"current_order": WORSE}), from_spec)
    (refusal,) = (result for result in worse.results if not result.passed)
    assert worse.outcome == "reject"
    assert refusal.message.startswith("Worse than the current order by expected conversions per list: -10.0 %")
    assert "whatever promotion.must_beat lists" in refusal.message
    unmeasured = replace(evidence(), baseline_gains={"constant": BETTER, "logistic": BETTER})
    assert decide(unmeasured, from_spec).outcome == "invalid"


def test_equal_evidence_gives_equal_decisions():
    assert decide(evidence(champion=against(UNCLEAR)), criteria()) == decide(
        evidence(champion=against(UNCLEAR)), criteria()
    )


def test_what_beats_the_champion_is_not_worse_than_it_within_any_margin():
    clear = Estimate(0.1, 0.02, 0.18, 0.04)
    decision = decide(evidence(champion=against(clear)), criteria(rule="non-inferiority", margin=0.05))
    assert decision.outcome == "promote"
    assert "not worse than champion" in [result.rule for result in decision.results]


def test_a_champion_s_order_is_not_to_be_beaten_where_the_spec_asks_for_no_more_than_as_good():
    alike = Estimate(0.001, -0.01, 0.012, 0.005)
    same = evidence(champion=against(alike), gains={"current_order": alike})
    assert decide(same, criteria(rule="non-inferiority", margin=0.02)).outcome == "promote"
    assert decide(same, criteria()).outcome == "hold"
    assert (
        decide(evidence(gains={"current_order": alike}), criteria(rule="non-inferiority", margin=0.02)).outcome
        == "hold"
    )


def test_the_current_order_is_always_to_be_beaten_where_there_are_positions():
    assert Criteria.of(spec_of()).must_beat == ("constant", "current_order")
    assert Criteria.of(spec_of(promotion={"must_beat": ["current_order"]})).must_beat == ("current_order",)
    columns = {"label": "inquired", "time": "shown_at"}
    assert Criteria.of(spec_of(columns=columns)).must_beat == ("constant",)


def test_an_unclear_difference_names_how_many_conversions_it_needs():
    decision = decide(
        evidence(conversions=800.0, champion=against(Estimate(0.01, -0.03, 0.05, 0.02))),
        criteria(rule="non-inferiority", margin=0.02),
    )
    message = next(result.message for result in decision.results if result.rule == "not worse than champion")
    assert message.startswith("Cannot tell within 2.00 %")
    assert message.endswith("The smallest margin that 800 conversions can show is 5.68 %; this one needs about 6,500.")
    assert conversions_for(Estimate(0, -0.041, 0.041, 0.021), 0.03, 800) == pytest.approx(3_100)


def test_where_the_curve_is_not_known_more_conversions_are_not_asked_for():
    gain = Estimate(0.5, -0.02, 4.0, 0.8)
    for result in (
        superiority("rule", gain, "the other", 800, curve_known=False),
        not_worse("rule", gain, 0.01, "the other", 800, curve_known=False),
    ):
        assert result.consequence == "hold"
        assert "mark them in columns.explore" in result.message
        assert "800 conversions can show" not in result.message


def test_what_is_detectable_follows_the_confidence():
    """The normal quantiles of the confidence and of .8, in standard errors."""
    assert Estimate(0.01, 0.01 - 1.96 * 0.02, 0.05, 0.02).detectable == pytest.approx(2.8016 * 0.02, rel=1e-3)
    assert Estimate(0.01, 0.01 - 1.2816 * 0.02, 0.05, 0.02).detectable == pytest.approx(2.1232 * 0.02, rel=1e-3)


def test_holm_rejects_step_by_step():
    assert holm([0.01, 0.04, 0.03], level=0.05) == [True, False, False]
    assert holm([0.01, 0.02, 0.03], level=0.05) == [True, True, True]
    assert holm([], level=0.05) == []


def knowledge(*, identified=False, ordered=True, lists=100.0, decay=0.75, decay_se=0.5):
    return CurveKnowledge(identified=identified, ordered=ordered, lists=lists, decay=decay, decay_se=decay_se)


@pytest.mark.parametrize(("value", "text"), [(0.0002, "more than 1,000 times as many"), (0.01, "about 32,000.")])
def test_conversions_that_no_log_has_are_not_given_as_a_number(value, text):
    result = superiority("rule", Estimate(value, value - 0.04, value + 0.04, 0.02), "the other", 1_000)
    assert f"to show {percent(value)} it needs {text}" in result.message
    margin = not_worse("rule", Estimate(0.0, -0.04, 0.04, 0.02), value, "the other", 1_000)
    assert f"this one needs {text}" in margin.message


@pytest.mark.parametrize("high", [2e-6, -1e-7])
def test_answers_that_are_nearly_the_same_are_no_difference_that_can_be_shown(high):
    result = superiority("rule", Estimate(-5e-7, -1e-6, high, 1e-6), "the other", 800)
    assert result.message == "Nearly the same answers as from the other: the difference is below 0.01 %."
    assert result.consequence == "hold"


@pytest.mark.parametrize("lists", [np.inf, 1e12])
def test_more_random_pages_than_anybody_shows_are_not_asked_for(lists):
    under = {"with half": Decision("hold", ())}
    message = sensitivity(decide(evidence(), criteria()), under, knowledge(lists=lists)).message
    assert "More than 1,000,000 pages in random order would be needed" in message
    assert "A/B test" in message


def test_a_curve_that_is_surely_steeper_than_people_look_is_held_with_what_to_look_at():
    (result,) = implausible_curve(knowledge(identified=True, decay=4.3, decay_se=0.3))
    assert Decision.of(result).outcome == "hold"
    assert "position^-4.3 (standard error 0.3)" in result.message
    assert "Look in the SQL" in result.message
    assert not list(implausible_curve(knowledge(identified=True, decay=2.5, decay_se=0.3)))


def test_a_decision_that_hangs_on_an_unknown_curve_is_held_where_a_model_ordered_the_pages():
    decision = decide(evidence(), criteria())
    under = {"with half": Decision("hold", ())}
    unknown = knowledge(identified=False, ordered=True, lists=1_234.0)
    hanging = sensitivity(decision, under, unknown)
    assert Decision.of(*decision.results, hanging).outcome == "hold"
    assert "About 1,200 pages in random order, among the rows that are used, would settle it" in hanging.message
    assert "columns.explore" in hanging.message
    assert sensitivity(decision, under, knowledge(identified=False, ordered=False, lists=1.0)).passed
    assert sensitivity(decision, {"with half": decision}, unknown).passed


def test_a_decision_that_depends_on_the_curve_gets_a_note_and_stays():
    known = knowledge(identified=True, ordered=True, lists=0.0)
    decision = decide(evidence(), criteria())
    firm = sensitivity(decision, {"with half": decision}, known)
    loose = sensitivity(decision, {"with half": Decision("hold", ())}, known)
    assert firm.passed
    assert loose.passed
    assert "does not depend" in firm.message
    assert "promote as estimated, hold with half" in loose.message


def test_shares_have_three_digits_or_so():
    assert [percent(value) for value in (0.0123, 0.123, 1.23)] == ["1.23 %", "12.3 %", "123 %"]
    assert percent(-0.005, sign=True) == "-0.50 %"


def result_of(decision, rule):
    return next(result for result in decision.results if result.rule == rule)


@pytest.mark.case("category values that training never saw, beside rare ones that the model pools")
@pytest.mark.parametrize(
    ("unseen", "pooled", "most", "expected"),
    [
        (0.0875, 0.0, 0.01, "hold"),
        (0.0875, 0.12, 0.01, "promote"),
        (0.0875, 0.08, 0.01, "promote"),
        (0.0875, 0.07, 0.01, "hold"),
        (0.0875, 0.0, 0.1, "promote"),
    ],
    ids=["no pool", "a larger pool", "a pool within the bound", "a smaller pool", "the spec allows it"],
)
def test_unseen_categories_count_as_far_as_the_pool_does_not_hold_them(outcome, unseen, pooled, most, expected):
    worst = UnseenCategories("station", unseen, pooled)
    decision = decide(replace(evidence(unseen_categories=worst.excess), unseen=worst), criteria(max_unseen=most))
    result = result_of(decision, "unseen categories")
    outcome(f"{decision.outcome}: {result.message}")
    assert decision.outcome == expected
    assert result.message.startswith("8.75 % of the test rows have a value of station that training never saw")
    assert ("or raise promotion.max_unseen." in result.message) == (expected == "hold")


def test_a_model_without_a_category_has_no_unseen_ones():
    result = result_of(decide(evidence(unseen_categories=0.0), criteria()), "unseen categories")
    assert result.message == "The model has no category as an input."


def test_test_rows_of_one_class_are_too_little_data():
    decision = decide_without_classes(0.0, criteria(), Pool())
    assert decision.outcome == "insufficient-data"
    assert [result.rule for result in decision.results] == ["classes", "conversions"]
