"""A CSV column has the type that a load into BigQuery gives it, and no other type is guessed."""

import gzip
from datetime import UTC, date, datetime, time

import pytest

from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import Window
from model.errors import KamadoError

WINDOW = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def rows(folder, text, sql="SELECT t.* FROM t"):
    (folder / "t.csv").write_bytes(text.encode())
    source = DuckDbSource(str(folder))
    columns = source.columns(sql, WINDOW)
    return columns, [row for batch in source.fetch(sql, WINDOW) for row in batch.to_pylist()]


def refusal(folder, text, sql="SELECT t.* FROM t"):
    with pytest.raises(KamadoError) as error:
        rows(folder, text, sql)
    return str(error.value)


def moment(*parts):
    return datetime(2026, 1, *parts, tzinfo=UTC)


@pytest.mark.case("the values of a CSV column, and the type that they get")
@pytest.mark.parametrize(
    ("values", "kind", "loaded"),
    [
        (["2026-01-05", "2026-12-31"], "DATE", [date(2026, 1, 5), date(2026, 12, 31)]),
        (["01/02/2026", "13/02/2026"], "STRING", None),
        (["01-02-26", "03-04-26"], "STRING", None),
        (["10-11-12", "10-11-13"], "STRING", None),
        (["2026/01/05", "2026/01/06"], "STRING", None),
        (["20260105", "20260106"], "INT64", [20260105, 20260106]),
        (["2026-01-05", "2026-02-30"], "STRING", None),
        (["2026-1-5", "2026-1-6"], "STRING", None),
        (["2026-01-05", "2026-01-05 10:00:00"], "STRING", None),
        (["2026-01-05 10:00", "2026-01-05T10:00:00.5Z"], "TIMESTAMP", [moment(5, 10), moment(5, 10, 0, 0, 500000)]),
        (["2026-01-05 10:00:00 +09:00", "2026-01-05 10:00:00-0530"], "TIMESTAMP", [moment(5, 1), moment(5, 15, 30)]),
        (["2026-01-05 10:00:00 UTC"], "TIMESTAMP", [moment(5, 10)]),
        (["2026/01/05 10:00", "05.01.2026 10:00"], "STRING", None),
        (["10:00:00", "10:00:01.5"], "TIME", [time(10), time(10, 0, 1, 500000)]),
        (["true", "FALSE"], "BOOL", [True, False]),
        (["t", "f"], "STRING", None),
        (["yes", "no"], "STRING", None),
        (["1", "0"], "INT64", [1, 0]),
        (["1", "2.5", " -1e3"], "FLOAT64", [1.0, 2.5, -1000.0]),
        (["1,234", "2"], "STRING", None),
        (["9223372036854775807", "-9223372036854775808"], "INT64", [2**63 - 1, -(2**63)]),
        (["18446744073709551615", "18446744073709551614"], "STRING", None),
        (["1", "none"], "STRING", None),
    ],
    ids=lambda values: " | ".join(values) if isinstance(values, list) and isinstance(values[0], str) else "",
)
def test_a_column_has_the_type_that_a_load_gives_it(tmp_path, outcome, values, kind, loaded):
    columns, records = rows(tmp_path, "x,y\n" + "".join(f'"{value}",1\n' for value in values))
    outcome(f"{columns['x']} {[row['x'] for row in records]}")
    assert columns["x"] == kind
    assert sorted(row["x"] for row in records) == sorted(loaded or values)


@pytest.mark.case("an empty field and a quoted empty one")
def test_an_empty_field_is_null_and_a_quoted_one_an_empty_text(tmp_path, outcome):
    _, records = rows(tmp_path, 'id,text,number,nothing\n1,"",1,\n2,,"",\n3,a,3,\n')
    records.sort(key=lambda row: row["id"])
    outcome(records)
    assert [row["text"] for row in records] == ["", None, "a"]
    assert [row["number"] for row in records] == [1, None, 3]
    assert [row["nothing"] for row in records] == [None, None, None]


def test_a_type_does_not_depend_on_the_first_rows(tmp_path):
    columns, records = rows(tmp_path, "x,y,z\n" + "1,,1\n" * 30_000 + "1K,5,2.5\n")
    assert columns == {"x": "STRING", "y": "INT64", "z": "FLOAT64"}
    assert len(records) == 30_001


@pytest.mark.case("a header that names a column twice")
@pytest.mark.parametrize("names", ["price,id,price", "price,id,Price"])
def test_a_header_with_a_column_twice_is_refused(tmp_path, outcome, names):
    message = refusal(tmp_path, f"{names}\n1,2,3\n")
    outcome(message)
    assert f"file {tmp_path}/t.csv line 1: names the column price 2 times (columns 1, 3)" in message


@pytest.mark.parametrize("text", ["a.b,a_b\n1,2\n", "a b,A B\n1,2\n"])
def test_two_names_that_are_one_on_bigquery_are_refused(tmp_path, text):
    assert "Give each column its own name" in (message := refusal(tmp_path, text)) or "Rename all but one" in message


@pytest.mark.case("a CSV file separated by semicolons")
@pytest.mark.parametrize("text", ["a;b, c;d\n1;2;x\n", '"a, b, c";b;d\n1;2;x\n'])
def test_the_delimiter_is_the_one_of_most_names(tmp_path, outcome, text):
    columns, records = rows(tmp_path, text)
    outcome(f"{columns} {records}")
    assert list(columns.values()) == ["INT64", "INT64", "STRING"]


@pytest.mark.case("a short line in a CSV file of three lines")
@pytest.mark.parametrize("packed", [False, True])
def test_a_short_line_comes_with_file_and_line(tmp_path, outcome, packed):
    if packed:
        (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a;b\n1;2\n3\n"))
        with pytest.raises(KamadoError) as error:
            DuckDbSource(str(tmp_path)).columns("SELECT t.* FROM t", WINDOW)
        message, name = str(error.value), "t.csv.gz"
    else:
        message, name = refusal(tmp_path, "a;b\n1;2\n3\n"), "t.csv"
    outcome(message)
    assert f"file {tmp_path}/{name} line 3: has 1 value, and line 1 names 2 columns" in message


def test_a_file_of_another_delimiter_than_its_header_is_refused(tmp_path):
    assert "line 2: has 1 value, and line 1 names 2 columns. Line 1 is separated by ','" in refusal(
        tmp_path, "a,b\n1;2\n"
    )


@pytest.mark.case("a text column of a CSV file where the query needs a time or a number")
@pytest.mark.parametrize(
    ("text", "sql", "expected"),
    [
        ("d\n01/02/2026\n02/02/2026\n", "SELECT d FROM t WHERE d >= @start", "(d holds '01/02/2026')"),
        ("d\n01/02/2026\n02/02/2026\n", "SELECT d FROM t WHERE d >= @start", "Write SAFE.PARSE_TIMESTAMP with its"),
        (
            'p\n"1,234"\n2\n3\n',
            "SELECT SUM(p) AS p FROM t",
            "is text because of 1 of 3 values, '1,234' for example. Fix the file, or write SAFE_CAST(REPLACE(p, ','",
        ),
        (
            "p\n1\n2\nnone\n",
            "SELECT p + 1 AS p FROM t",
            "table t column p: is text because of 1 of 3 values, 'none' for example",
        ),
    ],
)
def test_a_text_where_something_else_is_needed_is_refused_with_an_example(tmp_path, outcome, text, sql, expected):
    message = refusal(tmp_path, text, sql)
    outcome(message)
    assert expected in message
