"""The next generation of the portal: a released model orders the lists, and orders are compared by what they bring."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from artifacts.typed_rows import row_file
from components.extract.extract import extract
from components.extract.window import window
from examples.rental_portal.listings import attraction
from examples.rental_portal.policy import INPUTS, OLD, BundlePolicy, Policy, inputs_of
from examples.rental_portal.simulate import Portal, simulate
from examples.rental_portal.traffic import season
from examples.rental_portal.truth import TrueGain, TruthLists, worth
from model.bundle.bundle import load
from model.bundle.predictor import Predictor
from model.errors import BundleError
from model.spec.reader import read_spec
from tests.bundles import write_odd_names_bundle, write_valid_bundle

ROOT = Path(__file__).resolve().parents[2]
SIZE = {"lists": 600, "days": 20}


class Ideal(Policy):
    """It knows the truth."""

    @property
    def identity(self) -> str:
        return "ideal"

    def score(self, random, listings, listed, day):
        return attraction(listings, listed.ravel(), day, season(day)).reshape(listed.shape)


def quiet(*_):
    pass


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_valid_bundle(tmp_path_factory.mktemp("model") / "bundle")


@pytest.fixture(scope="module")
def portal(bundle):
    return Portal(**SIZE, end=date(2026, 8, 1), policy=BundlePolicy(bundle), explore=0.2, traffic=8)


@pytest.fixture(scope="module")
def folder(portal, tmp_path_factory):
    folder = tmp_path_factory.mktemp("generation")
    simulate(portal, folder, progress=quiet)
    return folder


@pytest.fixture(scope="module")
def rows(folder, tmp_path_factory):
    """What training.sql makes of the logs: a row for each impression, lists by position."""
    spec, out = read_spec(ROOT / "examples" / "rental_portal"), tmp_path_factory.mktemp("rows") / "rows"
    extract(spec, f"duckdb:{folder / 'data'}", window(spec, "2026-08-01"), out, progress=quiet)
    table = pq.read_table(row_file(out))
    key = table["list_id"].cast("int64").to_numpy() * 100 + table["position"].to_numpy()
    return table.take(np.unique(key, return_index=True)[1])  # without the copies that logs have


def test_the_order_is_that_of_the_bundle(rows, bundle):
    predictor = Predictor(load(bundle))
    names = [feature.name for feature in predictor.manifest.inputs]
    score = predictor.probability(predictor.encode({name: rows[name].to_pylist() for name in names})).reshape(-1, 20)
    explore = rows["explore"].to_numpy().astype(bool).reshape(-1, 20)[:, 0]
    falls = (np.diff(score, axis=1) <= 0).all(axis=1)
    assert 0.1 < explore.mean() < 0.3
    assert falls[~explore].all()
    assert not falls[explore].any()


def test_the_inputs_are_those_that_the_sql_derives(rows, portal):
    listings = portal.catalogue()
    days = (rows["shown_at"].cast("timestamp[us]").to_numpy() - np.datetime64(portal.midnight(0), "us")).astype(
        "timedelta64[D]"
    )
    for day in (0, 7, 19):
        chosen = rows.filter(days.astype(int) == day)
        assert len(chosen) > 300
        inputs = inputs_of(listings, chosen["listing_id"].cast("int64").to_numpy() - 1, day)
        assert set(inputs) == set(INPUTS)
        for name, values in inputs.items():
            if values.dtype.kind == "U":
                assert chosen[name].to_pylist() == values.tolist()
            else:
                np.testing.assert_array_equal(pc.fill_null(chosen[name].cast("float64"), np.nan).to_numpy(), values)


def test_another_traffic_shows_the_same_properties_to_others(folder, tmp_path):
    simulate(Portal(**SIZE, end=date(2026, 8, 1)), tmp_path, progress=quiet)
    listings, day = "data/listings/listings.parquet", "data/impressions/day-003.parquet"
    assert (tmp_path / listings).read_bytes() == (folder / listings).read_bytes()
    assert (tmp_path / day).read_bytes() != (folder / day).read_bytes()


@pytest.mark.parametrize("change", [{"explore": 0.5}, {"traffic": 9}, {"exponent": 0.5}, {"end": date(2026, 9, 29)}])
def test_a_portal_of_other_traffic_is_not_taken_for_one_that_is_there(tmp_path, change):
    simulate(Portal(lists=100, days=5), tmp_path, progress=quiet)
    before = (tmp_path / "data" / "impressions" / "day-003.parquet").read_bytes()
    simulate(Portal(lists=100, days=5, **change), tmp_path, progress=quiet)
    stamp = json.loads((tmp_path / "portal.json").read_bytes())
    assert {name: stamp[name] for name in change} == {
        name: str(value) if name == "end" else value for name, value in change.items()
    }
    curve = json.loads((tmp_path / "truth" / "examination.json").read_bytes())
    assert curve["16"] == pytest.approx(16 ** -change.get("exponent", 0.75))
    if "exponent" not in change:  # what is shown does not depend on who looks
        assert (tmp_path / "data" / "impressions" / "day-003.parquet").read_bytes() != before


def test_the_next_days_are_those_of_the_same_properties(tmp_path):
    end = date(2026, 7, 6)
    simulate(Portal(lists=100, days=5), tmp_path / "now", progress=quiet)
    simulate(Portal(lists=100, days=5, end=end), tmp_path / "later", progress=quiet)
    names = ["inquiries/day-001.parquet", "impressions/day-001.parquet", "listings/listings.parquet"]
    for name in names:
        now, later = (pq.read_table(tmp_path / folder / "data" / name) for folder in ("now", "later"))
        assert now.drop_columns(now.column_names[-1]).equals(later.drop_columns(now.column_names[-1]))
        days = np.asarray(later[-1]).astype("datetime64[us]") - np.asarray(now[-1]).astype("datetime64[us]")
        assert set(days.astype("timedelta64[D]").astype(int)) == {5}


@pytest.mark.parametrize(("explore", "share"), [(0.0, 0), (1.0, 1)])
def test_the_share_in_random_order_is_what_the_portal_says(tmp_path, explore, share):
    simulate(Portal(lists=100, days=5, explore=explore), tmp_path, progress=quiet)
    assert pc.mean(ds.dataset(tmp_path / "data" / "impressions").to_table()["explore"]).as_py() == share


def test_orders_are_compared_on_the_same_lists(bundle):
    lists = TruthLists(Portal(**SIZE), lists=2_000, seed=1)
    ideal, old, model = Ideal(), OLD, BundlePolicy(bundle)
    assert lists.gain(model, model) == TrueGain(0, 0)
    assert lists.share_of_ideal(ideal) == 1
    assert 0.4 < lists.share_of_ideal(old) < 0.8
    gain = lists.gain(ideal, old)
    assert gain.value == pytest.approx(1 / lists.share_of_ideal(old) - 1)
    other = TruthLists(Portal(**SIZE), lists=2_000, seed=2).gain(ideal, old)
    assert abs(gain.value - other.value) < 4 * np.hypot(gain.se, other.se)
    assert gain.se < 0.03


def test_the_truth_of_what_was_logged_is_that_of_lists_that_were_not(folder, portal, bundle, rows):
    lists, listings = (rows[name].cast("int64").to_numpy() for name in ("list_id", "listing_id"))
    logged = worth(folder / "truth", lists, listings, -rows["position"].to_numpy().astype(float))
    apart = TruthLists(portal, lists=4_000, seed=3).share_of_ideal(BundlePolicy(bundle))
    mixed = 0.8 * apart + 0.2 * TruthLists(portal, lists=4_000, seed=3).share_of_ideal(_Random())
    assert logged.share_of_ideal == pytest.approx(mixed, rel=0.05)


class _Random(Ideal):
    def score(self, random, listings, listed, day):
        return random.uniform(size=listed.shape)


def test_where_all_places_are_looked_at_no_order_is_better(bundle):
    lists = TruthLists(Portal(**SIZE, exponent=0.0), lists=200, seed=1)
    assert lists.gain(Ideal(), BundlePolicy(bundle)).value == pytest.approx(0)


def test_a_bundle_of_other_inputs_is_refused(tmp_path):
    folder = write_odd_names_bundle(tmp_path / "bundle")
    with pytest.raises(BundleError, match=r"reads _age, class, .* which the portal does not have"):
        BundlePolicy(folder)


def test_the_command_simulates_the_next_generation(folder, tmp_path, bundle):
    arguments = ["--lists", "600", "--days", "20", "--order", bundle, "--explore", "0.2", "--traffic", "8"]
    arguments += ["--end", "2026-08-01"]
    command = [sys.executable, "-m", "cli", "simulate", str(tmp_path / "out"), *map(str, arguments)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    for name in ("portal.json", "data/impressions/day-003.parquet", "data/inquiries/day-003.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (folder / name).read_bytes()
