"""The simulated portal is like a real one: rare inquiries, a biased page, dirt, change; and its truth is kept apart."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from examples.rental_portal.simulate import Portal, simulate
from examples.rental_portal.traffic import examination

ROOT = Path(__file__).resolve().parents[2]
LISTS, DAYS = 20_000, 90


def made(folder: Path, **portal) -> Path:
    simulate(Portal(**({"lists": 600, "days": 20} | portal)), folder, progress=lambda *_: None)
    return folder


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A function that answers one row of SQL over the portal's tables."""
    folder = made(tmp_path_factory.mktemp("portal"), lists=LISTS, days=DAYS)
    connection = duckdb.connect()
    for name in ("impressions", "clicks", "inquiries", "listings"):
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{folder}/data/{name}/*.parquet')")
    connection.execute(f"CREATE VIEW truth AS SELECT * FROM read_parquet('{folder}/truth/attraction/*.parquet')")
    yield lambda sql: connection.execute(sql).fetchone()
    connection.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made(tmp_path_factory.mktemp("small"))


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    assert digests(made(tmp_path)) == digests(folder)


def test_another_seed_gives_others(folder, tmp_path):
    other, here = digests(made(tmp_path, seed=8)), digests(folder)
    assert other.keys() == here.keys()
    same = [name for name in here if other[name] == here[name] and name != "truth/examination.json"]
    assert same == []


def test_a_portal_that_is_there_already_is_not_made_again(tmp_path):
    made(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    made(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("name", ["data/impressions/mine.parquet", "truth/mine.json", "portal.json"])
def test_what_somebody_else_made_is_never_replaced(tmp_path, name):
    mine = tmp_path / "with spaces" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("[1, 2]")
    told = subprocess.run(simulator(tmp_path / "with spaces"), cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    refused = tmp_path / "with spaces" / name.split("/")[0]
    hint = "no simulation made this, so none replaces it. Take another OUT, or move it away"
    assert told.stderr.strip() == f"{refused}: {hint}"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    assert mine.read_text() == "[1, 2]"


def test_tables_that_were_deleted_are_made_again(tmp_path, folder):
    shutil.rmtree(made(tmp_path) / "data")
    assert digests(made(tmp_path)) == digests(folder)


def test_a_page_has_twenty_places(portal):
    pages = "SELECT list_id, count(DISTINCT position) AS places, min(position) AS low, max(position) AS high"
    assert portal(f"SELECT DISTINCT places, low, high FROM ({pages} FROM impressions GROUP BY list_id)") == (20, 1, 20)
    assert portal("SELECT count(DISTINCT list_id) FROM impressions") == (LISTS,)


def test_an_inquiry_is_as_rare_as_on_a_real_portal(portal):
    (rate,) = portal("SELECT (SELECT count(*) FROM inquiries) / (SELECT count(*) FROM impressions)")
    assert 0.003 < rate < 0.01


def test_a_small_share_of_lists_is_in_random_order(portal):
    (share,) = portal("SELECT avg(explore) FROM impressions")
    assert 0.005 < share < 0.15


def test_the_first_places_are_seen_more_whatever_stands_there(portal):
    """In random lists attraction does not depend on the place, and clicks do."""
    clicked = "SELECT i.position, c.list_id IS NOT NULL AS clicked, t.attraction FROM impressions i"
    joined = f"{clicked} LEFT JOIN clicks c USING (list_id, listing_id) JOIN truth t USING (list_id, listing_id)"
    asked = "avg(clicked::INT) FILTER ({0}), avg(attraction) FILTER ({0})"
    first, last = asked.format("WHERE position <= 3"), asked.format("WHERE position >= 14")
    row = portal(f"SELECT {first}, {last} FROM ({joined} WHERE explore = 1)")
    assert row[0] > 1.5 * row[2]
    assert row[1] == pytest.approx(row[3], rel=0.15)


def test_the_old_order_is_partly_right(portal):
    """It puts attractive listings first, and not as well as it could."""
    gain = "sum(attraction) FILTER (WHERE position <= 5)"
    best = "sum(attraction) FILTER (WHERE best <= 5)"
    ranked = "SELECT *, row_number() OVER (PARTITION BY list_id ORDER BY attraction DESC) AS best FROM truth"
    logged, ideal, everything = portal(f"SELECT {gain}, {best}, sum(attraction) / 4 FROM ({ranked})")
    assert 1.1 * everything < logged < 0.9 * ideal


def test_inquiries_come_days_later(portal):
    days = "date_diff('hour', i.shown_at, q.inquired_at) / 24.0"
    joined = "inquiries q JOIN impressions i USING (list_id, listing_id)"
    low, late, high = portal(f"SELECT min({days}), avg(({days} > 2)::INT), max({days}) FROM {joined}")
    assert low >= 0
    assert late > 0.1
    assert 7 < high < 40


def test_there_is_dirt_as_in_real_life(portal):
    duplicates, late = portal(
        "SELECT (SELECT count(*) FROM impressions) - (SELECT count(*) FROM (SELECT DISTINCT * FROM impressions)),"
        " (SELECT count(*) FROM inquiries) - (SELECT count(*) FROM (SELECT DISTINCT * FROM inquiries))"
    )
    assert duplicates > 0
    assert late > 0
    missing, senseless = portal(
        "SELECT avg((area_m2 IS NULL OR walk_minutes IS NULL OR building_age IS NULL)::INT),"
        " avg((rent / area_m2 NOT BETWEEN 500 AND 20000)::INT) FROM listings"
    )
    assert 0.005 < missing < 0.5
    assert 0.001 < senseless < 0.05


def test_some_lists_reach_the_log_a_day_late(folder):
    days = "SELECT DATE '2026-07-01' - 20 + regexp_extract(filename, 'day-([0-9]+)', 1)::INT AS logged, shown_at::DATE"
    files = f"read_parquet('{folder}/data/impressions/*.parquet', filename=true)"
    asked = f"SELECT count(*) FILTER (logged::DATE <> shown), count(*) FROM ({days} AS shown FROM {files})"
    with duckdb.connect() as connection:
        late, every = connection.execute(asked).fetchone()
    assert 0 < late < 0.05 * every


def test_listings_appear_and_vanish(portal):
    span = "SELECT listing_id, min(shown_at) AS first, max(shown_at) AS last FROM impressions GROUP BY listing_id"
    new, gone, every = portal(
        f"SELECT count(*) FILTER (WHERE first > DATE '2026-05-15'), count(*) FILTER (WHERE last < DATE '2026-05-15'),"
        f" count(*) FROM ({span})"
    )
    assert new > 0.1 * every
    assert gone > 0.1 * every


def test_prices_and_seasons_drift(portal):
    early, late = portal(
        "SELECT avg(rent / area_m2) FILTER (WHERE shown_at < DATE '2026-04-20'),"
        " avg(rent / area_m2) FILTER (WHERE shown_at > DATE '2026-06-10')"
        " FROM impressions JOIN listings USING (listing_id) WHERE rent / area_m2 BETWEEN 500 AND 20000"
    )
    assert abs(late / early - 1) > 0.005
    before, after = portal(
        "SELECT avg(attraction) FILTER (WHERE shown_at < DATE '2026-04-20'),"
        " avg(attraction) FILTER (WHERE shown_at > DATE '2026-06-10')"
        " FROM truth JOIN impressions USING (list_id, listing_id)"
    )
    assert abs(after / before - 1) > 0.005


def test_the_truth_is_in_a_folder_of_its_own_and_in_no_table(folder):
    curve = json.loads((folder / "truth" / "examination.json").read_text())
    by_place = [curve[str(place)] for place in range(1, 21)]
    assert by_place == list(examination()) == sorted(by_place, reverse=True)
    for table in (folder / "data").iterdir():
        names = {name.lower() for name in ds.dataset(table).schema.names}
        assert names.isdisjoint({"attraction", "examination", "examined", "truth"})


def test_without_the_truth_the_tables_are_the_same(folder, tmp_path):
    assert digests(made(tmp_path, truth=False) / "data") == digests(folder / "data")
    assert pq.read_metadata(folder / "truth" / "attraction" / "day-000.parquet").num_rows > 0


def simulator(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", "simulate", str(folder), *arguments]


def test_killed_in_the_middle_nothing_is_taken_for_finished_and_the_next_run_completes(tmp_path, folder):
    command = simulator(tmp_path / "out", "--lists", "600", "--days", "20")
    for pause in (0.7, 0.9, 1.1):
        child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        child.wait()
        stamp = tmp_path / "out" / "portal.json"
        whole = stamp.exists() and "lists" in json.loads(stamp.read_bytes())
        assert not whole or (tmp_path / "out" / "data").is_dir()
    subprocess.run(command, cwd=ROOT, check=True)
    assert digests(tmp_path / "out" / "data") == digests(folder / "data")


PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def test_memory_does_not_grow_with_the_number_of_lists(tmp_path):
    def peak(lists: int) -> int:
        run = f"import sys; arguments = ['simulate', '{tmp_path}/{lists}', '--lists', '{lists}', '--days', '10']\n"
        run += f"from cli.main import main\nmain(arguments, {{}})\n{PEAK}"
        told = subprocess.run([sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True, check=True)
        return int(told.stdout)

    assert peak(100_000) < 1.3 * peak(20_000)


@pytest.mark.parametrize("wrong", [("--lists", "0"), ("--days", "-1"), ("--lists", "many")])
def test_a_size_that_is_none_is_refused(tmp_path, wrong):
    done = subprocess.run(simulator(tmp_path / "out", *wrong), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert wrong[0] in done.stderr
    assert not (tmp_path / "out").exists()
