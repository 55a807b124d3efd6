"""Names of the SELECT list and columns of FROM: which one a clause means."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import Window
from model.errors import DataError

WINDOW = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
FIRST, SECOND = date(2026, 6, 1), date(2026, 6, 2)
BY_DAY = [(1, FIRST, 30), (1, SECOND, 30), (2, SECOND, 40)]


@pytest.fixture(scope="module")
def visits(tmp_path_factory):
    """Users u, moments ts and prices p."""
    folder = tmp_path_factory.mktemp("data")
    moments = [datetime(2026, 6, day, hour, tzinfo=UTC) for day, hour in ((1, 1), (1, 5), (2, 5), (2, 7))]
    table = pa.table({"u": [1, 1, 1, 2], "ts": pa.array(moments, pa.timestamp("us", tz="UTC")), "p": [10, 20, 30, 40]})
    pq.write_table(table, folder / "t.parquet")
    return DuckDbSource(str(folder))


def rows(source, sql):
    source.columns(sql, WINDOW)
    records = (tuple(row.values()) for batch in source.fetch(sql, WINDOW) for row in batch.to_pylist())
    return sorted(records, key=str)


@pytest.mark.case("GROUP BY a name that is an alias and a column as well")
@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("SELECT u, DATE(ts) AS ts, SUM(p) AS p FROM t GROUP BY u, ts", BY_DAY),
        ("SELECT u, DATE(ts) AS ts, SUM(p) AS p FROM t GROUP BY u, TS", BY_DAY),
        ("SELECT u, DATE(ts) AS ts, SUM(p) AS p FROM t GROUP BY 1, 2", BY_DAY),
        ("WITH c AS (SELECT u, DATE(ts) AS ts, SUM(p) AS p FROM t GROUP BY u, ts) SELECT c.* FROM c", BY_DAY),
        ("SELECT q.* FROM (SELECT u, DATE(ts) AS ts, SUM(p) AS p FROM t GROUP BY u, ts) AS q", BY_DAY),
        (
            "SELECT u, DATE(ts) AS ts, SUM(p) AS p FROM t GROUP BY ROLLUP(u, ts)",
            [*BY_DAY, (1, None, 60), (2, None, 40), (None, None, 100)],
        ),
        (
            "SELECT DATE(ts) AS ts, SUM(p) AS p FROM t GROUP BY GROUPING SETS (ts, ())",
            [(FIRST, 30), (SECOND, 70), (None, 100)],
        ),
        ("SELECT MOD(u, 2) AS u, COUNT(*) AS n FROM t GROUP BY u HAVING u = 1", [(1, 3)]),
        ("SELECT DATE(ts) AS ts, SUM(p) AS p FROM t GROUP BY ts HAVING p > 35 AND MAX(p) = 40", [(SECOND, 70)]),
        ("SELECT -u AS u, p FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY u ORDER BY p) = 1", [(-1, 10), (-2, 40)]),
        ("SELECT -p AS p FROM t ORDER BY p LIMIT 1", [(-40,)]),
        ("SELECT -p AS p, u FROM t ORDER BY p + 0 LIMIT 1", [(-40, 2)]),
        ("SELECT MOD(u, 2) + 1 AS k, COUNT(*) AS n FROM t GROUP BY MOD(u, 2) + 1", [(1, 1), (2, 3)]),
    ],
)
def test_a_clause_takes_the_name_of_the_select_list_first(visits, outcome, sql, answer):
    records = rows(visits, sql)
    outcome(records)
    assert records == sorted(answer, key=str)


@pytest.mark.case("an alias of the SELECT list in WHERE or beside itself, which GoogleSQL does not know there")
@pytest.mark.parametrize("sql", ["SELECT u + 1 AS v FROM t WHERE v > 1", "SELECT u + 1 AS v, v + 1 AS w FROM t"])
def test_an_alias_is_not_known_where_googlesql_does_not_know_it(visits, outcome, sql):
    with pytest.raises(DataError, match="column v: is in none of its tables") as error:
        rows(visits, sql)
    outcome(error.value.problems[0])


def test_all_unknown_names_are_reported_at_once(visits):
    with pytest.raises(DataError) as error:
        rows(visits, "SELECT t.a, x.u, b, (SELECT COUNT(c.d) FROM t AS c) AS n FROM t")
    assert [problem.where for problem in error.value.problems] == [
        "SQL line 1 column 35, column d", "SQL line 1 column 8, column a", "SQL line 1 column 13, alias x",
        "SQL line 1 column 18, column b",
    ]  # fmt: skip


def test_a_name_of_two_tables_needs_an_alias(visits):
    with pytest.raises(DataError, match="column u: is in more than one of its tables"):
        rows(visits, "SELECT u FROM t AS a JOIN t AS b ON a.p = b.p")


@pytest.mark.case("a query that holds a placeholder of the pipeline's own templates")
def test_a_text_with_braces_and_a_dollar_passes_as_it_stands(visits, outcome):
    answer = rows(visits, "SELECT '{{$}} {{$.inputs}} $start' AS x, u FROM t WHERE u = 2")
    outcome(answer)
    assert answer == [("{{$}} {{$.inputs}} $start", 2)]
