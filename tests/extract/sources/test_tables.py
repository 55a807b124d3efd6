"""Tables as files: where they are looked for, and the problem when they are missing or damaged."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import window
from tests.extract.logs import ALL, END, WINDOW, csv_bytes, data, error_of, read
from tests.logs import log, spec_of


def test_a_table_is_a_parquet_file_a_folder_of_them_a_csv_file_or_a_compressed_one(tmp_path, parquet):
    folder, plain, packed = tmp_path / "folder", tmp_path / "plain", tmp_path / "packed"
    for path in (folder / "impressions", plain, packed):
        path.mkdir(parents=True)
    pq.write_table(log().slice(0, 1000), folder / "impressions" / "a.parquet")
    pq.write_table(log().slice(1000), folder / "impressions" / "b.parquet")
    (plain / "impressions.csv").write_bytes(csv_bytes())
    (packed / "impressions.csv.gz").write_bytes(gzip.compress(csv_bytes()))
    rents = [sorted(read(path)["rent"].to_pylist()) for path in (parquet, folder, plain, packed)]
    assert rents[0] == rents[1] == rents[2] == rents[3] == sorted(log()["rent"].to_pylist())


@pytest.mark.parametrize("path", ["data/logs", "logs"])
def test_a_table_of_a_dataset_is_in_its_folder_in_data_or_beside_it(tmp_path, path):
    (tmp_path / "data").mkdir()
    data(tmp_path / path)
    for name in ("logs.impressions", "`my-project.logs.impressions`"):
        assert read(tmp_path / "data", ALL.replace("impressions", name)).num_rows == 3000


def test_a_name_of_with_is_not_a_table(parquet):
    sql = f"WITH Cheap AS (SELECT l.* FROM impressions AS l {WINDOW}) SELECT c.rent FROM cheap AS c"
    assert read(parquet, sql).num_rows == 3000


def test_a_missing_data_folder_is_named(tmp_path):
    assert f"DATA={tmp_path}/no: does not exist. DATA names the folder" in error_of(tmp_path / "no")


def test_data_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "file: is not a folder" in error_of(tmp_path / "file")


def test_a_missing_table_comes_with_the_nearest_name(parquet):
    message = error_of(parquet, ALL.replace("impressions", "impresions"))
    assert f"table impresions: is not in DATA={parquet}. Did you mean impressions?" in message


def test_every_missing_table_is_named_at_once(parquet):
    message = error_of(parquet, f"SELECT l.* FROM clicks AS l JOIN orders AS o ON o.id = l.id {WINDOW}")
    assert "table clicks: is not in" in message
    assert "table orders: is not in" in message
    assert "It has: impressions." in message


def test_a_missing_dataset_comes_with_the_folders_that_were_searched(parquet):
    message = error_of(parquet, ALL.replace("impressions", "logs.impressions"))
    assert f"table logs.impressions: its folder logs is neither in nor beside DATA={parquet}" in message


def test_a_table_in_two_forms_is_refused(parquet):
    (parquet / "impressions.csv").write_bytes(csv_bytes())
    assert "table impressions: exists 2 times: impressions.parquet, impressions.csv. Keep one of them" in error_of(
        parquet
    )


@pytest.mark.parametrize("name", ["../impressions", "/etc/passwd", "impress[i]ons", "", "a" * 300, "a\0b"])
def test_a_name_that_no_table_can_have_is_refused(parquet, name):
    message = error_of(parquet, f"SELECT l.* FROM `{name}` AS l {WINDOW}")
    assert "is not the name of a table. Use letters, digits, _ and -" in message


@pytest.mark.parametrize("size", [0, 100, 0.5])
def test_a_truncated_parquet_file_is_named(parquet, size):
    path = parquet / "impressions.parquet"
    content = path.read_bytes()
    path.write_bytes(content[: int(size * len(content)) if isinstance(size, float) else size])
    message = error_of(parquet)
    assert f"file {path}: " in message
    assert "rite or copy it again" in message


def test_a_corrupt_or_truncated_archive_is_named(tmp_path):
    path, packed = tmp_path / "impressions.csv.gz", gzip.compress(csv_bytes())
    half = len(packed) // 2
    for damaged in (packed[:half], packed[:half] + bytes(99) + packed[half + 99 :], csv_bytes()):
        path.write_bytes(damaged)
        assert f"file {path}: is not a complete gzip file" in error_of(tmp_path)


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "impressions.csv").touch()
    assert "impressions.csv: is empty. Write or copy it again" in error_of(tmp_path)


def test_the_lineage_has_the_tables_that_were_read(tmp_path, parquet):
    source, sql = DuckDbSource(str(parquet)), ALL
    source.columns(sql, window(spec_of(sql_text=sql), END))
    lineage = source.lineage()
    assert (lineage.backend, lineage.tables, lineage.bytes_billed) == ("duckdb", ("impressions",), None)


def test_a_folder_with_the_name_of_a_csv_file_is_refused(tmp_path):
    (tmp_path / "impressions.csv").mkdir()
    assert "impressions.csv: is a folder" in error_of(tmp_path)


@pytest.mark.case("a Parquet file with two columns that BigQuery takes for one")
@pytest.mark.parametrize("names", [("rate.of", "rate_of"), ("Rent", "rent"), ("rent", "rent")])
def test_columns_of_one_name_after_a_load_are_refused(tmp_path, outcome, names):
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=names), tmp_path / "t.parquet")
    message = error_of(tmp_path, "SELECT t.* FROM t WHERE @start < @end")
    outcome(message)
    assert f"has columns of one name for BigQuery: {', '.join(names)}. Rename all but one" in message
