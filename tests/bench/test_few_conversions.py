"""The simulation of pooled cuts, on a few logs: `bench/few_conversions.py` prints it with standard errors."""

from bench.few_conversions import DIVISIONS, TRUTHS, Promoted, simulate


def promoted(truth, logs):
    case = next(case for case in TRUTHS if case.name == truth)
    return Promoted.of(DIVISIONS[0], case, [simulate(DIVISIONS[0], case, number) for number in range(logs)])


def test_equal_and_worse_models_are_not_promoted_and_better_ones_are():
    equal, worse, better = promoted("equal", 5), promoted("-5 %", 3), promoted("+20 %", 3)
    assert 250 < equal.conversions < 400
    assert (equal.by_order, equal.by_log_loss, worse.by_order, worse.by_log_loss) == (0, 0, 0, 0)
    assert min(better.by_order, better.by_log_loss) >= 0.6
    assert worse.gain < -0.02
    assert better.gain > 0.15
