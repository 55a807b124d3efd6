"""GoogleSQL as people write it gives the documented answer on files, or is refused with its place and a hint."""

import pytest

from components.extract.sources.duckdb_files import DuckDbSource
from tests.extract.googlesql.corpus import queries, run
from tests.extract.googlesql.corpus_tables import write_tables

QUERIES = queries()
LEAST_ACCEPTED = 0.9


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_tables(folder)
    return DuckDbSource(str(folder))


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_gives_the_documented_answer_or_is_refused_with_its_place(tables, query):
    result = run(tables, query)
    if query.refused:
        location, hint = query.refused.split(": ", 1)
        assert result.refusal is not None
        assert any(location in problem.where for problem in result.refusal.problems)
        assert any(hint in str(problem) for problem in result.refusal.problems)
    else:
        assert result.refusal is None
        assert (result.columns, result.rows) == (query.columns, query.rows)


def test_most_queries_run():
    assert len(QUERIES) >= 100
    assert sum(not query.refused for query in QUERIES) / len(QUERIES) >= LEAST_ACCEPTED
