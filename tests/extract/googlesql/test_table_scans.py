"""Which columns of each table a query reads, and which of them it bounds by constants."""

import pytest

from components.extract.googlesql.table_scans import TableScan, table_scans


def scans(sql):
    return table_scans(sql, project="p", dataset="logs")


def bounded(condition):
    [scan] = scans(f"SELECT t.a FROM t WHERE {condition}")
    return scan.bounded


def test_a_table_has_the_project_and_dataset_of_the_source_where_it_names_none():
    names = [(scan.project, scan.dataset, scan.table) for scan in scans("SELECT 1 FROM t, d.u, `q.d.events_*`")]
    assert names == [("p", "logs", "t"), ("p", "d", "u"), ("q", "d", "events_*")]


def test_columns_are_those_of_the_table():
    sql = "SELECT t.A, b, COUNT(*) FROM t JOIN u ON t.k = u.k WHERE u.c > 0 GROUP BY 1, 2"
    assert scans(sql) == [
        TableScan("p", "logs", "t", frozenset({"a", "b", "k"}), frozenset()),
        TableScan("p", "logs", "u", frozenset({"b", "k", "c"}), frozenset({"c"})),
    ]


def test_a_star_reads_all_columns():
    assert scans("SELECT t.* EXCEPT (a) FROM t")[0].columns is None


def test_tables_in_with_and_subqueries_are_read_where_they_are_named():
    sql = """
        WITH recent AS (SELECT * FROM t WHERE t.day >= @start)
        SELECT r.a FROM recent AS r WHERE r.a IN (SELECT u.a FROM u WHERE u.day = DATE '2026-06-01')
    """
    assert [(scan.table, set(scan.bounded)) for scan in scans(sql)] == [("t", {"day"}), ("u", {"day"})]


def test_the_schema_of_a_dataset_is_not_a_table():
    assert scans("SELECT c.column_name FROM d.INFORMATION_SCHEMA.COLUMNS AS c") == []


@pytest.mark.parametrize(
    "condition",
    [
        "t.x >= @start",
        "@start < X",
        "x BETWEEN DATE_SUB(DATE(@end), INTERVAL 7 DAY) AND DATE(@end)",
        "x IN (DATE '2026-06-01', DATE '2026-06-02')",
        "DATE(x) = DATE '2026-06-01'",
        "CAST(x AS DATE) > DATE '2026-06-01'",
        "TIMESTAMP_TRUNC(x, DAY) = TIMESTAMP '2026-06-01'",
        "(x > @start AND (y = 1 OR z = 1))",
    ],
)
def test_a_comparison_with_constants_is_a_bound(condition):
    assert "x" in bounded(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "x >= @start OR y = 1",
        "NOT x < @start",
        "x = y",
        "x = (SELECT MAX(u.x) FROM u WHERE u.a = t.a)",
        "x <> @start",
        "x IS NOT NULL",
        "UNIX_SECONDS(x) > 5",
        "DATE(x, 'Asia/Tokyo') >= DATE(@start)",
    ],
)
def test_all_else_is_not(condition):
    assert "x" not in bounded(condition.replace("SELECT MAX(u.x) FROM u WHERE u.a = t.a", "SELECT 1"))


@pytest.mark.parametrize(("join", "is_bounded"), [("JOIN", True), ("LEFT JOIN", False)])
def test_a_condition_of_an_inner_join_is_one_of_its_rows(join, is_bounded):
    scan = scans(f"SELECT t.a FROM t {join} u ON t.k = u.k AND u.day >= @start")[1]
    assert (scan.table, "day" in scan.bounded) == ("u", is_bounded)
