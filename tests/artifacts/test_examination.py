import gzip
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artifacts.examination.curve import ExaminationCurve
from artifacts.examination.estimate import conversions_needed, estimate, is_identified
from artifacts.examination.posterior import CurvePrior, posterior
from artifacts.examination.read_strata import CurveEvidence, read_strata
from artifacts.examination.strata import Strata
from model.errors import DataError
from tests.logs import spec_of
from tests.shared import shared

POSITIONS = np.arange(1, 21)
LISTED = {"label": "y", "time": "time", "list": "list", "item": "item", "position": "position", "explore": "explore"}
PRICE = {"price": {"kind": "number"}}


def of_random(conversions, rows, *, share=1.0):
    """The curve from pages in random order alone."""
    strata = Strata.of(conversions[None, :], share * (rows - conversions)[None, :], share=share)
    return posterior(strata, CurvePrior.unknown(len(rows)), source="test")


def test_a_power_law_is_found_again_from_few_conversions():
    random = np.random.default_rng(4)
    rows = np.full(20, 1_500.0)
    curve = of_random(random.poisson(0.02 * rows * POSITIONS**-0.8).astype(float), rows)
    assert curve.decay == pytest.approx(0.8, abs=3 * curve.decay_se)
    assert curve.decay_se < 0.12
    assert np.abs(curve.at - POSITIONS**-0.8).max() < 0.15


def test_another_shape_is_found_where_there_are_many():
    truth = np.where(POSITIONS <= 3, 1.0, 0.2)
    rows = np.full(20, 1e6)
    assert np.abs(of_random(0.02 * rows * truth, rows).at - truth).max() < 0.02


def test_the_curve_of_real_listings_with_simulated_clicks_in_random_order():
    truth = json.loads(shared("renthop_listlog_dev/truth.json").read_text())["examination_by_position"]
    clicks, rows = np.zeros(20), np.zeros(20)
    with gzip.open(shared("renthop_listlog_dev/listlog.csv.gz"), "rt", encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        column = {name: names.index(name) for name in ("explore", "position", "click")}
        for line in file:
            row = line.strip().split(",")
            if row[column["explore"]] == "1":
                index = int(row[column["position"]]) - 1
                rows[index] += 1
                clicks[index] += float(row[column["click"]])
    assert of_random(clicks, rows).at == pytest.approx([truth[str(position)] for position in POSITIONS], abs=0.06)


def test_a_curve_never_rises_and_starts_at_1():
    curve = of_random(np.array([200.0, 300.0, 100.0, 150.0, 20.0]), np.full(5, 10_000.0))
    assert curve.at[0] == 1
    assert (np.diff(curve.at) <= 0).all()


def test_positions_beyond_the_curve_have_its_last_value():
    curve = ExaminationCurve.exact(np.array([1.0, 0.5]), "test")
    assert list(curve.of(np.array([1, 2, 30]))) == [1.0, 0.5, 0.5]
    assert list(curve.to_the_power(2).at) == [1.0, 0.25]
    assert list(curve.table.log_odds(np.array([1, 2, 30]))) == [0.0, np.log(0.5), np.log(0.5)]


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_nine_intervals_in_ten_have_the_truth_also_where_negatives_were_sampled(share):
    inside = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        conversions = random.binomial(4_000, 0.02 * POSITIONS**-0.75).astype(float)
        others = random.binomial(4_000 - conversions.astype(int), share).astype(float)
        strata = Strata.of(conversions[None, :], others[None, :], share=share)
        curve = posterior(strata, CurvePrior.unknown(20), source="")
        inside += abs(curve.decay - 0.75) < 1.96 * curve.decay_se
    assert inside >= 52


def test_without_rows_the_curve_is_the_usual_one_and_not_identified():
    nothing = CurveEvidence(Strata.none(20), Strata.none(20))
    curve = estimate(nothing, None)
    assert curve.decay == pytest.approx(0.75)
    assert not is_identified(curve)
    assert "nothing that identifies it" in curve.source


def test_an_earlier_curve_counts_as_far_as_it_was_known():
    conversions = (400 * POSITIONS**-0.75 / (POSITIONS**-0.75).sum()).round()
    strata = Strata.of(conversions[None, :], np.full((1, 20), 2_000.0), share=1.0)
    evidence = CurveEvidence(strata, Strata.none(20))
    steep = ExaminationCurve.exact(POSITIONS**-1.5, "test").table
    certain = estimate(evidence, CurvePrior.of_table(steep, 20, spread=0.01), "an earlier model")
    vague = estimate(evidence, CurvePrior.of_table(steep, 20, spread=1.0))
    assert vague.decay + 0.1 < certain.decay < 1.5
    assert vague.decay == pytest.approx(0.75, abs=3 * vague.decay_se)
    assert "an earlier model" in certain.source


def test_an_earlier_curve_that_nothing_told_is_no_source():
    nothing = CurveEvidence(Strata.none(20), Strata.none(20))
    unknown = estimate(nothing, None)
    later = estimate(nothing, CurvePrior.of_table(unknown.table, 20, spread=0.0), "an earlier model")
    assert CurvePrior.unknown(20).decay_se == pytest.approx(unknown.decay_se)
    assert "nothing that identifies it" in later.source
    assert "an earlier model" not in later.source


def test_so_many_conversions_in_random_order_settle_the_curve():
    unknown = estimate(CurveEvidence(Strata.none(20), Strata.none(20)), None)
    needed = conversions_needed(unknown, 0.1)
    rows = np.full(20, 1e5)
    conversions = needed * POSITIONS**-0.75 / (POSITIONS**-0.75).sum()
    assert of_random(conversions, rows).decay_se == pytest.approx(0.1, abs=0.02)
    assert conversions_needed(of_random(10 * conversions, rows), 0.1) == 0


def neighbours(conversions):
    """Items that say next to nothing: their conversions are at two positions side by side."""
    events, rows = np.zeros((2, 20)), np.zeros((2, 20))
    events[[0, 1], [4, 5]] = conversions / 2
    rows[:, 4:6] = 1
    return CurveEvidence(Strata.none(20), Strata(events, rows))


def test_a_curve_that_was_carried_through_many_models_is_not_known_for_that():
    curve = estimate(CurveEvidence(Strata.none(20), Strata.none(20)), None)
    for _ in range(10):
        curve = estimate(neighbours(2), CurvePrior.of_table(curve.table, 20, spread=0.05), "an earlier model")
    assert curve.decay_se > 0.5
    assert not is_identified(curve)


def test_items_say_what_they_say_but_for_what_they_may_hide():
    conversions = (4e6 * POSITIONS**-1.0 / (POSITIONS**-1.0).sum()).round()
    items = Strata.of(conversions[None, :], np.full((1, 20), 2e8), share=1.0)
    curve = estimate(CurveEvidence(Strata.none(20), items), None)
    assert curve.decay == pytest.approx(1.0, abs=0.02)
    assert curve.decay_se == pytest.approx(0.1, abs=0.01)
    known = CurvePrior.around(POSITIONS**-0.5, 0.1)  # as sure as the items
    assert 0.7 < estimate(CurveEvidence(Strata.none(20), items), known).decay < 0.9


def test_beyond_the_pages_of_the_model_in_service_its_curve_falls_on():
    short = ExaminationCurve.exact(np.arange(1, 5.0) ** -0.75, "test").table
    curve = estimate(CurveEvidence(Strata.none(20), Strata.none(20)), CurvePrior.of_table(short, 20, spread=0.05))
    assert curve.at == pytest.approx(POSITIONS**-0.75)


def ordered_log(path, *, lists=6_000, varying=False, explore=0.0, seed=1):
    """A log whose pages a model ordered by what really makes an item attractive: its quality, and where `varying` the
    price of the day, which changes from page to page."""
    random = np.random.default_rng(seed)
    quality, size = random.normal(0, 0.8, 300), 10
    item = np.array([random.choice(300, size, replace=False) for _ in range(lists)])
    price = random.normal(0, 0.8, item.shape) if varying else np.round(quality[item], 3)
    worth = quality[item] - (price if varying else 0)
    by_chance = random.random(lists) < explore
    score = np.where(by_chance[:, None], random.random(item.shape), worth)
    order = np.argsort(-score, axis=1)
    item, worth, price = (np.take_along_axis(values, order, 1) for values in (item, worth, price))
    seen = np.arange(1, size + 1) ** -0.75
    label = random.random(item.shape) < np.minimum(0.9, 0.03 * np.exp(worth)) * seen
    start = datetime(2026, 6, 1, tzinfo=UTC)
    time = [start + timedelta(minutes=4 * number) for number in range(lists)]
    table = pa.table(
        {
            "y": label.astype(int).ravel(),
            "time": pa.array(time, pa.timestamp("us", tz="UTC")).take(pa.array(np.repeat(np.arange(lists), size))),
            "list": np.repeat(np.arange(lists), size),
            "item": item.ravel(),
            "position": np.tile(np.arange(1, size + 1), lists),
            "explore": np.repeat(by_chance.astype(int), size),
            "price": price.ravel(),
        }
    )
    pq.write_table(table, path)
    return path


def listed(features=None, **columns):
    roles = {name: value for name, value in {**LISTED, **columns}.items() if value}
    split = None if "time" in roles else {"by": "random", "test_share": 0.3, "calibration_share": 0.2}
    changes = {"split": split} if split else {}
    return spec_of(columns=roles, features=features or PRICE, reject=None, **changes)


class TestItems:
    def test_at_several_positions_tell_the_curve_although_a_model_ordered_the_pages(self, tmp_path):
        path = ordered_log(tmp_path / "log.parquet")
        evidence = read_strata(listed(), path, 10, share=1.0)
        curve = estimate(evidence, None)
        assert curve.decay == pytest.approx(0.75, abs=0.15)
        assert is_identified(curve)
        label, position = (pq.read_table(path)[name].to_numpy() for name in ("y", "position"))
        by_position = np.bincount(position, label)[1:]
        assert of_random(by_position, np.bincount(position)[1:]).decay > 1.2  # position and quality are one

    def test_whose_price_changes_from_page_to_page_are_compared_at_a_price(self, tmp_path):
        path = ordered_log(tmp_path / "log.parquet", varying=True, lists=12_000)
        at_a_price = estimate(read_strata(listed(), path, 10, share=1.0), None)
        blind = listed({"colour": {"kind": "category"}})
        table = pq.read_table(path)
        pq.write_table(table.append_column("colour", pa.array(["red"] * table.num_rows)), path)
        at_any_price = estimate(read_strata(blind, path, 10, share=1.0), None)
        assert at_a_price.decay == pytest.approx(0.75, abs=0.25)
        assert at_any_price.decay > at_a_price.decay + 0.2

    @pytest.mark.parametrize(
        "name", ["item_", "week", "y_", "random", "number", "weight", "stratum", "feature_0", "c0"]
    )
    def test_may_have_a_feature_of_any_name(self, tmp_path, name):
        path = ordered_log(tmp_path / "log.parquet", varying=True, lists=2_000)
        table = pq.read_table(path)
        usual = read_strata(listed(), path, 10, share=1.0)
        renamed = [name.rstrip("_") if column == "price" else f"the_{column}" for column in table.column_names]
        pq.write_table(table.rename_columns(renamed), path)
        roles = {role: f"the_{column}" for role, column in LISTED.items()}
        spec = listed({name.rstrip("_"): {"kind": "number"}}, **roles)
        again = read_strata(spec, path, 10, share=1.0)
        assert again.items.events.tolist() == usual.items.events.tolist()
        assert again.items.rows.tolist() == usual.items.rows.tolist()

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_may_have_a_feature_without_a_finite_value(self, tmp_path, value):
        path = ordered_log(tmp_path / "log.parquet", lists=1_000)
        table = pq.read_table(path)
        price = np.where(table["item"].to_numpy() < 150, value, table["price"].to_numpy())
        pq.write_table(table.drop_columns("price").append_column("price", pa.array(price)), path)
        assert read_strata(listed(), path, 10, share=1.0).items.conversions > 0

    @pytest.mark.parametrize("name", ["item", "each"])
    def test_that_stand_several_times_on_a_page_are_kinds_of_items(self, tmp_path, name):
        path = ordered_log(tmp_path / "log.parquet")
        table = pq.read_table(path)
        table = table.append_column("colour", pa.array(["red"] * table.num_rows))
        if name == "item":  # kinds of three items; no feature says which is liked
            column = pa.array(table["item"].to_numpy() % 100)
            table = table.set_column(table.column_names.index("item"), "item", column)
        pq.write_table(table, path)
        evidence = read_strata(listed({"colour": {"kind": "category"}}), path, 10, share=1.0)
        curve = estimate(CurveEvidence.joined(evidence, evidence), None)
        assert is_identified(curve) == (name != "item")
        assert ("several times on a page" in curve.source) == (name == "item")

    def test_are_not_compared_without_a_time_or_an_item(self, tmp_path):
        path = ordered_log(tmp_path / "log.parquet", lists=500)
        for missing in ("time", "item"):
            assert read_strata(listed(**{missing: None}), path, 10, share=1.0).items.conversions == 0


class TestPagesInRandomOrder:
    def test_are_told_apart_and_are_no_strata_of_items(self, tmp_path):
        path = ordered_log(tmp_path / "log.parquet", explore=0.3)
        table = pq.read_table(path).to_pydict()
        evidence = read_strata(listed(), path, 10, share=1.0)
        by_chance = sum(y for y, explore in zip(table["y"], table["explore"], strict=True) if explore)
        assert evidence.random.conversions == by_chance
        assert read_strata(listed(explore=None), path, 10, share=1.0).random.conversions == 0

    def test_before_a_moment_do_not_count_after_it(self, tmp_path):
        path = ordered_log(tmp_path / "log.parquet", explore=1.0, lists=1_000)
        table = pq.read_table(path)
        moment = "2026-06-02T12:00:00Z"
        later = table.filter(pa.compute.greater_equal(table["time"], datetime(2026, 6, 2, 12, tzinfo=UTC)))
        evidence = read_strata(listed(), path, 10, share=1.0, after=moment)
        assert evidence.random.conversions == sum(later["y"].to_pylist())

    def test_of_several_splits_are_joined(self, tmp_path):
        path = ordered_log(tmp_path / "log.parquet", explore=1.0, lists=300)
        part = read_strata(listed(), path, 10, share=1.0)
        assert CurveEvidence.joined(part, part).random.conversions == 2 * part.random.conversions

    @pytest.mark.parametrize("share", [1.0, 0.3])
    def test_of_several_lengths_are_each_a_stratum(self, tmp_path, share):
        """Short pages are of searches that find just what was wanted: they convert three times as often."""
        path = ordered_log(tmp_path / "log.parquet", explore=1.0, lists=8_000)
        table, random = pq.read_table(path), np.random.default_rng(7)
        page, position = (table[name].to_numpy() for name in ("list", "position"))
        short = page % 2 == 1
        label = random.random(table.num_rows) < np.where(short, 0.09, 0.03) * position**-0.75
        table = table.set_column(0, "y", pa.array(label.astype(int)))
        stays = (~short | (position <= 3)) & (label | (random.random(table.num_rows) < share))
        pq.write_table(table.filter(pa.array(stays)), path)
        of_lists = estimate(read_strata(listed(item=None), path, 10, share=share), None)
        counts = (
            np.bincount(position[mask], minlength=11)[1:].astype(float) for mask in (stays & label, stays & ~label)
        )
        pooled = posterior(
            Strata.of(*(count[None, :] for count in counts), share=share), CurvePrior.unknown(10), source=""
        )
        assert of_lists.decay == pytest.approx(0.75, abs=2.5 * of_lists.decay_se)
        assert pooled.decay > 0.75 + 4 * pooled.decay_se

    def test_of_the_same_length_are_one_stratum(self, tmp_path):
        path = ordered_log(tmp_path / "log.parquet", explore=1.0, lists=1_000)
        events = read_strata(listed(), path, 10, share=1.0).random.events
        assert len(events) == np.count_nonzero(events.sum(axis=0))


class TestPropensities:
    """A page in five is shuffled, and nobody logged which: the order and this chance give each row's propensity."""

    SHUFFLED, SIZE = 0.2, 10

    def log(self, path, *, share=1.0):
        ordered_log(path, explore=self.SHUFFLED, lists=8_000)
        table = pq.read_table(path)
        price = table["price"].to_numpy().reshape(-1, self.SIZE)
        usual = np.argsort(np.argsort(-price, axis=1), axis=1) + 1 == table["position"].to_numpy().reshape(
            -1, self.SIZE
        )
        propensity = (1 - self.SHUFFLED) * usual + self.SHUFFLED / self.SIZE
        table = table.append_column("chance", pa.array(propensity.ravel()))
        stays = (table["y"].to_numpy() > 0) | (np.random.default_rng(3).random(table.num_rows) < share)
        pq.write_table(table.filter(pa.array(stays)), path)
        return path

    @pytest.mark.parametrize("share", [1.0, 0.2])
    def test_of_the_log_identify_the_curve(self, tmp_path, share):
        path = self.log(tmp_path / "log.parquet", share=share)
        blind = listed(explore=None, item=None)
        assert not is_identified(estimate(read_strata(blind, path, 10, share=share), None))
        spec = listed(explore=None, item=None, propensity="chance")
        evidence = read_strata(spec, path, 10, share=share)
        curve = estimate(evidence, None)
        assert curve.decay == pytest.approx(0.75, abs=3 * curve.decay_se)
        assert is_identified(curve)
        conversions = sum(pq.read_table(path)["y"].to_pylist())
        assert evidence.random.conversions < conversions / 3  # a few of them have large weights

    def test_of_1_say_nothing(self, tmp_path):
        path = self.log(tmp_path / "log.parquet")
        table = pq.read_table(path).drop_columns("chance")
        pq.write_table(table.append_column("chance", pa.array(np.ones(table.num_rows))), path)
        assert read_strata(listed(explore=None, propensity="chance"), path, 10, share=1.0).random.conversions == 0


class TestPropensitiesWithinAPartOfThePage:
    """Each two neighbours of a page are swapped or not: what stands at the top still is what the model likes."""

    @pytest.fixture(scope="class")
    @classmethod
    def path(cls, tmp_path_factory):
        path = ordered_log(tmp_path_factory.mktemp("swapped") / "log.parquet", lists=12_000)
        table, random = pq.read_table(path), np.random.default_rng(5)
        worth = table["price"].to_numpy()
        swapped = np.repeat(random.random(table.num_rows // 2) < 0.5, 2)
        row = np.arange(table.num_rows)
        row = np.where(swapped, row ^ 1, row)  # the item of the place beside it
        seen = table["position"].to_numpy() ** -0.75
        label = random.random(table.num_rows) < np.minimum(0.9, 0.03 * np.exp(worth[row])) * seen
        columns = {
            name: table[name] if name in ("time", "list", "position", "explore") else table[name].take(pa.array(row))
            for name in table.column_names
        }
        columns |= {"y": pa.array(label.astype(int)), "chance": pa.array(np.full(table.num_rows, 0.5))}
        pq.write_table(pa.table(columns), path)
        return path

    def test_do_not_make_a_random_page(self, path):
        spec = listed(explore=None, item=None, propensity="chance")
        evidence = read_strata(spec, path, 10, share=1.0)
        curve = estimate(CurveEvidence.joined(evidence, evidence), None)
        assert not is_identified(curve)
        assert "nothing that identifies it" in curve.source
        assert "240,000 rows not taken as random" in curve.source

    def test_leave_items_that_stood_at_several_positions(self, path):
        curve = estimate(read_strata(listed(explore=None, propensity="chance"), path, 10, share=1.0), None)
        assert curve.decay == pytest.approx(0.75, abs=0.2)
        assert is_identified(curve)

    def test_make_one_where_a_shuffle_reaches_all_that_was_logged(self, path, tmp_path):
        table = pq.read_table(path)
        top = table.filter(pa.compute.less_equal(table["position"], 2))
        pq.write_table(top, tmp_path / "top.parquet")
        spec = listed(explore=None, item=None, propensity="chance")
        assert read_strata(spec, tmp_path / "top.parquet", 10, share=1.0).confined == 0


def test_a_damaged_split_is_refused(tmp_path):
    path = ordered_log(tmp_path / "log.parquet", lists=50)
    with pytest.raises(DataError, match="place: is missing"):
        read_strata(listed(position="place"), path, 10, share=1.0)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"log\.parquet"):
        read_strata(listed(), path, 10, share=1.0)
