"""What other orders would have had, on pages whose attraction and examination are known."""

from dataclasses import replace

import numpy as np
import pytest

from artifacts.examination.curve import ExaminationCurve
from components.evaluate.metrics.candidate_names import CHAMPION, CURRENT, NEW
from components.evaluate.metrics.expected_conversions import MOST, ExpectedConversions
from components.evaluate.metrics.pooled_orders import PooledOrders, pools
from components.evaluate.test_set import Rows

PAGE, ITEMS, LISTS = 10, 200, 20_000
CURVE = ExaminationCurve.exact(np.arange(1, PAGE + 1.0) ** -1, "the true one")


class Pages:
    """Ordered by what a model thinks of items; another model is right about some that this one puts low.

    With `both` two models know of each item one half of what makes it attractive, and it takes both.
    """

    def __init__(self, seed, *, both=False):
        random = np.random.default_rng(seed)
        if both:
            believed, better = random.normal(size=(2, ITEMS))
            self.attraction = np.exp(2 * np.minimum(believed, better))
        else:
            self.attraction = np.exp(random.normal(size=ITEMS))
            believed = np.log(self.attraction) + random.normal(size=ITEMS)
            better = np.log(self.attraction) + 0.5 * random.normal(size=ITEMS)
        items = np.argsort(random.random((LISTS, ITEMS)), 1)[:, :PAGE]
        items = np.take_along_axis(items, np.argsort(-believed[items], 1), 1)
        self.positions = {
            CURRENT: np.tile(np.arange(1, PAGE + 1), LISTS),
            NEW: (np.argsort(np.argsort(-better[items], 1), 1) + 1).ravel(),
        }
        chance = 0.01 * self.attraction[items] * CURVE.at
        self.rows = Rows(
            label=(random.random(chance.shape) < chance).ravel().astype(float),
            unit=np.repeat(np.arange(LISTS), PAGE), unit_name="list", list=np.repeat(np.arange(LISTS), PAGE),
            position=self.positions[CURRENT], item=items.ravel(),
        )  # fmt: skip
        worth = {name: (CURVE.of(at) * self.attraction[items.ravel()]).sum() for name, at in self.positions.items()}
        self.gain = worth[NEW] / worth[CURRENT] - 1
        self.scores = [1 / (1 + np.exp(-each[items.ravel()])) for each in (believed, better)]
        self.pool = pools(self.rows.item, self.scores)

    def expected(self, pool, curve=CURVE):
        return ExpectedConversions(PooledOrders.of(self.rows, self.positions, self.scores, pool, last=PAGE), curve)

    def estimate(self, pool, curve=CURVE):
        return self.expected(pool, curve).gain(NEW, CURRENT, confidence=0.95)


@pytest.fixture(scope="module")
def several():
    return [Pages(seed) for seed in range(12)]


def test_models_that_disagree_do_not_seem_better_by_it():
    """What the logged order rightly put low is worth little at the top, however high the other model puts it. Without
    products of the scores the gain comes out .07 too high."""
    several = [Pages(seed, both=True) for seed in range(6)]
    distance = [pages.estimate(pages.pool).value - pages.gain for pages in several]
    assert np.mean(distance) == pytest.approx(0, abs=0.035)


@pytest.mark.parametrize("pooled", [True, False])
def test_the_gain_of_a_better_order_is_the_true_one_and_its_interval_has_it(several, pooled):
    estimates = [pages.estimate(pages.pool if pooled else None) for pages in several]
    distance = np.array([each.value - pages.gain for each, pages in zip(estimates, several, strict=True)])
    assert abs(distance.mean()) < 2.5 * distance.std() / np.sqrt(len(several))
    covered = [each.low <= pages.gain <= each.high for each, pages in zip(estimates, several, strict=True)]
    assert sum(covered) >= 10
    assert np.mean([each.se for each in estimates]) == pytest.approx(distance.std(), rel=0.5)


def test_no_conversion_decides_alone(several):
    pages = several[0]
    last = np.flatnonzero((pages.rows.position == PAGE) & (pages.positions[NEW] == 1) & (pages.rows.label == 0))[0]
    label = pages.rows.label.copy()
    label[last] = 1
    one_more = replace(pages.rows, label=label)
    orders = [PooledOrders.of(rows, pages.positions, pages.scores, None, last=PAGE) for rows in (pages.rows, one_more)]
    before, after = (ExpectedConversions(each, CURVE).value(NEW) for each in orders)
    assert 0 < after - before < PAGE / 2 + MOST  # it stands for PAGE of them


def test_the_logged_order_has_its_own_conversions(several):
    pages = several[0]
    assert pages.expected(pages.pool).value(CURRENT) == pytest.approx(pages.rows.label.sum())


def test_what_is_not_known_of_the_curve_is_in_the_interval(several):
    pages = several[0]
    distance = CURVE.log_positions
    unknown = ExaminationCurve(CURVE.at, 0.2**2 * np.outer(distance, distance), "nothing")
    known, vague = pages.estimate(pages.pool), pages.estimate(pages.pool, unknown)
    assert vague.value == known.value
    flatter, steeper = (
        pages.estimate(pages.pool, ExaminationCurve.exact(CURVE.at * np.exp(shift * distance), "another")).value
        for shift in (0.2, -0.2)
    )
    assert vague.se == pytest.approx(np.hypot(known.se, (steeper - flatter) / 2), rel=0.15)


def test_rows_without_lists_are_refused(several):
    pages = several[0]
    with pytest.raises(ValueError, match="no list or no position"):
        PooledOrders.of(replace(pages.rows, list=None), pages.positions, pages.scores, None, last=PAGE)


def test_the_scale_of_scores_changes_nothing(several):
    """A champion whose scores are flat at the top and at the bottom made an equal model seem better."""
    pages = several[0]
    flat = [pages.scores[0], 0.5 + 0.4 * np.tanh(3 * (pages.scores[1] - 0.5))]
    usual, other = (
        ExpectedConversions(PooledOrders.of(pages.rows, pages.positions, scores, pages.pool, last=PAGE), CURVE)
        for scores in (pages.scores, flat)
    )
    gain = usual.gain(NEW, CURRENT, confidence=0.95)
    assert gain == other.gain(NEW, CURRENT, confidence=0.95)
    assert gain.se > 0


def test_nothing_is_expected_where_nothing_converted(several):
    pages = several[0]
    rows = replace(pages.rows, label=np.zeros_like(pages.rows.label))
    orders = PooledOrders.of(rows, pages.positions, pages.scores, pages.pool, last=PAGE)
    expected = ExpectedConversions(orders, CURVE)
    assert expected.value(NEW) == expected.effective(NEW) == 0
    assert np.isnan(expected.gain(NEW, CURRENT, confidence=0.95).value)


def test_no_order_loses_more_than_all(several):
    """Of one conversion, by a curve that is hardly known."""
    pages, label = several[0], np.zeros_like(several[0].rows.label)
    label[np.flatnonzero(pages.rows.position == PAGE)[3]] = 1
    positions = pages.positions | {CHAMPION: PAGE + 1 - pages.positions[CURRENT]}
    rows, distance = replace(pages.rows, label=label), np.log(np.arange(1, PAGE + 1))
    curve = ExaminationCurve(CURVE.at, np.outer(distance, distance), "a guess")
    orders = PooledOrders.of(rows, positions, pages.scores, None, last=PAGE)
    gain = ExpectedConversions(orders, curve).gain(NEW, CHAMPION, confidence=0.95)
    assert -1 <= gain.low <= gain.value <= gain.high
