import gzip
import json

import numpy as np
import pytest

from components.evaluate.metrics.position_bias import ExaminationCurve, enough, from_model, from_random_order
from tests.shared import shared

POSITIONS = np.arange(1, 21)


def test_a_power_law_is_found_again_from_few_events():
    random = np.random.default_rng(4)
    impressions = np.full(20, 4_000.0)
    events = random.poisson(0.02 * impressions * POSITIONS**-0.8).astype(float)
    curve = from_random_order(events, impressions, source="test")
    assert curve.decay == pytest.approx(0.8, abs=0.15)
    assert np.abs(curve.at - POSITIONS**-0.8).max() < 0.12


def test_another_shape_is_found_where_there_are_many_events():
    truth = np.where(POSITIONS <= 3, 1.0, 0.2)
    impressions = np.full(20, 1e6)
    curve = from_random_order(0.02 * impressions * truth, impressions, source="test")
    assert np.abs(curve.at - truth).max() < 0.01


def test_the_curve_of_real_listings_with_simulated_clicks_in_random_order():
    truth = json.loads(shared("renthop_listlog_dev/truth.json").read_text())["examination_by_position"]
    events, impressions = np.zeros(20), np.zeros(20)
    with gzip.open(shared("renthop_listlog_dev/listlog.csv.gz"), "rt", encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        column = {name: names.index(name) for name in ("explore", "position", "click")}
        for line in file:
            row = line.strip().split(",")
            if row[column["explore"]] == "1":
                index = int(row[column["position"]]) - 1
                impressions[index] += 1
                events[index] += float(row[column["click"]])
    curve = from_random_order(events, impressions, source="test")
    assert curve.at == pytest.approx([truth[str(position)] for position in POSITIONS], abs=0.05)


def test_a_curve_never_rises_and_starts_at_one():
    curve = from_model(np.array([0.02, 0.03, 0.01, 0.015, 0.002]), source="test")
    assert curve.at[0] == 1
    assert (np.diff(curve.at) <= 0).all()
    assert curve.at[1] == 1


def test_positions_beyond_the_curve_have_its_last_value():
    curve = ExaminationCurve(np.array([1.0, 0.5]), "test")
    assert list(curve.of(np.array([1, 2, 30]))) == [1.0, 0.5, 0.5]
    assert list(curve.to_the_power(2).at) == [1.0, 0.25]


def test_how_many_events_are_enough():
    assert enough(np.array([100.0, 250.0]))
    assert not enough(np.array([100.0, 100.0]))
    assert not enough(np.array([10.0, 900.0]))
    assert not enough(np.array([900.0]))
