"""Lines and values of a CSV file that cannot be read, with the place of each."""

import pyarrow as pa
import pytest

from tests.extract.logs import csv_bytes, error_of, read
from tests.logs import log, replaced


def corrupt_csv(tmp_path, change):
    """DATA with one CSV file whose lines were changed."""
    lines = csv_bytes().decode().splitlines()
    (tmp_path / "impressions.csv").write_bytes(change(lines))
    return tmp_path


def joined(lines) -> bytes:
    return "\n".join(lines).encode()


def test_types_of_a_csv_file_come_from_all_of_its_rows(tmp_path):
    numbers = [str(number) for number in range(2999)]
    (tmp_path / "impressions.csv").write_bytes(csv_bytes(replaced(log(), "layout", [*numbers, "1K"])))
    assert read(tmp_path).schema.field("layout").type == pa.string()


@pytest.mark.case("a line of a CSV file that has too few values, too many, or a quote that is not closed")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("only,three,values", "has 3 values, and line 1 names 10 columns. Fix that line"),
        ('"1",' * 40 + "1", "has more values, and line 1 names 10 columns"),
        ("1;2;3", "has 1 value, and line 1 names 10 columns. Line 1 is separated by ','"),
        ('"an" unclosed', "has a quote that is not closed, or text after a closing quote"),
        ('1,"unclosed', "has a quote that is not closed"),
    ],
)
def test_a_broken_line_of_a_csv_file_comes_with_its_number(tmp_path, outcome, line, expected):
    message = error_of(corrupt_csv(tmp_path, lambda lines: joined([*lines[:1501], line, *lines[1501:]])))
    outcome(message)
    assert f"file {tmp_path}/impressions.csv line 1502: {expected}" in message


def test_one_bad_value_that_makes_a_column_text_is_shown(tmp_path):
    def change(lines):
        index = lines[0].replace('"', "").split(",").index("shown_at")
        values = lines[700].split(",")
        values[index] = "yesterday"
        return joined([*lines[:700], ",".join(values), *lines[701:]])

    message = error_of(corrupt_csv(tmp_path, change))
    assert "table impressions column shown_at: is text because of 1 of 3,000 values, 'yesterday' for example" in message
    assert "SAFE_CAST(shown_at AS TIMESTAMP)" in message


def test_a_csv_file_of_another_encoding_is_refused(tmp_path):
    message = error_of(corrupt_csv(tmp_path, lambda lines: joined(lines).decode().encode("utf-16")))
    assert "is not UTF-8" in message
    assert "Save it as UTF-8" in message
    message = error_of(
        corrupt_csv(tmp_path, lambda lines: joined(lines).replace(b"1K", "Stra\u00dfe".encode("latin-1")))
    )
    assert "impressions.csv" in message
    assert "UTF-8" in message


def test_a_csv_file_without_rows_is_refused(tmp_path):
    assert "has names in its first line and no rows" in error_of(corrupt_csv(tmp_path, lambda lines: lines[0].encode()))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_seen_in_the_names(tmp_path, delimiter):
    folder = corrupt_csv(tmp_path, lambda lines: joined(lines).replace(b",", delimiter.encode()))
    assert read(folder).num_rows == 3000
