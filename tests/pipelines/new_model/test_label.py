"""LABEL: the column, the value that is a conversion, and what is not a label."""

from datetime import datetime

import numpy as np
import pytest

from tests.logs import replaced
from tests.pipelines.new_model.tables import ROWS, new, plain, refusal, rows_of


@pytest.mark.parametrize(
    ("values", "sql"),
    [
        (["yes", "no"], "IF(t.`sold` = 'yes', 1, 0)"),
        (["TRUE", "FALSE"], "IF(t.`sold` = 'TRUE', 1, 0)"),
        (["Y", "N"], "IF(t.`sold` = 'Y', 1, 0)"),
        (["1", "0"], "IF(t.`sold` = '1', 1, 0)"),
        (["Yes ", "no", "yes"], "IF(LOWER(TRIM(t.`sold`)) = 'yes', 1, 0)"),
        ([True, False], "t.`sold`"),
        ([1, 0], "t.`sold`"),
        ([1.0, 0.0], "t.`sold`"),
    ],
    ids=str,
)
def test_a_label_that_says_yes_or_no_becomes_one_or_zero(values, sql, tmp_path):
    table = plain()
    sold = table["sold"].to_numpy()
    yes = [value for value in values if str(value).strip().lower() in ("yes", "true", "y", "1", "1.0")]
    no = [value for value in values if value not in yes]
    texts = [(yes if is_sold else no)[index % len(yes if is_sold else no)] for index, is_sold in enumerate(sold)]
    _, folder = new(tmp_path, replaced(table, "sold", texts), "sold")
    assert f"{sql} AS `sold`" in (folder / "training.sql").read_text("utf-8")
    _, rows = rows_of(tmp_path, folder)
    assert sum(int(value) for value in rows["sold"].to_pylist()) == sold.sum()


def test_a_value_of_the_label_can_be_named(tmp_path):
    sold = plain()["sold"].to_numpy()
    states = np.where(sold == 1, "it's \\ sold\n", np.where(np.arange(ROWS) % 2, "open", "withdrawn"))
    _, folder = new(tmp_path, replaced(plain(), "state", states).drop_columns("sold"), "state=it's \\ sold\n")
    _, rows = rows_of(tmp_path, folder)
    assert sum(rows["state"].to_pylist()) == sold.sum()


@pytest.mark.parametrize(
    ("values", "label", "words"),
    [
        (lambda sold: sold + 1, "sold", ["is not 0 or 1 (found ", "1", "LABEL='sold="]),
        (lambda sold: np.where(sold, "won", "lost"), "sold", ["'won'", "'lost'", "LABEL='sold="]),
        (lambda sold: np.where(sold, "won", "lost"), "sold=wo", ["LABEL=sold=wo", "The values are:", "'won'"]),
        (lambda _: np.zeros(ROWS, int), "sold", ["is 0 in every row"]),
        (lambda sold: [None, *sold[1:].tolist()], "sold", ["is missing in 1 of 1,500 rows"]),
        (lambda _: [datetime(2026, 1, 1)] * ROWS, "sold", ["is of type DATETIME"]),
        (lambda sold: sold, "slod", ["is not a column of the table", "Did you mean sold"]),
        (lambda sold: sold, "", ["LABEL: is missing", "price, weight, sold"]),
    ],
)
def test_a_column_that_is_not_a_label_is_refused_with_its_values(values, label, words, tmp_path):
    table = plain()
    message = refusal(tmp_path, replaced(table, "sold", values(table["sold"].to_numpy())), label)
    for word in words:
        assert word in message
