"""The off-policy estimators against the public Open Bandit logs, whose logging probabilities are true."""

import gzip

import numpy as np
import pytest

from components.evaluate.decide.decide import decide
from components.evaluate.metrics.off_policy import CLIPS, estimate, in_random_order, least_error_clip, position_weights
from tests.evaluate.evidence import criteria, evidence
from tests.shared import shared

# Computed once with an independent implementation (sb-obp 0.5.10) on the same files.
ORACLE = {
    "bts_all": (80, 0.0023596395168, 0.0023337139, 340.4, 277.8, 1.011),
    "bts_men": (34, 0.0030086263273, 0.0031894232, 655.7, 178.3, 0.943),
}


def logged(name):
    path = shared(f"open_bandit/{name}.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        header = file.readline().strip().split(",")
        columns = [header.index(name) for name in ("click", "propensity_score")]
        rows = np.array([[float(line.split(",")[column]) for column in columns] for line in file])
    return rows[:, 0], rows[:, 1]


@pytest.mark.parametrize("name", ORACLE)
def test_the_value_of_a_uniform_policy_is_that_of_the_oracle(name):
    items, ips, snips, ess, largest, mean = ORACLE[name]
    click, propensity = logged(name)
    value = estimate(click, 1 / items / propensity)
    assert value.ips == pytest.approx(ips, abs=1e-9)
    assert value.snips == pytest.approx(snips, abs=1e-9)
    assert value.ess == pytest.approx(ess, abs=0.05)
    assert value.max_weight == pytest.approx(largest, abs=0.05)
    assert value.mean_weight == pytest.approx(mean, abs=5e-4)


def test_clipping_shows_in_the_mean_weight_where_the_estimate_hides_it():
    click, propensity = logged("bts_men")
    unclipped, clipped = (estimate(click, 1 / 34 / propensity, clip=clip) for clip in (np.inf, 10))
    assert clipped.ips == unclipped.ips
    assert clipped.mean_weight == pytest.approx(0.785, abs=5e-4)
    assert clipped.ess == pytest.approx(1844, abs=1)


def test_weights_that_rest_on_a_few_rows_are_insufficient_data():
    weight = np.ones(10_000)
    weight[:3] = 1e6
    value = estimate((np.arange(10_000) % 25 == 0).astype(float), weight)
    assert value.ess < 5
    decision = decide(evidence(rows=10_000.0, ess=value.ess), criteria())
    assert decision.outcome == "insufficient-data"


def test_a_conversion_counts_for_those_that_were_not_seen_but_never_more_than_the_clip():
    examined = np.array([1.0, 0.5, 0.01])
    assert list(position_weights(examined, np.ones(3), clip=10)) == [1.0, 2.0, 10.0]
    assert list(position_weights(examined[:2], examined[:2], clip=10)) == [1.0, 1.0]


PLACES = 20


def converted(random, decay, conversions):
    """Examination of rows that converted, at the logged place and at that of a better order, and the true lift."""
    liking = random.normal(size=(2_000, PLACES))
    old, new = 0.4 * liking + 0.9 * random.normal(size=liking.shape), liking + 0.6 * random.normal(size=liking.shape)
    logged, better = (np.argsort(np.argsort(-score, axis=1), axis=1) for score in (old, new))
    examined = np.arange(1.0, PLACES + 1) ** -decay
    chance = np.exp(liking) * examined[logged]
    rows = random.choice(chance.size, conversions, p=chance.ravel() / chance.sum())
    truth = (np.exp(liking) * examined[better]).sum() / chance.sum() - 1
    return examined[logged].ravel()[rows], examined[better].ravel()[rows], truth


def lift(logged, new, clip):
    of_orders = (position_weights(logged, examined, clip=clip).sum() for examined in (new, logged))
    return next(of_orders) / next(of_orders) - 1


def test_the_clip_takes_less_off_the_lift_than_one_of_ten_would():
    """Over the old order a clip of ten hides most of what a good order gains where people look at the top alone."""
    random = np.random.default_rng(12)
    errors = {"ten": [], "chosen": []}
    for _ in range(30):
        logged, new, truth = converted(random, 1.5, 800)
        chosen = least_error_clip(np.arange(800), logged, new)
        errors["ten"].append(lift(logged, new, CLIPS[0]) - truth)
        errors["chosen"].append(lift(logged, new, chosen) - truth)
    bias, spread = ({name: measure(each) for name, each in errors.items()} for measure in (np.mean, np.std))
    assert bias["ten"] < -0.3
    assert abs(bias["chosen"]) < 0.1
    assert spread["chosen"] < abs(bias["ten"])


def test_what_would_never_be_clipped_has_the_least_clip():
    logged, new, _ = converted(np.random.default_rng(13), 0.5, 400)
    assert least_error_clip(np.arange(400), logged, new) == CLIPS[0]


def test_few_conversions_at_the_bottom_are_clipped_and_many_are_not():
    """One in a thousand says little of the bottom, and weighs a thousand; of a hundred the mean is known."""
    for bottom, expected in ((1, True), (100, False)):
        logged = np.r_[np.ones(1_000), np.full(bottom, 0.001)]
        new = np.r_[np.full(1_000, 0.9), np.full(bottom, 0.002)]
        assert (least_error_clip(np.arange(len(logged)), logged, new) < np.inf) == expected


def test_without_conversions_there_is_nothing_to_choose_by():
    assert least_error_clip(np.empty(0, np.int64), np.empty(0), np.empty(0)) == CLIPS[0]


def test_a_list_in_random_order_has_the_conversions_that_chance_gives_it():
    """The likeliest rows stand at the top of the log; at random, they are seen as seldom as the others."""
    random = np.random.default_rng(3)
    seen = np.arange(1, 11.0) ** -1.0
    attraction = np.linspace(0.2, 0.02, 10)
    label = (random.random((40_000, 10)) < attraction * seen).astype(float)
    lists, examination = np.repeat(np.arange(40_000), 10), np.tile(seen, 40_000)
    assert in_random_order(label.ravel(), examination, lists) == pytest.approx(attraction.sum() * seen.mean(), rel=0.02)
    assert label.sum() / 40_000 > 1.3 * attraction.sum() * seen.mean()
