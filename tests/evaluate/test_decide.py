"""Every verdict, and what can never give `promote`."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.evaluate.decide.decide import (
    FEWEST_IN_SLICE,
    Opponent,
    Slice,
    Unseen,
    Verdict,
    conversions_for,
    decide,
    decide_without_classes,
    holm,
    percent,
    sensitivity,
)
from components.evaluate.metrics.bootstrap import Estimate
from tests.evaluate.evidence import BETTER, METRICS, UNCLEAR, WORSE, against, evidence, rules

HARMED = (Slice("layout", "1K", 400.0, -0.2, 0.0001), Slice("layout", "2DK", 600.0, 0.05, 0.9))
SMALL = (Slice("layout", "1K", FEWEST_IN_SLICE - 1.0, -0.9, 1e-9), Slice("layout", "2DK", 600.0, 0.05, 0.9))
LOWER_LOSS_BY_MUCH = Estimate(-0.03, -0.07, 0.01, 0.02)
TIGHT = Estimate(0.001, -0.003, 0.005, 0.002)
CASES = {
    "a good first model": (evidence(), rules(), "promote"),
    "without places, by log loss": (evidence(), rules(ranked=False, metric="log_loss"), "promote"),
    "too few conversions": (evidence(conversions=199.0), rules(), "insufficient-data"),
    "labels too young": (evidence(immature_days=0.5), rules(), "insufficient-data"),
    "one place only": (evidence(logged_places=1.0), rules(), "insufficient-data"),
    "few effective rows": (evidence(ess=199.0), rules(), "insufficient-data"),
    "few effective rows of many": (evidence(rows=1e6, ess=9_999.0), rules(), "insufficient-data"),
    # The bound says ">= 235", and the gate holds a verdict to the words of its bounds.
    "fewer effective rows than the bound says": (evidence(rows=23_460.0, ess=234.7), rules(), "insufficient-data"),
    "not told apart from a floor": (evidence(floors={"logistic": UNCLEAR}), rules(), "hold"),
    "worse than a floor": (evidence(floors={"current_order": WORSE}), rules(), "reject"),
    "worse, but from too few": (evidence(floors={"constant": WORSE}, conversions=60.0), rules(), "insufficient-data"),
    "a floor that is not asked for": (evidence(floors={"logistic": WORSE}), rules(must_beat=("constant",)), "promote"),
    "better than the champion": (evidence(champion=against(BETTER)), rules(), "promote"),
    "not told apart from the champion": (evidence(champion=against(UNCLEAR)), rules(), "hold"),
    "worse than the champion": (evidence(champion=against(WORSE)), rules(), "reject"),
    "better order, worse log loss": (evidence(champion=against(BETTER, WORSE)), rules(), "reject"),
    "better order, log loss maybe worse": (evidence(champion=against(BETTER, LOWER_LOSS_BY_MUCH)), rules(), "hold"),
    "the champion itself": (evidence(champion=Opponent(same_bundle=True)), rules(), "hold"),
    "a champion that cannot score": (evidence(champion=Opponent(unscorable="they lack rent")), rules(), "hold"),
    "as good within the margin": (
        evidence(champion=against(TIGHT)), rules(rule="non-inferiority", margin=0.02), "promote",
    ),
    "a margin finer than the data": (
        evidence(champion=against(UNCLEAR)), rules(rule="non-inferiority", margin=0.02), "hold",
    ),
    "worse under any margin": (
        evidence(champion=against(WORSE)), rules(rule="non-inferiority", margin=0.02), "reject",
    ),
    "badly calibrated": (
        evidence(calibration_ratio=1.4, calibration_ratio_low=1.3, calibration_ratio_high=1.5), rules(), "hold",
    ),
    "unseen categories": (evidence(unseen_categories=0.02), rules(), "hold"),
    "against a declared direction": (evidence(monotone_violations=1.0), rules(), "reject"),
    "too large": (evidence(booster_bytes=6e7), rules(), "hold"),
    "a harmed slice": (evidence(slices={"layout": HARMED}), rules(), "reject"),
    "a small slice is not judged": (evidence(slices={"layout": SMALL}), rules(), "promote"),
    "a missing slice": (evidence(slices={}), rules(), "invalid"),
    "an empty slice": (evidence(slices={"layout": ()}), rules(), "invalid"),
    "a slice without a comparison": (
        evidence(slices={"layout": (Slice("layout", "1K", 400.0, None, None),)}), rules(), "invalid",
    ),
    "no rules": (evidence(), rules(must_beat=()), "invalid"),
    "a floor that was not measured": (replace(evidence(), floors={"constant": BETTER}), rules(), "invalid"),
    "a champion that was not measured": (evidence(champion=Opponent()), rules(), "invalid"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_verdict(case):
    given_evidence, given_rules, word = CASES[case]
    verdict = decide(given_evidence, given_rules)
    assert verdict.word == word
    assert verdict.reasons
    broken = [reason for reason in verdict.reasons if not reason.passed]
    assert bool(broken) == (word != "promote")
    for reason in verdict.reasons:
        assert set(reason.to_json()) == {"rule", "measured", "bound", "passed", "says"}
        assert reason.says.endswith(".")


@pytest.mark.parametrize("name", METRICS)
def test_a_missing_metric_is_invalid_and_named(name):
    verdict = decide(evidence(**{name: None}), rules())
    assert verdict.word == "invalid"
    assert any(name in reason.says for reason in verdict.reasons)


NOT_FINITE = st.sampled_from([math.nan, math.inf, -math.inf])


def spoiled_metric(name, value):
    return evidence(**{name: value})


def spoiled_floor(name, part, value):
    return evidence(floors={name: replace(BETTER, **{part: value})})


def spoiled_champion(which, part, value):
    return evidence(champion=replace(against(BETTER), **{which: replace(BETTER, **{part: value})}))


def spoiled_slice(part, value):
    return evidence(slices={"layout": (replace(HARMED[1], **{part: value}),)})


PARTS = st.sampled_from(["value", "low", "high", "se"])
SPOILED = st.one_of(
    st.builds(spoiled_metric, st.sampled_from(sorted(METRICS)), NOT_FINITE),
    st.builds(spoiled_floor, st.sampled_from(["constant", "logistic", "current_order"]), PARTS, NOT_FINITE),
    st.builds(spoiled_champion, st.sampled_from(["primary", "log_loss"]), PARTS, NOT_FINITE),
    st.builds(spoiled_slice, st.sampled_from(["conversions", "change", "p"]), NOT_FINITE),
)


@given(SPOILED, st.booleans())
def test_a_number_that_is_not_finite_never_promotes(given_evidence, ranked):
    assert decide(given_evidence, rules(ranked=ranked)).word == "invalid"


NUMBERS = st.floats(-10, 10)
GAINS = st.builds(
    lambda low, step, se: Estimate(low + step, low, low + 2 * step, se), NUMBERS, st.floats(0, 5), st.floats(0, 5)
)


@given(st.dictionaries(st.sampled_from(["constant", "logistic", "current_order"]), GAINS), GAINS, GAINS)
def test_promote_means_that_every_interval_lies_above_zero(floors, primary, log_loss):
    verdict = decide(evidence(floors=floors, champion=against(primary, log_loss)), rules())
    if verdict.word == "promote":
        assert all(gain.low > 0 for gain in (primary, *floors.values()))
        assert log_loss.high >= 0
    else:
        assert any(not reason.passed for reason in verdict.reasons)


def test_equal_evidence_gives_equal_words():
    assert decide(evidence(champion=against(UNCLEAR)), rules()) == decide(evidence(champion=against(UNCLEAR)), rules())


def test_what_cannot_be_told_says_how_many_conversions_it_needs():
    verdict = decide(
        evidence(conversions=800.0, champion=against(Estimate(0.01, -0.03, 0.05, 0.02))),
        rules(rule="non-inferiority", margin=0.02),
    )
    said = next(reason.says for reason in verdict.reasons if reason.rule == "not worse than champion")
    assert said.startswith("Cannot tell within 2.00 %")
    assert "needs about 6,300 conversions" in said
    assert conversions_for(Estimate(0, 0, 0, 0.021), 0.03, 800) == pytest.approx(3_100)


def test_holm_falls_step_by_step():
    assert holm([0.01, 0.04, 0.03], level=0.05) == [True, False, False]
    assert holm([0.01, 0.02, 0.03], level=0.05) == [True, True, True]
    assert holm([], level=0.05) == []


def test_a_verdict_that_hangs_on_the_curve_says_so_and_stays():
    verdict = decide(evidence(), rules())
    firm = sensitivity(verdict, {"with half": verdict})
    loose = sensitivity(verdict, {"with half": Verdict("hold", ())})
    assert firm.passed
    assert loose.passed
    assert "does not depend" in firm.says
    assert "promote as estimated, hold with half" in loose.says


def test_shares_are_written_as_people_write_them():
    assert [percent(value) for value in (0.0123, 0.123, 1.23)] == ["1.23 %", "12.3 %", "123 %"]
    assert percent(-0.005, sign=True) == "-0.50 %"


def reason(verdict, rule):
    return next(one for one in verdict.reasons if one.rule == rule)


@pytest.mark.case("category values that training never saw, beside rare ones that the model pools")
@pytest.mark.parametrize(
    ("unseen", "pooled", "most", "word"),
    [
        (0.0875, 0.0, 0.01, "hold"),
        (0.0875, 0.12, 0.01, "promote"),
        (0.0875, 0.08, 0.01, "promote"),
        (0.0875, 0.07, 0.01, "hold"),
        (0.0875, 0.0, 0.1, "promote"),
    ],
    ids=["no pool", "a larger pool", "a pool within the bound", "a smaller pool", "the spec allows it"],
)
def test_unseen_categories_count_as_far_as_the_pool_does_not_hold_them(outcome, unseen, pooled, most, word):
    worst = Unseen("station", unseen, pooled)
    seen = replace(evidence(unseen_categories=worst.excess), unseen=worst)
    verdict = decide(seen, rules(max_unseen=most))
    found = reason(verdict, "unseen categories")
    outcome(f"{verdict.word}: {found.says}")
    assert verdict.word == word
    assert found.says.startswith("8.75 % of the test rows have a value of station that training never saw")
    assert ("or raise promotion.max_unseen." in found.says) == (word == "hold")


def test_without_a_category_nothing_is_said_of_one():
    found = reason(decide(evidence(unseen_categories=0.0), rules()), "unseen categories")
    assert found.says == "The model has no category as an input."


def test_test_rows_of_one_class_are_too_little_data():
    verdict = decide_without_classes(0.0, rules())
    assert verdict.word == "insufficient-data"
    assert [one.rule for one in verdict.reasons] == ["classes", "conversions"]
