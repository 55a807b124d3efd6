"""Target statistics: ordered values that see the past alone, the table that serves, and both engines on it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artifacts.splits import encode as encode_batch
from components.train.learn_features import MOST_RARE_BYTES, learn_features
from components.train.statistics import RowFile, Statistics, learn_statistics
from model.bundle.features import CategoryFeature, StatisticFeature, encode
from model.spec.types import Spec

START = datetime(2026, 1, 1, tzinfo=UTC)


def spec_of(*, days: int | None, statistic: bool | None = True) -> Spec:
    time = {"time": "shown_at"} if days is not None else {}
    split = {"by": "time", "test_days": 1, "calibration_days": 1}
    return Spec.model_validate(
        {
            "model": "ids",
            "source": {"conversion_days": days or 0, "end": "2026-04-01"},
            "columns": {"label": "y", **time},
            "features": {"agent": {"kind": "category", "statistic": statistic}},
            "split": split if time else {"by": "random", "test_share": 0.2, "calibration_share": 0.1},
        }
    )


def learned(tmp_path, spec, agents, labels, days=None, *, negative=1.0) -> Statistics:
    shown = [START + timedelta(days=day) for day in (days or [0] * len(agents))]
    table = pa.table({"y": labels, "agent": agents, "shown_at": pa.array(shown, pa.timestamp("us", "UTC"))})
    pq.write_table(table, tmp_path / "train.parquet")
    paths = [tmp_path / "train.parquet"]
    return learn_statistics(spec, [RowFile(path, negative) for path in paths], learn_features(spec, paths))


def statistic_of(statistics: Statistics) -> StatisticFeature:
    (statistic,) = (feature for feature in statistics.features if isinstance(feature, StatisticFeature))
    return statistic


def test_a_row_sees_only_labels_that_were_known_when_it_was_shown(tmp_path):
    """Among enough others, so that one label does not change the strength of the prior, which is one for all rows."""
    random = np.random.default_rng(3)
    others = 400
    days = [0, 1, 4, 5, 9, *random.integers(0, 10, others).tolist()]
    agents = [*"aaaaa", *random.choice(list("bc"), others).tolist()]
    labels = np.array([1, 0, 1, 0, 1, *(int(agent == "b") for agent in agents[5:])])
    before = learned(tmp_path, spec_of(days=3), agents, labels, days)
    for changed in range(5):
        flipped = labels.copy()
        flipped[changed] = 1 - flipped[changed]
        after = learned(tmp_path, spec_of(days=3), agents, flipped, days)
        assert statistic_of(after).strength == statistic_of(before).strength
        differs = after.ordered["agent (statistic)"] != before.ordered["agent (statistic)"]
        sees = np.array(days) - 3 > days[changed]
        assert not differs[~sees].any()
        assert differs[:5].tolist() == sees[:5].tolist()


def test_without_time_no_row_sees_its_own_label(tmp_path):
    random = np.random.default_rng(1)
    agents = random.choice(list("abcd"), 200).tolist()
    labels = np.array([int(agent in "ab") for agent in agents])
    spec = spec_of(days=None)
    before = learned(tmp_path, spec, agents, labels)
    for row in (0, 77, 199):
        changed = labels.copy()
        changed[row] = 1 - changed[row]
        after = learned(tmp_path, spec, agents, changed)
        assert statistic_of(after).strength == statistic_of(before).strength
        assert after.ordered["agent (statistic)"][row] == before.ordered["agent (statistic)"][row]


def test_the_table_knows_rare_values_and_nothing_of_others(tmp_path):
    agents = ["a"] * 20 + ["b"] * 20 + ["rare"] * 3 + ["once"]
    labels = [1] * 20 + [0] * 20 + [1, 1, 1] + [1]
    statistics = learned(tmp_path, spec_of(days=None), agents, labels)
    category = statistics.features[0]
    assert isinstance(category, CategoryFeature)
    assert (category.categories, category.rare) == (("a", "b"), ("rare",))
    matrix = encode(statistics.features, {"agent": ["a", "b", "rare", "once", "unseen", None]})
    assert matrix[:5, 0].tolist() == [0, 1, 2, 2, 2]
    high, low, rare, once, unseen, missing = matrix[:, 1]
    assert low < 0 < rare < high
    assert once == unseen == missing == 0


ODD = (
    "",
    " ",
    "a\x00b",
    "\x00",
    "e\u0301",
    "\u00e9",
    "\U0001f600",
    "x" * 20_000,
    "null",
    "nan",
    "None",
    "1",
    "1.0",
    "\r\n",
)


@pytest.mark.parametrize("agents", [ODD, (None,), (1, 2, 3), (1.0, 2.5), (True, False)], ids=len)
def test_any_text_or_number_is_a_value_of_its_own_and_reads_as_in_training(tmp_path, agents):
    labels = [int(number % 3 == 0) for number in range(40 * len(agents))]
    statistics = learned(tmp_path, spec_of(days=None), list(agents) * 40, labels)
    statistic, category = statistic_of(statistics), statistics.features[0]
    assert isinstance(category, CategoryFeature)
    texts = [str(agent) for agent in agents if agent is not None]
    assert sorted(category.known) == sorted(texts)
    (batch,) = pq.read_table(tmp_path / "train.parquet", columns=["agent"]).slice(0, len(agents)).to_batches()
    of_rows = encode_batch(statistics.features, batch)
    of_texts = encode(statistics.features, {"agent": [None if agent is None else str(agent) for agent in agents]})
    assert np.array_equal(of_rows, of_texts, equal_nan=True)
    values = dict(zip(category.known, statistic.values, strict=True))
    expected = [statistic.missing if agent is None else values[str(agent)] for agent in agents]
    assert of_rows[:, 1].tolist() == np.float32(expected).tolist()


def test_values_of_long_text_stay_within_the_size_of_a_bundle(tmp_path):
    """Most frequent first: 100 rare values of 50,000 bytes are more than MOST_RARE_BYTES."""
    agents = [f"{number:03d}" + "x" * 49_997 for number in range(100)]
    rows = [agent for number, agent in enumerate(agents) for _ in range(3 if number < 50 else 2)]
    statistics = learned(tmp_path, spec_of(days=None), rows, [number % 2 for number in range(len(rows))])
    category = statistics.features[0]
    assert isinstance(category, CategoryFeature)
    assert category.rare == tuple(agents[: MOST_RARE_BYTES // 50_000])
    assert len(statistic_of(statistics).values) == 80


@pytest.mark.parametrize(("effect", "has_one"), [(1.0, True), (0.0, False)])
def test_unasked_for_it_is_there_only_where_it_tells_something(tmp_path, effect, has_one):
    random = np.random.default_rng(7)
    who = random.integers(0, 300, 6000)
    rate = 1 / (1 + np.exp(1 - effect * random.normal(size=300)))
    labels = (random.random(6000) < rate[who]).astype(int)
    statistics = learned(tmp_path, spec_of(days=None, statistic=None), [f"a{w}" for w in who], labels)
    assert any(isinstance(feature, StatisticFeature) for feature in statistics.features) == has_one
    if has_one:
        values = dict(zip(statistics.features[0].known, statistic_of(statistics).values, strict=True))
        truth = np.log(rate / (1 - rate))
        assert np.corrcoef([values[f"a{w}"] for w in range(300)], truth)[0, 1] > 0.75


def test_sampled_non_conversions_leave_the_table_alike(tmp_path):
    agents, labels = ["a"] * 400 + ["b"] * 400, ([1] * 20 + [0] * 380) + ([1] * 4 + [0] * 396)
    whole = statistic_of(learned(tmp_path, spec_of(days=None), agents, labels)).values
    sampled = statistic_of(learned(tmp_path, spec_of(days=None), agents, labels, negative=0.5)).values
    assert sampled == pytest.approx(whole, abs=0.35)
