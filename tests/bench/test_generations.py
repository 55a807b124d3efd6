"""The simulation of generations, on few lists: what is in service makes the next logs, and the truth is beside them."""

from dataclasses import replace

import pytest

from bench.generations import ROOT, Settings, generations, summary
from examples.rental_portal.truth import TrueGain
from model.spec.reader import read_spec

SETTINGS = Settings(lists=4_000, trials=1, explore=0.1, truth_lists=900)


@pytest.fixture(scope="module")
def results():
    """Of two generations, the first of which is promoted."""
    spec = read_spec(ROOT / "examples" / "rental_portal")
    promotion = spec.promotion.model_copy(update={"must_beat": ("current_order",), "min_conversions": 50})
    training = spec.training.model_copy(update={"folds": 2})
    spec = spec.model_copy(update={"training": training, "promotion": promotion})
    return list(generations(spec, SETTINGS, range(2, 3), 2, 1))


def test_a_promoted_model_is_in_service_and_makes_the_next_logs(results):
    first, second = results
    assert (first.seed, first.number, first.verdict) == (2, 0, "promote")
    assert first.service == first.retrained
    assert first.service.value > 0.2  # over the old order
    assert first.share_service == first.share_retrained
    assert second.number == 1
    gain = second.share_retrained / first.share_service - 1
    assert second.retrained.value == pytest.approx(gain)  # over the model in service, on the same lists
    assert -0.2 < gain < 0.2
    assert second.service == (second.retrained if second.verdict == "promote" else TrueGain(0, 0))


def test_the_estimates_are_beside_the_truth(results):
    for result in results:
        assert result.lift.low < result.lift.value < result.lift.high
        assert 0.1 < result.decay < 2
        assert 0 < result.judged.se < 0.03
    first, second = results
    assert (first.lift.over, second.lift.over) == ("current_order", "champion")
    assert "rows new to champion" not in second.failed  # the days follow those that the model in service learned from
    assert first.lift.low < first.judged.value < first.lift.high
    assert second.lift.low < second.judged.value < second.lift.high


@pytest.mark.parametrize(
    ("gain", "loses"), [(-0.05, True), (-0.009, False), (-0.02, True), (-0.013, False), (0.05, False)]
)
def test_a_loss_counts_beyond_its_bound_and_its_error(results, gain, loses):
    result = replace(results[1], retrained=TrueGain(gain, 0.002))
    assert result.loses == loses
    assert f"of 1 models trained on what a model showed {int(loses)} are truly worse" in summary([results[0], result])


def test_a_promotion_that_lowers_what_is_in_service_counts(results):
    assert replace(results[1], service=TrueGain(-0.01, 0.002)).falls
    assert not replace(results[1], service=TrueGain(-0.01, 0.006)).falls
    assert not results[1].falls
