"""Names of columns and values in the spec, in SQL and on the screen."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from pipelines.new_model.label import googlesql_literal
from pipelines.new_model.names import aliases, in_yaml, one_line, words_of
from pipelines.new_model.ranges import plain_number, rounded
from tests.logs import replaced
from tests.pipelines.new_model.tables import ROWS, new, plain, refusal, rows_of

NAMES = [
    "it's", "a b", "a-b", "家賃", "面積", "größe", "no", "null", "yes", "on", "select", "class", "from", "2nd floor",
    "row_key", "unit", "#%&", "- x", "a: b", "x" * 200, "emoji 🏠", "True", "Rows", "--", "/* */",
]  # fmt: skip


def test_any_names_become_a_spec_that_runs(tmp_path):
    table = plain()
    for index, name in enumerate(NAMES):
        table = table.append_column(name, pa.array(np.random.default_rng(index).normal(size=ROWS)))
    draft, folder = new(tmp_path, table, "sold")
    spec, rows = rows_of(tmp_path, folder)
    assert len(spec.features) == len(NAMES) + 2
    loaded = {name.replace("/*", "__").replace("*/", "__"): name for name in table.column_names}
    for alias, name in draft.names.items():
        assert sum(rows[alias].to_pylist()) == pytest.approx(sum(table[loaded[name]].to_pylist())), name


def test_a_name_that_cannot_be_written_in_a_query_is_refused(tmp_path):
    table = plain()
    for name in ("a\nb", "\u2028", " blank"):
        table = table.append_column(name, pa.array(range(ROWS)))
    message = refusal(tmp_path, table, "sold")
    for name in (r"'a\nb'", r"'\u2028'", "' blank'"):
        assert f"column {name}: has a name that cannot be written in a query" in message


def test_values_cannot_leave_their_comment(tmp_path):
    """A reason quotes a value; the value has a line break and looks like a key of the spec."""
    table = plain()
    sold = table["sold"].to_numpy()
    state = np.where(sold == 1, "done\nmodel: mine\n-- \u2028", np.where(np.arange(ROWS) % 2, "a", "b"))
    draft, folder = new(tmp_path, replaced(table, "state", state), "sold")
    assert "leaks the label" in draft.left_out["state"]
    spec, _ = rows_of(tmp_path, folder)
    assert spec.model == "small"


def test_words_of_a_name():
    assert words_of("customerID") == ("customer", "id")
    assert words_of("srch_id") == ("srch", "id")
    assert words_of("OperatingSystems") == ("operating", "systems")
    assert words_of("HTTPStatusCode") == ("http", "status", "code")


def test_aliases_differ_whatever_their_case():
    assert aliases(["a b", "A_b", "row_key", "家賃"]) == {
        "a b": "a_b", "A_b": "A_b_2", "row_key": "the_row_key", "家賃": "column_4"
    }  # fmt: skip


def test_texts_can_be_read_back():
    assert [in_yaml(word) for word in ("rent", "no", "null", "12", "a: b")] == [
        "rent",
        '"no"',
        '"null"',
        '"12"',
        '"a: b"',
    ]
    assert googlesql_literal("it's \\ \n") == r"'it\'s \\ \U0000000a'"
    assert one_line("a\nb\x1b[31m\u2028") == "a\\nb\\x1b[31m\\u2028"
    assert [plain_number(value) for value in (1e6, 0.00012, -3.5, 0.0)] == ["1000000", "0.00012", "-3.5", "0"]
    assert [rounded(value, up=True) for value in (1234, -1234, 0.0123)] == [1300, -1200, 0.013]
