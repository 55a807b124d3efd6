"""What GoogleSQL documents is what comes out: on files, and through BigQuery's client.

On the stand-in the second part proves types on the wire alone; on the real service it proves the table.
"""

import re
from datetime import UTC, datetime
from itertools import islice

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from components.extract.googlesql.allowed import ALLOWED, REFUSED_NAMES, SUPPORTED, TRAPPED
from components.extract.googlesql.parse import UnsupportedLocally, portable
from components.extract.googlesql.unsupported import TRAPS
from components.extract.sources.bigquery import BigQuery
from components.extract.sources.duckdb_files import Files
from components.extract.window import Window
from model.errors import DataError, KamadoError
from tests.extract.googlesql import FAILS, FAILS_ON_FILES, FIELDS, REFUSED, REFUSED_BY_TYPE, RIGHT


def batched(rows, size):
    """As itertools has it from Python 3.12 on."""
    rows = iter(rows)
    while chunk := list(islice(rows, size)):
        yield chunk


ANY_DAY = Window(None, datetime(2026, 7, 1, tzinfo=UTC))
EXPRESSIONS = [expression for rows in RIGHT.values() for expression in rows]
MOST_ASKED = 12  # expressions in one query on files: each query makes two engines
CHUNKS = [(kind, dict(chunk)) for kind, rows in RIGHT.items() for chunk in batched(rows.items(), MOST_ASKED)]


def query(*expressions):
    return f"SELECT {', '.join(f'{one} AS x{place}' for place, one in enumerate(expressions))} FROM {FIELDS} AS f"


def answers(source, sql):
    """(type, value) of each column of the only row."""
    columns = source.columns(sql, ANY_DAY)
    [row] = pa.Table.from_batches(source.fetch(sql, ANY_DAY)).to_pylist()
    return list(zip(columns.values(), row.values(), strict=True))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(str(tmp_path_factory.mktemp("data")))


@pytest.mark.parametrize(("kind", "rows"), CHUNKS, ids=[f"{kind}-{next(iter(rows))}" for kind, rows in CHUNKS])
def test_the_documented_answers_come_out_on_files(files, kind, rows):
    came = dict(zip(rows, answers(files, query(*rows)), strict=True))
    assert came == {expression: (kind, answer) for expression, answer in rows.items()}


@pytest.mark.parametrize("kind", RIGHT)
def test_the_documented_answers_come_through_bigquerys_client(place, kind):
    project, location, dataset = place
    source = BigQuery(project, location, dataset=dataset, max_bytes_billed=10**9)
    found = answers(source, query(*RIGHT[kind]))
    assert dict(zip(RIGHT[kind], found, strict=True)) == {one: (kind, answer) for one, answer in RIGHT[kind].items()}


@pytest.mark.case("what has no answer on BigQuery, or more than one")
@pytest.mark.parametrize("expression", [*FAILS, *FAILS_ON_FILES])
def test_what_has_no_answer_fails_on_files(files, outcome, expression):
    with pytest.raises(DataError) as refused:
        answers(files, query(expression))
    outcome(refused.value.problems[0])


@pytest.mark.parametrize("expression", FAILS)
def test_what_has_no_answer_fails_on_bigquery(place, expression):
    project, location, dataset = place
    with pytest.raises(KamadoError):
        answers(BigQuery(project, location, dataset=dataset, max_bytes_billed=10**9), query(expression))


@pytest.mark.parametrize(("expression", "hint"), REFUSED.items(), ids=list(REFUSED))
def test_what_would_mean_something_else_is_refused_with_a_way_out(expression, hint):
    with pytest.raises(UnsupportedLocally) as refused:
        portable(query(expression))
    assert "is outside the portable subset" in str(refused.value)
    assert hint in str(refused.value)


@pytest.mark.case("types that GoogleSQL does not bring together, and values that engines write as other texts")
@pytest.mark.parametrize(("expression", "says"), REFUSED_BY_TYPE.items(), ids=list(REFUSED_BY_TYPE))
def test_types_that_googlesql_does_not_bring_together_are_refused(files, outcome, expression, says):
    with pytest.raises(UnsupportedLocally) as refused:
        files.columns(query(expression), ANY_DAY)
    outcome(refused.value.problems[0])
    assert says in str(refused.value)


def test_a_query_is_told_all_that_is_outside_the_subset_at_once():
    with pytest.raises(UnsupportedLocally) as refused:
        portable(query("LN(f.half)", "RAND()", "SUBSTR(f.text, 0, 2)"))
    assert len(refused.value.problems) == 3


def test_every_function_that_is_let_through_stands_in_the_table():
    shown = {
        type(node).__name__
        for expression in EXPRESSIONS
        for node in sqlglot.parse_one(query(expression), read="bigquery").walk()
        if isinstance(node, exp.Func)
    }
    assert shown == ALLOWED - {TRAPPED}


def test_every_name_that_the_page_lists_stands_in_the_table():
    text = " ".join(EXPRESSIONS)
    names = {
        name
        for group in SUPPORTED.values()
        for spelling in group.values()
        for name in spelling.split("(")[0].split(", ")
    }
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", text)] == []


def test_every_construct_that_the_page_refuses_stands_in_the_table_of_refusals():
    told = set()
    for expression in REFUSED:
        with pytest.raises(UnsupportedLocally) as refused:
            portable(query(expression))
        told |= {problem.hint for problem in refused.value.problems}
    assert [name for name, hint in TRAPS.items() if hint not in told] == []
    text = " ".join(REFUSED)
    assert [name for name in REFUSED_NAMES.values() if name not in text] == []
