"""Tables as files: where they are looked for, and what is said when they are not there or not whole."""

import gzip
import io
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from components.extract.sources.duckdb_files import Files
from components.extract.window import window
from model.errors import DataError, SpecError
from tests.extract.logs import ALL, END, WINDOW, data
from tests.logs import log, replaced, spec_of

NAN = float("nan")


def read(folder, sql=ALL):
    """The rows, fetched as extract fetches them."""
    source, asked = Files(str(folder)), window(spec_of(sql_text=sql), END)
    columns = source.columns(sql, asked)
    table = pa.Table.from_batches(source.fetch(sql, asked))
    assert table.column_names == list(columns)
    return table


def said(folder, sql=ALL, kind=DataError):
    with pytest.raises(kind) as refused:
        read(folder, sql)
    return str(refused.value)


def csv_bytes(table=None):
    buffer = io.BytesIO()
    pc.write_csv(log() if table is None else table, buffer)
    return buffer.getvalue()


@pytest.fixture
def parquet(tmp_path):
    return data(tmp_path / "data")


def test_a_table_is_a_parquet_file_a_folder_of_them_a_csv_file_or_a_compressed_one(tmp_path, parquet):
    folder, plain, packed = tmp_path / "folder", tmp_path / "plain", tmp_path / "packed"
    for place in (folder / "impressions", plain, packed):
        place.mkdir(parents=True)
    pq.write_table(log().slice(0, 1000), folder / "impressions" / "a.parquet")
    pq.write_table(log().slice(1000), folder / "impressions" / "b.parquet")
    (plain / "impressions.csv").write_bytes(csv_bytes())
    (packed / "impressions.csv.gz").write_bytes(gzip.compress(csv_bytes()))
    rents = [sorted(read(place)["rent"].to_pylist()) for place in (parquet, folder, plain, packed)]
    assert rents[0] == rents[1] == rents[2] == rents[3] == sorted(log()["rent"].to_pylist())


@pytest.mark.parametrize("place", ["data/logs", "logs"])
def test_a_table_of_a_dataset_is_in_its_folder_in_data_or_beside_it(tmp_path, place):
    (tmp_path / "data").mkdir()
    data(tmp_path / place)
    for name in ("logs.impressions", "`my-project.logs.impressions`"):
        assert read(tmp_path / "data", ALL.replace("impressions", name)).num_rows == 3000


def test_a_name_of_with_is_no_table(parquet):
    sql = f"WITH Cheap AS (SELECT l.* FROM impressions AS l {WINDOW}) SELECT c.rent FROM cheap AS c"
    assert read(parquet, sql).num_rows == 3000


def test_a_column_with_a_dot_has_the_name_that_a_load_into_bigquery_gives_it(tmp_path):
    folder = data(tmp_path, replaced(log(), "rate.of.year", [1.5] * 3000))
    assert read(folder, f"SELECT l.rate_of_year FROM impressions AS l {WINDOW}")[0][0].as_py() == 1.5


@pytest.mark.parametrize(
    ("narrow", "value", "expression", "answer"),
    [
        (pa.int32(), 2**31 - 1, "t.x + 1", 2**31),
        (pa.int8(), 127, "t.x * t.x", 16129),
        (pa.uint8(), 1, "t.x - 2", -1),
        (pa.float32(), 16777216.0, "t.x + 1", 16777217.0),
        (pa.float32(), 0.1, "t.x = 0.1", False),
        (pa.list_(pa.int32()), [2**31 - 1], "(SELECT SUM(x + 1) FROM UNNEST(t.x) AS x)", 2**31),
    ],
)
def test_numbers_are_as_wide_as_after_a_load_into_bigquery(tmp_path, narrow, value, expression, answer):
    pq.write_table(pa.table({"x": pa.array([value], narrow)}), tmp_path / "t.parquet")
    assert read(tmp_path, f"SELECT {expression} AS y FROM t WHERE @start < @end")["y"].to_pylist() == [answer]


@pytest.mark.parametrize(
    ("held", "table"),
    [
        (pa.array([1.5, NAN, 3.0]), "t"),
        (pa.array([1.5, NAN, 3.0], pa.float32()), "t"),
        (pa.array([[1.5, NAN, 3.0]]), "(SELECT y AS x FROM t, UNNEST(t.x) AS y)"),
    ],
)
@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("COUNTIF(IS_NAN(t.x))", 1),
        ("COUNTIF(t.x < 1000)", 2),
        ("COUNTIF(t.x <> 1000)", 3),
        ("COUNTIF(IF(IS_NAN(t.x), NULL, t.x) > 2)", 1),
    ],
)
def test_a_nan_is_seen_although_parquets_bounds_do_not_tell_of_it(tmp_path, held, table, expression, answer):
    pq.write_table(pa.table({"x": held}), tmp_path / "t.parquet")
    sql = f"SELECT {expression} AS n FROM {table} AS t WHERE @start < @end"
    assert read(tmp_path, sql)["n"].to_pylist() == [answer]


def test_a_nan_that_is_compared_is_told_with_the_way_around(tmp_path):
    pq.write_table(pa.table({"x": [1.5, NAN]}), tmp_path / "t.parquet")
    words = said(tmp_path, "SELECT t.x > 1 AS y FROM t WHERE @start < @end")
    assert "(a NaN is compared, which has another answer on BigQuery). Write IF(IS_NAN(x), NULL, x)" in words


def test_types_of_a_csv_file_come_from_all_of_its_rows(tmp_path):
    numbers = [str(number) for number in range(2999)]
    (tmp_path / "impressions.csv").write_bytes(csv_bytes(replaced(log(), "layout", [*numbers, "1K"])))
    assert read(tmp_path).schema.field("layout").type == pa.string()


def test_data_that_is_not_there_is_named(tmp_path):
    assert f"DATA={tmp_path}/no: is not there. DATA names the folder" in said(tmp_path / "no")


def test_data_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "file: is not a folder" in said(tmp_path / "file")


def test_an_absent_table_comes_with_the_nearest_name(parquet):
    words = said(parquet, ALL.replace("impressions", "impresions"))
    assert f"table impresions: is not in DATA={parquet}. Did you mean impressions?" in words


def test_every_absent_table_is_named_at_once(parquet):
    words = said(parquet, f"SELECT l.* FROM clicks AS l JOIN orders AS o ON o.id = l.id {WINDOW}")
    assert "table clicks: is not in" in words
    assert "table orders: is not in" in words
    assert "There: impressions." in words


def test_an_absent_dataset_says_where_it_was_looked_for(parquet):
    words = said(parquet, ALL.replace("impressions", "logs.impressions"))
    assert f"table logs.impressions: its folder logs is neither in nor beside DATA={parquet}" in words


def test_a_table_in_two_forms_is_not_chosen_by_luck(parquet):
    (parquet / "impressions.csv").write_bytes(csv_bytes())
    assert "table impressions: is there 2 times: impressions.parquet, impressions.csv. Keep the one" in said(parquet)


def test_an_absent_column_comes_with_the_nearest_name(parquet):
    for column in ("l.rnt", "rnt"):
        words = said(parquet, f"SELECT {column} FROM impressions AS l {WINDOW}")
        assert "SQL column rnt: is in none of its tables. Did you mean rent?" in words


def test_an_alias_that_is_not_in_from_is_named(parquet):
    assert "SQL x: is not in the query's FROM. There: l" in said(
        parquet, f"SELECT x.rent FROM impressions AS l {WINDOW}"
    )


def test_a_parameter_that_nobody_gives_is_named(parquet):
    assert "SQL @least: has no value. The window's @start and @end are" in said(parquet, f"{ALL} AND l.rent > @least")


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT\n  l.rent,\n  l.area l.layout\nFROM impressions AS l", "SQL line 3: cannot be read at '.'"),
        ("SELECT 'open FROM impressions AS l", "A quote or a comment may not be closed"),
        ("SELECT 1 FROM a; SELECT 2 FROM b", "SQL: holds 2 statements, not one"),
        ("-- nothing yet", "SQL: holds 0 statements, not one"),
        ("", "SQL: holds 0 statements, not one"),
        ("SELECT (1", "SQL line 1: cannot be read at '1'"),
        ("SELECT " + "(" * 2000 + "1" + ")" * 2000, "SQL: is nested too deeply. Give its parts names: WITH"),
        ("DECLARE x INT64; SELECT x", "SQL: holds 2 statements, not one"),
        ("BEGIN SELECT 1; END", "SQL: holds 2 statements, not one"),
        ("CREATE TABLE t AS SELECT 1", "SQL: is CREATE, not a SELECT"),
        ("CREATE TEMP FUNCTION f(x INT64) AS (x + 1); SELECT f(1)", "SQL: holds 2 statements, not one"),
        ("\ufeffSELECT 1", "SQL: starts with a byte order mark. Save the file as UTF-8 without one"),
        ("SELECT DATE_ADD(l.shown_at) FROM impressions AS l", "Look for a function that lacks an argument"),
        ("SELECT REGEXP_EXTRACT('a')", "Look for a function that lacks an argument"),
        ("SELECT FORMAT_DATE('%Y')", "Look for a function that lacks an argument"),
        ("SELECT MAX_BY(l.rent) FROM impressions AS l", "Look for a function that lacks an argument"),
        ("SELECT @@time_zone", "A system variable is none on files"),
        ("DELETE FROM impressions AS l WHERE l.rent > 1", "SQL: is DELETE, not a SELECT"),
        (f"SELECT l.*, l.rent FROM impressions AS l {WINDOW}", "SQL column rent: stands 2 times in the result"),
        (f"SELECT l.rent, l.area AS RENT FROM impressions AS l {WINDOW}", "SQL column RENT: stands 2 times"),
        ("SELECT l.rent FROM `logs.day_*` AS l", "Use one table, partitioned by day"),
    ],
)
def test_sql_that_is_no_single_query_is_refused_with_its_place(parquet, sql, says):
    with pytest.raises(SpecError) as refused:
        Files(str(parquet)).columns(sql, window(spec_of(), END))
    assert says in str(refused.value)


def test_sqlglot_says_nothing_of_its_own(parquet, caplog):
    said(parquet, "CALL p()", SpecError)
    assert caplog.records == []


@pytest.mark.parametrize("name", ["../impressions", "/etc/passwd", "impress[i]ons", "", "a" * 300, "a\0b"])
def test_a_name_that_no_table_can_have_is_refused(parquet, name):
    words = said(parquet, f"SELECT l.* FROM `{name}` AS l {WINDOW}")
    assert "is no name of a table. Use letters, digits, _ and -" in words


def test_a_semicolon_and_a_comment_at_the_end_are_fine(parquet):
    assert read(parquet, f"{ALL};\n-- done").num_rows == 3000


@pytest.mark.parametrize("kept", [0, 100, 0.5])
def test_a_truncated_parquet_file_is_named(parquet, kept):
    path = parquet / "impressions.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    words = said(parquet)
    assert f"file {path}: " in words
    assert "rite or copy it again" in words


def test_a_corrupt_or_truncated_archive_is_named(tmp_path):
    path, packed = tmp_path / "impressions.csv.gz", gzip.compress(csv_bytes())
    half = len(packed) // 2
    for damaged in (packed[:half], packed[:half] + bytes(99) + packed[half + 99 :], csv_bytes()):
        path.write_bytes(damaged)
        assert f"file {path}: is no whole gzip file" in said(tmp_path)


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "impressions.csv").touch()
    assert "impressions.csv: is empty. Write or copy it again" in said(tmp_path)


def test_a_value_that_the_query_cannot_take_is_shown(parquet):
    words = said(parquet, f"SELECT CAST(l.layout AS INT64) AS layout FROM impressions AS l {WINDOW}")
    assert "SQL: failed (cannot read as INT64: " in words


def test_a_division_by_zero_fails_as_it_does_on_bigquery(parquet):
    words = said(parquet, f"SELECT l.rent / (l.position - 1) AS x FROM impressions AS l {WINDOW}")
    assert "division by zero: use SAFE_DIVIDE" in words


def test_the_tables_that_were_read_are_told(tmp_path, parquet):
    source, sql = Files(str(parquet)), ALL
    source.columns(sql, window(spec_of(sql_text=sql), END))
    lineage = source.lineage()
    assert (lineage.backend, lineage.tables, lineage.bytes_billed) == ("duckdb", ("impressions",), None)


def spoiled_csv(tmp_path, change):
    """DATA with one CSV file whose lines were changed."""
    lines = csv_bytes().decode().splitlines()
    (tmp_path / "impressions.csv").write_bytes(change(lines))
    return tmp_path


def joined(lines) -> bytes:
    return "\n".join(lines).encode()


@pytest.mark.case("a line of a CSV file that has too few values, too many, or a quote that is not closed")
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("only,three,values", "has 3 values, and line 1 names 9 columns. Fix that line"),
        ('"1",' * 40 + "1", "has more values, and line 1 names 9 columns"),
        ("1;2;3", "has 1 value, and line 1 names 9 columns. Line 1 is separated by ','"),
        ('"an" unclosed', "has a quote that is not closed, or text after a closing quote"),
        ('1,"unclosed', "has a quote that is not closed"),
    ],
)
def test_a_broken_line_of_a_csv_file_is_told_with_its_place(tmp_path, outcome, line, says):
    message = said(spoiled_csv(tmp_path, lambda lines: joined([*lines[:1501], line, *lines[1501:]])))
    outcome(message)
    assert f"file {tmp_path}/impressions.csv line 1502: {says}" in message


def test_one_bad_value_that_makes_a_column_text_is_told(tmp_path):
    def change(lines):
        place = lines[0].replace('"', "").split(",").index("shown_at")
        values = lines[700].split(",")
        values[place] = "yesterday"
        return joined([*lines[:700], ",".join(values), *lines[701:]])

    told = said(spoiled_csv(tmp_path, change))
    assert "table impressions column shown_at: is text because of 1 of 3,000 values, 'yesterday' for example" in told
    assert "SAFE_CAST(shown_at AS TIMESTAMP)" in told


def test_a_csv_file_of_another_encoding_is_told(tmp_path):
    told = said(spoiled_csv(tmp_path, lambda lines: joined(lines).decode().encode("utf-16")))
    assert "is not UTF-8" in told
    assert "Save it as UTF-8" in told
    told = said(spoiled_csv(tmp_path, lambda lines: joined(lines).replace(b"1K", "Stra\u00dfe".encode("latin-1"))))
    assert "impressions.csv" in told
    assert "UTF-8" in told


def test_a_csv_file_without_rows_is_told(tmp_path):
    assert "has names in its first line and no rows" in said(spoiled_csv(tmp_path, lambda lines: lines[0].encode()))


def test_a_folder_with_the_name_of_a_csv_file_is_told(tmp_path):
    (tmp_path / "impressions.csv").mkdir()
    assert "impressions.csv: is a folder" in said(tmp_path)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_seen_in_the_names(tmp_path, delimiter):
    folder = spoiled_csv(tmp_path, lambda lines: joined(lines).replace(b",", delimiter.encode()))
    assert read(folder).num_rows == 3000


MORNING = datetime(2026, 6, 1, 10, 0, 0, 123456)


@pytest.mark.case("types that Parquet has and BigQuery has not")
@pytest.mark.parametrize(
    ("kind", "value", "loaded", "answer"),
    [
        (pa.timestamp("ns", "UTC"), MORNING.replace(tzinfo=UTC), "TIMESTAMP", MORNING.replace(tzinfo=UTC)),
        (pa.timestamp("ns", "Asia/Tokyo"), MORNING.replace(tzinfo=UTC), "TIMESTAMP", MORNING.replace(tzinfo=UTC)),
        (pa.timestamp("ms", "UTC"), datetime(2026, 6, 1, tzinfo=UTC), "TIMESTAMP", datetime(2026, 6, 1, tzinfo=UTC)),
        (pa.timestamp("ns"), MORNING, "DATETIME", MORNING),
        (pa.time64("ns"), time(1, 2, 3, 4), "TIME", time(1, 2, 3, 4)),
        (pa.date64(), date(2026, 6, 1), "DATE", date(2026, 6, 1)),
        (pa.uint64(), 2**63 - 1, "INT64", 2**63 - 1),
        (pa.float16(), 1.5, "FLOAT64", 1.5),
        (pa.decimal128(10, 2), Decimal("1.25"), "FLOAT64", 1.25),
        (pa.dictionary(pa.int8(), pa.string()), "a", "STRING", "a"),
        (pa.large_string(), "a", "STRING", "a"),
    ],
    ids=str,
)
def test_parquets_types_are_those_of_a_load(tmp_path, outcome, kind, value, loaded, answer):
    pq.write_table(pa.table({"x": pa.array([value, None]).cast(kind)}), tmp_path / "t.parquet")
    sql = "SELECT t.x FROM t WHERE @start < @end"
    columns = Files(str(tmp_path)).columns(sql, window(spec_of(sql_text=sql), END))
    rows = read(tmp_path, sql)["x"].to_pylist()
    outcome(f"{columns['x']} {rows[0]}")
    assert columns == {"x": loaded}
    assert rows == [answer, None]


@pytest.mark.case("pandas' default, timestamp[ns, UTC], compared with @start and truncated")
def test_nanoseconds_are_a_timestamp_wherever_one_is_needed(tmp_path, outcome):
    moments = pa.array([MORNING]).cast(pa.timestamp("ns")).cast(pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"at": moments, "s": [{"at": MORNING}]}), tmp_path / "t.parquet")
    sql = (
        "SELECT DATE(t.`at`) AS day, EXTRACT(HOUR FROM t.`at`) AS hour FROM t WHERE t.`at` >= @start AND t.`at` < @end"
    )
    rows = read(tmp_path, sql).to_pylist()
    outcome(rows)
    assert rows == [{"day": date(2026, 6, 1), "hour": 10}]


@pytest.mark.case("a naive Parquet timestamp (DATETIME) compared with @start (TIMESTAMP)")
def test_a_datetime_is_not_compared_with_the_window(tmp_path, outcome):
    pq.write_table(pa.table({"at": [MORNING]}), tmp_path / "t.parquet")
    message = said(tmp_path, "SELECT t.`at` FROM t WHERE t.`at` >= @start AND t.`at` < @end", SpecError)
    outcome(message)
    assert "brings DATETIME and TIMESTAMP together, which GoogleSQL does not. Write TIMESTAMP(t.`at`)" in message
    assert read(tmp_path, "SELECT t.`at` FROM t WHERE TIMESTAMP(t.`at`) >= @start AND @end > @start").num_rows == 1


@pytest.mark.case("ids beyond INT64, and decimals of more digits than FLOAT64 keeps")
@pytest.mark.parametrize(
    ("values", "says"),
    [
        (pa.array([2**64 - 1], pa.uint64()), "column t.id: holds 18,446,744,073,709,551,615, and an INT64"),
        (
            pa.array([Decimal(10) ** 20], pa.decimal128(38, 0)),
            "column id holds 100000000000000000000, a decimal",
        ),
    ],
    ids=["uint64", "decimal"],
)
@pytest.mark.parametrize("sql", ["SELECT t.id FROM t", "SELECT t.id, COUNT(*) AS n FROM t GROUP BY t.id"])
def test_ids_that_would_lose_digits_are_refused(tmp_path, outcome, values, says, sql):
    pq.write_table(pa.table({"id": values}), tmp_path / "t.parquet")
    message = said(tmp_path, f"{sql.replace('FROM t', 'FROM t WHERE @start < @end', 1)}")
    outcome(message)
    assert says in message


@pytest.mark.case("a Parquet file with two columns that BigQuery takes for one")
@pytest.mark.parametrize("names", [("rate.of", "rate_of"), ("Rent", "rent"), ("rent", "rent")])
def test_columns_that_a_load_takes_for_one_are_refused(tmp_path, outcome, names):
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=names), tmp_path / "t.parquet")
    message = said(tmp_path, "SELECT t.* FROM t WHERE @start < @end")
    outcome(message)
    assert f"has columns that BigQuery takes for one: {', '.join(names)}. Rename all but one" in message


def test_our_own_mistake_keeps_its_traceback(parquet, monkeypatch):
    def broken(query):
        raise AttributeError("a defect of ours")

    monkeypatch.setattr("components.extract.googlesql.parse.check_ties", broken)
    with pytest.raises(AttributeError, match="a defect of ours"):
        read(parquet)


@pytest.mark.case("a pattern that Python's engine warns of, or does not read")
@pytest.mark.parametrize(("pattern", "answer"), [("[[:alpha:]](b)", ["b"]), (r"\Qa\E(b)", ["b"])])
def test_patterns_are_those_of_re2(tmp_path, outcome, pattern, answer):
    pq.write_table(pa.table({"x": ["ab"]}), tmp_path / "t.parquet")
    rows = read(tmp_path, f"SELECT REGEXP_EXTRACT(x, r'{pattern}') AS y FROM t WHERE @start < @end")["y"].to_pylist()
    outcome(f"{pattern} of ab: {rows}")
    assert rows == answer


@pytest.mark.case("a column that is neither grouped nor aggregated")
def test_a_column_outside_of_group_by_is_told_without_the_engines_advice(tmp_path, outcome):
    pq.write_table(pa.table({"x": [1], "y": [2]}), tmp_path / "t.parquet")
    words = said(tmp_path, "SELECT x, y, COUNT(*) AS n FROM t WHERE @start < @end GROUP BY x")
    outcome(words)
    assert "SQL column y: is neither in GROUP BY" in words
    assert "ANY_VALUE" not in words


def test_a_repetition_without_end_in_a_pattern_is_one_fault(tmp_path):
    pq.write_table(pa.table({"x": ["ab"]}), tmp_path / "t.parquet")
    sql = "SELECT REGEXP_EXTRACT(x, r'a{99999999999999}') AS y FROM t WHERE @start < @end"
    assert "sql-not-parsed" in said(tmp_path, sql, SpecError)
