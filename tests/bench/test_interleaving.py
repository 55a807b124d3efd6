"""Interleaving against the portal's truth, on a few logs: `bench/interleaving.py` prints it with standard errors."""

import numpy as np
import pytest

from bench.interleaving import OrderPair, Power, orders, searches, simulate

SIZES = (100, 400)


def measured(lift, logs, kind="alike", exponent=0.75):
    case = OrderPair(exponent, kind, lift)
    calls = [simulate(case, number, pairs=4, sizes=SIZES) for number in range(logs)]
    return [Power.of(case, size, column) for size, column in zip(SIZES, zip(*calls, strict=True), strict=True)]


@pytest.mark.parametrize("kind", ["apart", "alike", "uneven"])
def test_a_pair_has_the_true_lift_of_its_name(kind):
    case = OrderPair(1.0, kind, 0.05)
    attraction = searches().attraction
    old, new = ((np.take_along_axis(attraction, order, 1) / np.arange(1, 21)).sum() for order in orders(case, 1))
    assert new / old - 1 == pytest.approx(0.05, abs=2e-4)


def test_the_better_model_gets_more_credit_and_equal_ones_half():
    (small, large), (_, worse), (equal_small, equal) = (
        measured(lift, logs) for lift, logs in ((0.1, 8), (-0.1, 8), (0.0, 40))
    )
    assert large.preference > 0.58
    assert worse.preference < 0.42
    assert (large.agree, worse.agree, large.wrong, worse.wrong) == (1, 1, 0, 0)
    assert large.called >= 0.75
    assert large.called >= small.called
    assert abs(equal.preference - 0.5) < 4 * equal.preference_error + 0.005
    assert max(equal.called, equal_small.called) <= 0.15  # 6 of 40; at 5 % that is as likely as 1.4 %


def test_the_lift_of_interleaved_pages_is_the_true_one():
    for lift in (0.1, -0.03):
        row = measured(lift, 12)[-1]
        assert row.lift_mean == pytest.approx(lift, abs=0.03)
