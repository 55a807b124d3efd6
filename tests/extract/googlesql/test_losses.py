"""Values that safe conversions turn to NULL are counted, and so are the rows of the tables."""

import pytest

from components.extract.googlesql.safe_casts import Loss
from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import Window
from model.errors import DataError
from model.files import parse_json
from tests.extract.logs import run
from tests.logs import END

ANY_DAY = Window(None, END)
TIMES = ["2026-06-01 10:00:00", "2026/06/02 10:00", "yesterday", "", "2026-06-05 10:00:00"]
LOST = Loss("SAFE_CAST(l.seen AS TIMESTAMP)", "t", 4, 2, "2026/06/02 10:00")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "t.csv").write_text("seen,x\n" + "".join(f"{at},{row}\n" for row, at in enumerate(TIMES)))
    return tmp_path


def losses(folder, sql):
    source = DuckDbSource(str(folder))
    list(source.fetch(sql, ANY_DAY))
    return source.lineage().losses


@pytest.mark.case("a safe conversion that loses values, and so rows")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SAFE_CAST(l.seen AS TIMESTAMP) AS at FROM t AS l",
        "SELECT l.x FROM t AS l WHERE SAFE_CAST(l.seen AS TIMESTAMP) < TIMESTAMP '2026-06-03 00:00:00+00'",
        "WITH c AS (SELECT SAFE_CAST(l.seen AS TIMESTAMP) AS at, l.x FROM t AS l) SELECT c.x FROM c WHERE c.at IS NULL",
    ],
)
def test_what_a_safe_conversion_loses_is_counted(folder, outcome, sql):
    counted = losses(folder, sql)
    outcome(counted)
    assert counted == (LOST,)


def test_a_column_is_followed_through_subqueries_to_its_table(folder):
    [loss] = losses(folder, "SELECT SAFE_CAST(q.k AS TIMESTAMP) AS at FROM (SELECT l.seen AS k FROM t AS l) AS q")
    assert (loss.table, loss.values, loss.nulls) == ("t", 4, 2)


def test_what_a_safe_parser_loses_is_counted(folder):
    [loss] = losses(folder, "SELECT SAFE.PARSE_TIMESTAMP('%F %T', l.seen) AS at FROM t AS l WHERE l.x <> 1")
    assert loss == Loss("SAFE.PARSE_TIMESTAMP('%F %T', l.seen)", "t", 4, 2, "2026/06/02 10:00")


def test_a_conversion_of_more_than_one_tables_columns_is_not_counted(folder):
    sql = "SELECT SAFE_CAST(CONCAT(a.seen, b.seen) AS TIMESTAMP) AS at FROM t AS a JOIN t AS b ON a.x = b.x"
    assert losses(folder, sql) == ()


def test_extract_json_has_the_rows_of_each_table_and_the_losses(folder, tmp_path):
    sql = """
        SELECT SAFE_CAST(l.seen AS TIMESTAMP) AS shown_at, l.x AS list_id, l.x AS listing_id, 'u' AS user_id,
        1 AS position, 0 AS explore, 1.5 AS rent, 2.5 AS area, 'a' AS layout, 1 AS inquired
        FROM t AS l WHERE SAFE_CAST(l.seen AS TIMESTAMP) < TIMESTAMP '2026-06-03 00:00:00+00'
    """
    run(f"duckdb:{folder}", sql, tmp_path / "out", source__window_days=None)
    page = parse_json((tmp_path / "out" / "extract.json").read_bytes())
    assert (page["rows"], page["table_rows"]) == (1, {"t": 5})
    assert page["losses"] == [
        {"expression": LOST.expression, "table": "t", "values": 4, "nulls": 2, "example": "2026/06/02 10:00"}
    ]


@pytest.mark.case("a text that one engine reads as a time and the other may not")
def test_a_form_that_only_one_engine_may_read_fails_the_query(tmp_path, outcome):
    (tmp_path / "t.csv").write_text("seen\n2026-06-01 10:00\nnever\n")
    with pytest.raises(DataError, match="BigQuery may read in another way") as error:
        losses(tmp_path, "SELECT SAFE_CAST(l.seen AS TIMESTAMP) AS at FROM t AS l")
    outcome(error.value.problems[0])
