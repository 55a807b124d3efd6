"""The metrics that Kubeflow's table shows."""

import math

from artifacts.headline_metrics import HEADLINES, headline_metrics

WITH_ORDER = {"auc": 0.71234567, "auc_low": 0.7, "auc_high": 0.72, "ips_lift": 0.0312345, "conversions": 1_234_567.0}
WITHOUT_ORDER = {"auc": 0.6, "log_loss": 0.012345678, "rows": 9.0, "log_loss_saving_over_constant": -0.00001}


def test_they_fit_on_one_page_and_are_in_the_order_in_which_kubeflow_lists_them():
    names = [headline.name for headline in HEADLINES]
    assert len(names) <= 8
    assert names == sorted(names) == sorted(names, key=str.lower)


def test_a_run_has_those_that_it_measured_under_the_same_names():
    first, second = ([metric.name for metric in headline_metrics(run)] for run in (WITH_ORDER, WITHOUT_ORDER))
    assert first == ["AUC", "Conversions in the test", "Gain over current order (% conversions)"]
    assert second == ["AUC", "Log loss", "Log loss saved over constant (%)"]
    assert headline_metrics({}) == ()


def test_numbers_are_rounded_for_people_and_shares_are_percent():
    auc, conversions, gain = headline_metrics(WITH_ORDER)
    assert (auc.value, auc.low, auc.high) == (0.7123, 0.7, 0.72)
    assert (conversions.value, conversions.low) == (1_234_567.0, None)
    assert gain.value == 3.12


def test_nothing_is_minus_zero():
    saved = headline_metrics(WITHOUT_ORDER)[-1].value
    assert math.copysign(1, saved) == 1
