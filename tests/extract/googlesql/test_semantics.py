"""The answers that GoogleSQL documents come out on files and through BigQuery's client.

The stand-in proves only the types on the wire; the real service proves the answers.
"""

import re
from datetime import UTC, datetime
from itertools import islice

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from components.extract.googlesql.allowed import ALLOWED, REFUSED_NAMES, SUPPORTED
from components.extract.googlesql.parse import parse, to_duckdb
from components.extract.googlesql.syntax_errors import UnsupportedSqlError
from components.extract.googlesql.unsupported import UNSUPPORTED
from components.extract.sources.bigquery import BigQuerySource
from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import Window
from model.errors import DataError, KamadoError
from tests.extract.googlesql.answers import ANSWERS
from tests.extract.googlesql.expressions import FIELDS
from tests.extract.googlesql.failures import FAILS, FAILS_ON_FILES
from tests.extract.googlesql.refusals import REFUSED
from tests.extract.googlesql.type_refusals import REFUSED_BY_TYPE


def batched(rows, size):
    """As itertools has it from Python 3.12 on."""
    rows = iter(rows)
    while chunk := list(islice(rows, size)):
        yield chunk


LOCATION = re.compile(r"SQL line \d+ column \d+, .")
ANY_DAY = Window(None, datetime(2026, 7, 1, tzinfo=UTC))
EXPRESSIONS = [expression for rows in ANSWERS.values() for expression in rows]
CHUNK = 36  # expressions in one query on files, where each query makes two connections
CHUNKS = [(kind, dict(chunk)) for kind, rows in ANSWERS.items() for chunk in batched(rows.items(), CHUNK)]


def query(*expressions):
    columns = [f"{expression} AS x{index}" for index, expression in enumerate(expressions)]
    return f"SELECT {', '.join(columns)} FROM {FIELDS} AS f"


def answers(source, sql):
    """(type, value) of each column of the only row."""
    columns = source.columns(sql, ANY_DAY)
    [row] = pa.Table.from_batches(source.fetch(sql, ANY_DAY)).to_pylist()
    return list(zip(columns.values(), row.values(), strict=True))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return DuckDbSource(str(tmp_path_factory.mktemp("data")))


@pytest.mark.parametrize(("kind", "rows"), CHUNKS, ids=[f"{kind}-{next(iter(rows))}" for kind, rows in CHUNKS])
def test_the_documented_answers_come_out_on_files(files, kind, rows):
    actual = dict(zip(rows, answers(files, query(*rows)), strict=True))
    assert actual == {expression: (kind, answer) for expression, answer in rows.items()}


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_documented_answers_come_through_bigquerys_client(dataset_address, kind):
    project, location, dataset = dataset_address
    source = BigQuerySource(project, location, dataset=dataset, max_bytes_billed=10**9)
    actual = dict(zip(ANSWERS[kind], answers(source, query(*ANSWERS[kind])), strict=True))
    assert actual == {expression: (kind, answer) for expression, answer in ANSWERS[kind].items()}


@pytest.mark.case("what has no answer on BigQuery, or more than one")
@pytest.mark.parametrize("expression", [*FAILS, *FAILS_ON_FILES])
def test_what_has_no_answer_fails_on_files(files, outcome, expression):
    with pytest.raises(DataError) as error:
        list(files.fetch(query(expression), ANY_DAY))
    outcome(error.value.problems[0])


@pytest.mark.parametrize("expression", FAILS)
def test_what_has_no_answer_fails_on_bigquery(dataset_address, expression):
    project, location, dataset = dataset_address
    with pytest.raises(KamadoError):
        answers(BigQuerySource(project, location, dataset=dataset, max_bytes_billed=10**9), query(expression))


@pytest.mark.parametrize(("expression", "hint"), REFUSED.items(), ids=list(REFUSED))
def test_what_has_another_meaning_is_refused_with_a_hint(expression, hint):
    with pytest.raises(UnsupportedSqlError) as error:
        parse(query(expression))
    assert "is outside the portable subset" in str(error.value)
    assert hint in str(error.value)
    assert all(LOCATION.match(problem.where) for problem in error.value.problems)


@pytest.mark.case("types that GoogleSQL does not mix, and values that engines write as other texts")
@pytest.mark.parametrize(("expression", "expected"), REFUSED_BY_TYPE.items(), ids=list(REFUSED_BY_TYPE))
def test_types_that_googlesql_does_not_mix_are_refused(outcome, expression, expected):
    with pytest.raises(UnsupportedSqlError) as error:
        to_duckdb(query(expression), {})
    outcome(error.value.problems[0])
    assert expected in str(error.value)


def test_everything_outside_the_subset_is_reported_at_once():
    with pytest.raises(UnsupportedSqlError) as error:
        parse(query("APPROX_COUNT_DISTINCT(f.half)", "RAND()", "SHA512(f.text)"))
    assert len(error.value.problems) == 3


def test_every_function_that_passes_is_in_the_tables():
    functions = {
        type(node).__name__
        for expression in EXPRESSIONS
        for node in sqlglot.parse_one(query(expression), read="bigquery").walk()
        if isinstance(node, exp.Func)
    }
    assert functions == ALLOWED


def test_every_name_that_the_page_lists_is_in_the_tables():
    text = " ".join(EXPRESSIONS)
    names = {
        name
        for group in SUPPORTED.values()
        for spelling in group.values()
        for name in spelling.split("(")[0].split(", ")
    }
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", text)] == []


def test_every_construct_that_the_page_refuses_is_in_the_table_of_refusals():
    hints = set()
    for expression in REFUSED:
        with pytest.raises(UnsupportedSqlError) as error:
            parse(query(expression))
        hints |= {problem.hint for problem in error.value.problems}
    assert [name for name, hint in UNSUPPORTED.items() if hint not in hints] == []
    text = " ".join(REFUSED)
    assert [name for name in REFUSED_NAMES.values() if name not in text] == []
