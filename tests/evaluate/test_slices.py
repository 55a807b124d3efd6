import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.evaluate.metrics.off_policy import position_weights
from components.evaluate.metrics.ranking import positions_by_score
from components.evaluate.metrics.slice_results import RowValues, slice_results, slice_rows
from components.evaluate.metrics.slices import MISSING, REST, slicing


def split(folder, **columns):
    pq.write_table(pa.table(columns), folder / "test.parquet")
    return folder / "test.parquet"


def test_texts_are_slices_and_missing_is_one_too(tmp_path):
    cut = slicing([split(tmp_path, layout=["1K", None, "2DK", "1K"])], "layout", np.array([1.0, 0, 1, 0]))
    assert cut.names == (MISSING, "1K", "2DK")
    assert list(cut.code) == [1, 0, 2, 1]


def test_many_rare_values_become_one_slice(tmp_path):
    values = [f"v{number % 60:02d}" for number in range(600)]
    label = np.array([float(number % 60 < 10) for number in range(600)])
    cut = slicing([split(tmp_path, station=values)], "station", label)
    assert len(cut.names) == 41
    assert cut.names[-1] == REST
    assert "v05" in cut.names


def test_numbers_with_many_values_fall_into_quarters(tmp_path):
    cut = slicing([split(tmp_path, rent=np.r_[np.arange(99.0), np.nan])], "rent", np.zeros(100))
    assert [name.split()[0] for name in cut.names] == ["up", "24.5", "49", "above", MISSING]
    assert np.bincount(cut.code).tolist() == [25, 25, 24, 25, 1]


def test_numbers_with_few_values_are_those_values(tmp_path):
    assert slicing([split(tmp_path, rooms=[1.0, 2.0, 2.0])], "rooms", np.zeros(3)).names == ("1", "2")


def test_a_column_that_is_missing_has_no_slices(tmp_path):
    assert slicing([split(tmp_path, rooms=[1.0])], "wards", np.zeros(1)) is None


@pytest.fixture
def market(tmp_path):
    """Lists of ten: "studio" rows convert less than "flat" rows; within either, the order by conversion is known."""
    random = np.random.default_rng(6)
    rows = 40_000
    lists, logged = np.repeat(np.arange(rows // 10), 10), np.tile(np.arange(1, 11), rows // 10)
    studio = random.uniform(size=rows) < 0.5
    liking = random.uniform(0.0, 2.0, rows) * np.where(studio, 0.5, 1.0)
    label = (random.uniform(size=rows) < 0.2 * liking / logged).astype(float)
    path = split(tmp_path, kind=np.where(studio, "studio", "flat"))
    return slicing([path], "kind", label), lists, logged, liking, label, studio


def results_of(market, score):
    cut, lists, logged, _, label, _ = market
    examined = 1.0 / np.arange(1, 11)
    groups = cut.within(lists)
    new = label * position_weights(
        examined[logged - 1], examined[positions_by_score(groups, logged, score) - 1], clip=10
    )
    base = label * position_weights(examined[logged - 1], examined[logged - 1], clip=10)
    results = slice_results(cut, RowValues(new, base, lists, label, less_is_better=False))
    return {result.value: result for result in results}


def test_moving_a_slice_down_the_page_for_good_reasons_is_no_harm(market):
    results = results_of(market, market[3])
    assert all(result.change > 0 and result.p > 0.95 for result in results.values())


def test_a_slice_in_which_the_order_is_turned_around_is_harmed_and_the_other_is_not(market):
    _, _, _, liking, _, studio = market
    turned = np.where(studio, -liking, liking)
    results = results_of(market, turned)
    assert results["studio"].p < 0.01
    assert results["flat"].p > 0.95


def test_slices_are_described_with_counts_and_intervals(market):
    cut, _, _, _, label, _ = market
    results = list(results_of(market, market[3]).values())
    rows = slice_rows(cut, label, np.full(len(label), 0.02), results, reference="the current order")
    assert sum(row.rows for row in rows) == len(label)
    assert sum(row.conversions for row in rows) == label.sum()
    assert all(row.rate_low < row.rate < row.rate_high for row in rows)
    assert [row.p for row in rows] == pytest.approx([result.p for result in results])


@pytest.mark.case("a slice over a number that is infinite or NaN in many rows")
def test_infinite_numbers_are_slices_of_their_own_beside_quarters_of_the_finite(tmp_path, outcome):
    values = np.r_[np.full(300, np.inf), np.full(20, -np.inf), np.arange(99.0), [np.nan]]
    cut = slicing([split(tmp_path, rent=values)], "rent", np.zeros(420))
    outcome(", ".join(cut.names))
    assert cut.names == ("up to 24.5", "24.5 to 49", "49 to 73.5", "above 73.5", "-infinite", "infinite", MISSING)
    assert np.bincount(cut.code).tolist() == [25, 25, 24, 25, 20, 300, 1]


def test_a_number_without_a_finite_value_is_no_crash(tmp_path):
    assert slicing([split(tmp_path, rent=[np.inf, np.nan])], "rent", np.zeros(2)).names == ("infinite", MISSING)


def test_harm_that_hangs_on_the_curve_is_not_shown_where_the_curve_is_hardly_known(market):
    cut, lists, logged, liking, label, _ = market
    position = positions_by_score(lists, logged, -liking)
    known = (
        position_weights(1.0 / logged, 1.0 / position, clip=np.inf),
        position_weights(1.0 / logged, 1.0 / logged, clip=np.inf),
    )
    flat = (
        position_weights(logged**-0.1, position**-0.1, clip=np.inf),
        position_weights(logged**-0.1, logged**-0.1, clip=np.inf),
    )
    values = RowValues(known[0] * label, known[1] * label, lists, label, less_is_better=False)
    hardly = RowValues(
        *(values.new, values.base, lists, label), less_is_better=False, steeper=tuple(w * label for w in flat)
    )
    assert max(result.p for result in slice_results(cut, values)) < 0.01
    assert min(result.p for result in slice_results(cut, hardly)) > 0.05
