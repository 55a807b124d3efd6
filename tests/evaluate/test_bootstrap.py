import numpy as np
import pytest

from components.evaluate.metrics.bootstrap import BUCKETS, Sums, ratio_error


def two_models(rows, seed=3):
    random = np.random.default_rng(seed)
    base = random.exponential(1.0, rows)
    return base, base * random.normal(1.02, 0.2, rows)


def test_the_standard_error_is_the_closed_form_one():
    base, new = two_models(5_000)
    estimate = Sums(np.arange(5_000), {"new": new, "base": base}).gain("new", "base")
    ratio, error = ratio_error(new, base)
    assert estimate.value == pytest.approx(ratio - 1)
    assert estimate.se == pytest.approx(error, rel=0.1)
    assert estimate.low == pytest.approx(ratio - 1 - 1.96 * error, abs=0.4 * error)


def test_putting_many_units_into_buckets_does_not_change_the_error():
    base, new = two_models(3 * BUCKETS)
    estimate = Sums(np.arange(3 * BUCKETS), {"new": new, "base": base}).gain("new", "base")
    assert estimate.se == pytest.approx(ratio_error(new, base)[1], rel=0.1)


def test_rows_of_one_unit_are_drawn_together():
    base, new = two_models(2_000)
    alone = Sums(np.arange(2_000), {"new": new, "base": base}).gain("new", "base")
    unit = np.tile(np.arange(2_000), 4)
    copied = Sums(unit, {"new": np.tile(new, 4), "base": np.tile(base, 4)}).gain("new", "base")
    assert copied.se == pytest.approx(alone.se)


def test_a_model_against_itself_differs_by_nothing():
    base, _ = two_models(500)
    estimate = Sums(np.arange(500), {"new": base, "base": base}).saving("new", "base")
    assert (estimate.value, estimate.low, estimate.high, estimate.se) == (0.0, 0.0, 0.0, 0.0)


def test_savings_are_gains_with_the_sign_changed():
    base, new = two_models(500)
    sums = Sums(np.arange(500), {"new": new, "base": base})
    gain, saving = sums.gain("new", "base"), sums.saving("new", "base")
    assert (saving.value, saving.low, saving.high) == pytest.approx((-gain.value, -gain.high, -gain.low))


def test_the_same_seed_gives_the_same_numbers_and_a_sum_of_zero_gives_nan():
    base, new = two_models(300)
    columns = {"new": new, "base": base, "zero": np.zeros(300)}
    first, again = (Sums(np.arange(300), columns).gain("new", "base") for _ in range(2))
    assert first == again
    assert np.isnan(Sums(np.arange(300), columns).ratio("new", "zero").value)


def test_equal_models_are_called_better_no_more_often_than_the_level():
    random = np.random.default_rng(1)
    called = 0
    for _ in range(200):
        base = random.poisson(0.5, 400).astype(float)
        new = base + random.normal(0, 1, 400)
        called += Sums(np.arange(400), {"new": new, "base": base}, draws=200).gain("new", "base").low > 0
    assert called <= 14
