"""What a query would cost is said before it runs, and what it did cost afterwards."""

import contextlib

import pytest

from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.cost import QueryPrice, readable
from components.extract.sources.bigquery.labels import label_value
from components.extract.sources.bigquery.partitions import refuse_full_scans
from components.extract.sources.bigquery.plan import make_plan
from components.extract.sources.bigquery.query import Query
from model.errors import SpecError
from tests.contracts.source import ALL, BOUND, WINDOW
from tests.extract.sources.cloud import ENOUGH, refused, rows, source
from tests.services.bigquery import LOCATION, PROJECT, TableOptions
from tests.services.bigquery.sizes import LEAST_BILLED

TABLE = "logs.impressions"
ROWS = "SELECT i.rent, i.shown_at FROM impressions AS i"


def unbounded(sql, **options):
    return refused(lambda: source(**options).columns(sql, WINDOW), SpecError)


class TestPrice:
    @pytest.mark.parametrize(
        ("size", "price", "line"),
        [
            (1 << 40, 6.25, "1,099,511,627,776 bytes (1.1 TB), estimated at 6.25 USD (6.25 USD per TiB on demand)"),
            (10**10, 5.0, "10,000,000,000 bytes (10.0 GB), estimated at 0.05 USD (5 USD per TiB on demand)"),
            (999, 6.25, "999 bytes (999 B), estimated at less than 0.01 USD (6.25 USD per TiB on demand)"),
        ],
    )
    def test_it_is_named_as_an_estimate(self, size, price, line):
        assert str(QueryPrice(size, price)) == line

    @pytest.mark.parametrize(
        ("size", "text"), [(0, "0 B"), (999_949, "999.9 KB"), (999_950, "1.0 MB"), (2e18, "2000.0 PB")]
    )
    def test_sizes_are_for_people(self, size, text):
        assert readable(size) == text

    @pytest.mark.usefixtures("service")
    def test_it_is_reported_before_the_query_runs(self):
        lines = []
        source(lines=lines, usd_per_tib=7).columns(ALL, WINDOW)
        assert lines == ["dry run: 226,203 bytes (226.2 KB), estimated at less than 0.01 USD (7 USD per TiB on demand)"]

    @pytest.mark.usefixtures("service")
    def test_the_lineage_has_what_the_query_did_cost(self):
        reader = source(usd_per_tib=2**20)  # 1 USD for a MiB
        rows(reader)
        cost = reader.lineage().query
        assert (cost.bytes_processed, cost.bytes_billed, cost.usd) == (226_203, LEAST_BILLED, 10.0)
        assert (cost.cache_hit, cost.reader, cost.table) == (False, "rest", None)
        assert cost.job_id.startswith("kamado-extract-")


@pytest.mark.parametrize(
    ("text", "value"), [("Rent & Co", "rent---co"), ("a" * 70, "a" * 63), ("北区", "--"), ("x_1-y", "x_1-y")]
)
def test_labels_follow_bigquerys_rules(text, value):
    assert label_value(text) == value


class TestPartitions:
    @pytest.fixture(autouse=True)
    def partitioned(self, service):
        service.tables.options[TABLE] = TableOptions(partitioned_by="shown_at")
        return service

    def test_a_query_without_a_bound_is_refused_before_it_runs(self, service):
        problem = unbounded(f"{ROWS} WHERE i.rent > 0")
        assert (problem.where, problem.code) == ("table logs.impressions", "partition-unbounded")
        assert problem.problem == (
            "would be read in all its partitions: the query does not bound its partition column shown_at"
        )
        assert problem.hint == "Add WHERE shown_at >= @start AND shown_at < @end to the SELECT that names it"
        assert service.jobs == {}

    @pytest.mark.parametrize(
        "condition",
        [
            "i.shown_at >= @start AND i.shown_at < @end",
            "@start <= shown_at",
            "i.rent > 0 AND (DATE(i.shown_at) BETWEEN DATE(@start) AND DATE(@end) AND i.area > 0)",
            "TIMESTAMP_TRUNC(i.shown_at, DAY) IN (TIMESTAMP '2026-05-04', TIMESTAMP '2026-05-05')",
        ],
    )
    def test_a_bound_is_seen(self, service, condition):
        source().columns(f"{ROWS} WHERE {condition}", WINDOW)
        assert service.dry_runs == 1

    @pytest.mark.parametrize(
        "condition",
        ["i.shown_at >= @start OR i.rent > 0", "i.shown_at >= TIMESTAMP_SECONDS(i.list_id)", "NOT i.rent > 0"],
    )
    def test_what_bounds_nothing_is_no_bound(self, condition):
        assert unbounded(f"{ROWS} WHERE {condition}").code == "partition-unbounded"

    def test_each_place_that_reads_the_table_needs_a_bound(self):
        sql = f"SELECT i.rent FROM impressions AS i {BOUND} UNION ALL SELECT j.rent FROM impressions AS j"
        assert unbounded(sql).code == "partition-unbounded"

    def test_a_query_that_demands_a_filter_is_refused_by_bigquery_with_the_same_problem(self, service):
        service.tables.options[TABLE] = TableOptions(partitioned_by="shown_at", requires_filter=True)
        problem = unbounded(ROWS)
        assert (problem.where, problem.code) == ("table logs.impressions", "partition-unbounded")
        assert "partition column shown_at" in problem.problem

    def test_no_row_of_it_is_read_for_a_count(self):
        assert source().columns("SELECT COUNT(*) AS n FROM impressions AS i", WINDOW) == {"n": "INT64"}


class TestSizes:
    def test_a_large_table_without_partitions_is_refused(self, service):
        problem = unbounded(ROWS, max_unpartitioned_bytes=10_000)
        assert (problem.where, problem.code) == ("table logs.impressions", "table-unpartitioned")
        assert "up to 48,000 bytes (48.0 KB) of it would be read" in problem.problem
        assert "raise source.max_unpartitioned_bytes (10,000)" in problem.hint
        assert service.jobs == {}

    @pytest.mark.usefixtures("service")
    def test_few_columns_of_a_large_table_may_be_read(self):
        assert source(max_unpartitioned_bytes=50_000).columns(ROWS, WINDOW)

    def test_each_table_counts_for_itself(self, service):
        service.tables.add("logs", "others", service.tables.get("logs", "impressions").rows)
        sql = "SELECT i.rent, o.area FROM impressions AS i JOIN others AS o ON i.list_id = o.list_id"
        assert source(max_unpartitioned_bytes=50_000).columns(sql, WINDOW)
        problem = unbounded(f"{sql} AND i.position = 1", max_unpartitioned_bytes=50_000)
        assert (problem.where, problem.code) == ("table logs.impressions", "table-unpartitioned")
        assert "up to 72,000 bytes" in problem.problem


class TestShards:
    @pytest.fixture
    def look(self, service):
        """Plans a query, and refuses it where it reads too much."""
        log = service.tables.get("logs", "impressions").rows
        for day in ("20260601", "20260602", "20260603"):
            service.tables.add("logs", f"events_{day}", log.slice(0, 100))
        connection = Connection.open(PROJECT, LOCATION, limit=ENOUGH, seconds=5)

        def plan(sql):
            query = Query(sql, WINDOW, "logs")
            planned = make_plan(connection, query)
            refuse_full_scans(connection, query, planned, most=ENOUGH)
            return planned

        with contextlib.closing(connection.client):
            yield plan

    @pytest.mark.parametrize(
        "bound", ["_TABLE_SUFFIX >= '20260602'", "e._TABLE_SUFFIX BETWEEN '20260602' AND '20260603'"]
    )
    def test_a_bound_of_the_suffix_is_the_filter(self, service, look, bound):
        assert look(f"SELECT e.rent FROM `events_*` AS e WHERE {bound}").size == 200 * 8
        assert service.dry_runs == 1

    def test_without_one_the_query_is_refused(self, look):
        problem = refused(lambda: look("SELECT e.rent FROM `my-project.logs.events_*` AS e"), SpecError)
        assert (problem.where, problem.code) == ("table logs.events_*", "partition-unbounded")
        assert "does not bound _TABLE_SUFFIX" in problem.problem

    @pytest.mark.usefixtures("look")
    def test_the_rows_are_those_of_the_days_within_the_bound(self):
        bound = "_TABLE_SUFFIX BETWEEN '20260602' AND '20260603'"
        sql = f"SELECT _TABLE_SUFFIX AS day, COUNT(*) AS n FROM `events_*` AS e WHERE {bound} GROUP BY day"
        [batch] = source().fetch(sql, WINDOW)
        assert sorted(batch.to_pylist(), key=str) == [{"day": "20260602", "n": 100}, {"day": "20260603", "n": 100}]

    def test_its_tables_are_those_of_the_data_version(self, look):
        tables = look("SELECT e.rent FROM `events_*` AS e WHERE _TABLE_SUFFIX >= '20260601'").tables
        assert [(table.table_id, table.num_rows) for table in tables] == [
            ("events_20260601", 100), ("events_20260602", 100), ("events_20260603", 100),
        ]  # fmt: skip
