"""The numbers behind /metrics, without a server."""

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.demand import WINDOW, Demand
from serving.distribution import Distribution
from serving.metrics import Phases, ServerMetrics
from serving.score import Predictions


@pytest.fixture
def demand(clock):
    return Demand(clock)


@pytest.fixture
def metrics(predictor):
    return ServerMetrics(predictor.manifest, digest=predictor.digest)


def samples(metrics):
    """(name, label values in the order of their labels) -> value, of what is not 0."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text())
        for sample in family.samples
        if sample.value and not sample.name.startswith("process_")
    }


def test_without_refusals_demand_is_the_average_in_progress(demand, clock):
    demand.begin()
    clock.now += 1
    demand.begin()
    clock.now += 2
    assert demand.end() - 100 == 3
    assert demand.concurrency() == pytest.approx((1 * 1 + 2 * 2) / 3)
    assert demand.in_progress == 1


def test_refusals_raise_demand_beyond_the_limit(demand, clock):
    for _ in range(4):
        demand.begin()
    demand.shed += 8
    clock.now += 5
    assert demand.in_progress == 4
    assert demand.concurrency() == pytest.approx(4 * 3)


def test_refusals_count_while_nothing_ends(demand, clock):
    demand.begin()
    for _ in range(WINDOW + 5):
        clock.now += 1
        demand.mark()
    demand.shed += 3
    assert demand.concurrency() == pytest.approx(1 * 4)


def test_what_is_older_than_the_window_is_forgotten(demand, clock):
    demand.begin()
    demand.shed += 100
    clock.now += 1
    demand.end()
    for _ in range(WINDOW + 1):
        demand.mark()
        clock.now += 1
    assert demand.concurrency() == 0


def test_a_value_on_a_bound_is_in_its_bucket():
    single, many = Distribution((1.0, 2.0)), Distribution((1.0, 2.0))
    values = [0.5, 1.0, 1.5, 2.0, 2.5]
    for value in values:
        single.observe(value)
    many.observe_all(np.array(values))
    assert single.buckets() == many.buckets() == [("1.0", 2), ("2.0", 4), ("+Inf", 5)]
    assert single.total == many.total == sum(values)


def test_one_row_and_a_batch_are_counted_alike(metrics):
    single = np.array([0.02])
    metrics.count_scores(Predictions(single, single, {"json": [0]}, {"rent": [0]}, {"rent per m2": [0]}))
    scored = np.array([0.02, 0.5])
    metrics.count_scores(Predictions(scored, scored, {"json": [0, 1]}, {"rent": [0]}, {"rent per m2": [1]}))
    shown = samples(metrics)
    assert shown["kamado_rows_total",] == 3
    assert shown["kamado_unknown_category_total", "json"] == 3
    assert shown["kamado_outside_range_total", "rent"] == 2
    assert shown["kamado_outside_bounds_total", "rent per m2"] == 2
    assert shown["kamado_probability_bucket", "0.03"] == 2


def test_phases_are_of_scored_requests_and_refusals_have_their_reason(metrics):
    metrics.observe("/predict", Phases(queue=0.001, validate=0.002, score=0.003, serialise=0.004))
    metrics.observe_request("/predict", 0.01)
    metrics.observe_request("/favicon.ico", 0.01)
    for _ in range(2):
        metrics.count_refusal(422, "missing")
    shown = samples(metrics)
    assert shown["kamado_scored_total", "/predict"] == 1
    assert shown["kamado_phase_seconds_sum", "serialise", "/predict"] == 0.004
    assert shown["kamado_request_seconds_count", "other"] == 1
    assert shown["kamado_refused_total", "missing", "422"] == 2


def test_every_series_exists_before_the_first_request(metrics, predictor):
    text = metrics.text()
    for feature in predictor.manifest.inputs:
        assert f'feature="{feature.name}"}} 0.0' in text
    assert 'kamado_scored_total{route="/predict:batch"} 0.0' in text
