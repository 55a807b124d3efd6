"""The off-policy estimators against the public Open Bandit logs, whose logging probabilities are true."""

import gzip

import numpy as np
import pytest

from components.evaluate.decide.decide import decide
from components.evaluate.metrics.off_policy import CLIP, estimate, position_weights
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
    assert list(position_weights(examined, np.ones(3))) == [1.0, 2.0, CLIP]
    assert list(position_weights(examined[:2], examined[:2])) == [1.0, 1.0]
