"""The reader of a log of interleaved pages, and the verb that prints what it says."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.evaluate.interleaving.credit import credits
from components.evaluate.interleaving.lift import worths
from components.evaluate.interleaving.log import read_log
from model.errors import DataError
from model.interleaving import coins, team_draft
from tests.kamado import kamado

LISTS, PLACES = 600, 5


def log(lists=LISTS, seed=1):
    """Pages of two orders of which B's is right, as the columns of a table."""
    random = np.random.default_rng(seed)
    attraction = random.uniform(0.01, 0.5, (lists, PLACES))
    order_b = np.argsort(-attraction, axis=1)
    order_a = np.argsort(random.random((lists, PLACES)), axis=1)
    draft = team_draft(order_a, order_b, coins(random, lists, PLACES))
    rank_a, rank_b = (np.take_along_axis(np.argsort(order, axis=1), draft.item, 1) + 1 for order in (order_a, order_b))
    chance = np.take_along_axis(attraction, draft.item, 1) / np.arange(1, PLACES + 1)
    return {
        "list": np.repeat(np.arange(lists), PLACES),
        "user": np.repeat(np.char.add("u", (np.arange(lists) // 2).astype(str)), PLACES),
        "position": np.tile(np.arange(1, PLACES + 1), lists),
        "team": np.where(draft.of_b, "B", "A").ravel(),
        "conversion": (random.random((lists, PLACES)) < chance).astype(int).ravel(),
        "contested": draft.contested.ravel(),
        "rank_a": rank_a.ravel(),
        "rank_b": rank_b.ravel(),
    }


def write(path, columns):
    pq.write_table(pa.table(columns), path)
    return path


def pages(columns, name):
    return columns[name].reshape(-1, PLACES)


def test_sums_are_those_of_the_arrays(tmp_path):
    columns = log()
    mixed = np.random.default_rng(2).permutation(LISTS * PLACES)
    read = read_log(write(tmp_path / "log.parquet", {key: value[mixed] for key, value in columns.items()}), 0.75)
    of_b, converted = pages(columns, "team") == "B", pages(columns, "conversion") == 1
    unit = np.arange(LISTS) // 2
    expected = credits(unit, of_b, converted, pages(columns, "contested"))
    for name in ("conversions", "a", "b"):
        assert np.array_equal(getattr(read.credits, name), getattr(expected, name))
    assert len(np.unique(read.credits.unit)) == LISTS // 2
    assert np.array_equal(read.credits.unit[::2], read.credits.unit[1::2])
    curve = np.arange(1, PLACES + 1.0) ** -0.75
    worth = worths(unit, converted, pages(columns, "rank_a"), pages(columns, "rank_b"), curve)
    assert read.worths.a == pytest.approx(worth.a)
    assert read.worths.b == pytest.approx(worth.b)


def test_a_folder_without_users_and_contested_items(tmp_path):
    columns = log()
    plain = {name: columns[name] for name in ("list", "position", "team", "conversion")}
    half = LISTS // 2 * PLACES
    write(tmp_path / "1.parquet", {name: value[:half] for name, value in plain.items()})
    write(tmp_path / "2.parquet", {name: value[half:] for name, value in plain.items()})
    read = read_log(tmp_path)
    assert (read.unit_name, read.contested, read.worths) == ("list", False, None)
    assert read.credits.a.sum() + read.credits.b.sum() == columns["conversion"].sum()
    assert np.array_equal(read.credits.unit, np.arange(LISTS))


def changed(name, row, value):
    def change(columns):
        values = columns[name].tolist()
        values[row] = value
        return columns | {name: values}

    return change


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (
            changed("team", 7, "C"),
            "value",
            r"team: 1 rows have another value .* list 1\. Write A, the model in service",
        ),
        (changed("conversion", 0, 2), "value", r"conversion: 1 rows .* list 0\. Write 0 or 1"),
        (changed("position", 0, 0), "value", r"position: 1 rows .*\. Log the place on the page"),
        (changed("position", 0, 1.2), "value", r"position: 1 rows .*\. Log the place on the page"),
        (changed("rank_b", 0, 2.5), "value", r"rank_b: 1 rows .*\. Log the place in the order of B"),
        (changed("rank_b", 0, None), "value", r"rank_b: 1 rows .*\. Log the place in the order of B"),
        (changed("user", 0, None), "value", r"user: 1 rows .*\. Give every row an id"),
        (changed("list", 0, None), "value", r"list: 1 rows .*\. Give every row the id of its page"),
        (changed("contested", 0, None), "value", r"contested: 1 rows .*\. Log it of every row"),
        (changed("position", 1, 1), "page", r"position: 1 lists have a position twice, for example list 0"),
        (changed("user", 0, "else"), "page", r"user: 1 lists have more than one user, for example list 0"),
        (
            lambda columns: columns | {"rank_b": np.ones(len(columns["list"]), int)},
            "page",
            r"rank_a, rank_b: .* lists have an item below twice its better rank, for example list \d+\. Log the places",
        ),
        (
            lambda columns: {name: value[columns["position"] > 1] for name, value in columns.items()},
            "page",
            r"position: .* lists have a position that is missing, for example list \d+\. Log every item of a page",
        ),
        (
            lambda columns: columns | {"team": np.where(columns["list"] == 3, "A", columns["team"])},
            "page",
            r"team: 1 lists have two picks of one team in a round, for example list 3",
        ),
        (
            lambda columns: columns | {"team": np.where(columns["position"] % 2 == 1, "B", "A")},
            "coin",
            r"team: B picked first in 1,800 of 1,800 rounds, which no fair coin does",
        ),
        (
            lambda columns: {name: value for name, value in columns.items() if name not in ("team", "rank_a")},
            "columns",
            r"team: is not a column(.|\n)*rank_a: is not a column",
        ),
        (lambda columns: {name: value[:0] for name, value in columns.items()}, "credit", r"the log: has no rows"),
    ],
)
def test_a_log_of_no_fair_draft_is_refused(tmp_path, change, code, words):
    with pytest.raises(DataError, match=words) as refusal:
        read_log(write(tmp_path / "log.parquet", change(log())), 0.75)
    assert {problem.code for problem in refusal.value.problems} == {f"interleaving-{code}"}


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "log.parquet").write_text("list,position")
    for path in (tmp_path / "log.parquet", tmp_path / "none.parquet"):
        with pytest.raises(DataError, match="cannot be read") as refusal:
            read_log(path)
        assert [problem.code for problem in refusal.value.problems] == ["interleaving-file"]


def test_the_verb_prints_the_winner(tmp_path):
    path = write(tmp_path / "log.parquet", log())
    document = json.loads(kamado("interleaving", "--log", str(path), "--exponent", "1", "--json").out)
    assert (document["outcome"], document["winner"], document["unit"], document["needed"]) == (
        *("finished", "B", "user"),
        None,
    )
    assert document["preference"]["lists"] == LISTS
    assert document["lift"]["low"] > 0
    screen = kamado("interleaving", "--log", str(path)).out
    assert "people prefer B" in screen
    assert "curve" not in screen


def test_the_verb_says_what_a_small_log_lacks(tmp_path):
    path = write(tmp_path / "log.parquet", log(lists=40))
    document = json.loads(kamado("interleaving", "--log", str(path), "--confidence", "0.999", "--json").out)
    assert document["winner"] is None
    assert document["needed"]["lists"] > 40
    screen = kamado("interleaving", "--log", str(path), "--confidence", "0.999").out
    assert "this log cannot tell" in screen
    assert "would show it 8 times in 10" in screen


def test_lists_that_nobody_waits_for_are_not_given_as_a_number(tmp_path):
    columns = log()
    alone = ~columns["contested"]
    rows = [np.flatnonzero(alone & (columns["team"] == team))[:most] for team, most in (("A", 200), ("B", 201))]
    conversion = np.isin(np.arange(LISTS * PLACES), np.concatenate(rows)).astype(int)
    path = write(tmp_path / "log.parquet", columns | {"conversion": conversion})
    screen = kamado("interleaving", "--log", str(path)).out
    assert "if 50.1% is the truth, more than 1,000 times as many lists would have to show it" in screen


def test_the_verb_refuses_with_a_code(tmp_path):
    refused = kamado("interleaving", "--log", str(tmp_path / "none.parquet"), "--json")
    assert refused.code == 1
    assert [problem["code"] for problem in json.loads(refused.out)["problems"]] == ["interleaving-file"]


@pytest.mark.parametrize("words", [("--exponent", "nan"), ("--confidence", "nan"), ("--exponent", "4")])
def test_a_number_out_of_range_is_refused(tmp_path, words):
    refused = kamado("interleaving", "--log", str(tmp_path), *words, "--json")
    assert refused.code == 2
    assert [(problem["where"], problem["code"]) for problem in json.loads(refused.out)["problems"]] == [
        (words[0], "argument-value")
    ]
