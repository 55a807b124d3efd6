"""The log of interleaved pages: Parquet files, a row for each item that was shown.

DuckDB checks the rows and sums them up by list; memory grows with the lists, not with the rows.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from components.evaluate.interleaving.credit import Credits
from components.evaluate.interleaving.lift import Worths
from model.errors import DataError, Problem, Problems

REQUIRED = ("list", "position", "team", "conversion")
RANKS = ("rank_a", "rank_b")
UNFAIR = 1e-6  # p of the coins' share; at 1 log in a million it is not chance

WRONG_VALUES = {
    "list": ("list is null", "Give every row the id of its page"),
    "user": ("user is null", "Give every row an id, for example the session's; or leave the column out"),
    "position": ("not coalesce(position >= 1, false)", "Log the place on the page, from 1"),
    "team": ("not coalesce(team in ('A', 'B'), false)", "Write A, the model in service, or B, the new one"),
    "conversion": ("not coalesce(conversion in (0, 1), false)", "Write 0 or 1 of every item that was shown"),
    "contested": ("contested is null", "Log it of every row, as the draft gave it; or leave the column out"),
    "rank_a": ("not coalesce(rank_a >= 1, false)", "Log the place in the order of A, from 1"),
    "rank_b": ("not coalesce(rank_b >= 1, false)", "Log the place in the order of B, from 1"),
}
TYPES = {"position": "bigint", "team": "varchar", "conversion": "double", "contested": "boolean"} | dict.fromkeys(
    RANKS, "bigint"
)


@dataclass(frozen=True)
class InterleavedLog:
    """Credits of the pages; `worths` only with a curve's exponent and the ranks in both orders.

    `unit_name` is what counts as independent: the user, or the list where the log has no users.
    """

    credits: Credits
    worths: Worths | None
    unit_name: str
    contested: bool


def read_log(path: Path, exponent: float | None = None) -> InterleavedLog:
    """Of a Parquet file, or a folder of them. Examination falls with position ** -exponent.

    Raises DataError with everything that is wrong: files that cannot be read, columns that are missing, values, and
    pages that no fair team draft has made.
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            columns = _open(connection, path, exponent)
            _check(connection, columns)
            return _sums(connection, columns, exponent)
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            hint = "Name a Parquet file, or a folder of them, of interleaved pages"
            raise DataError(Problem(str(path), f"cannot be read ({first})", hint, "interleaving-file")) from None


def _open(connection: duckdb.DuckDBPyConnection, path: Path, exponent: float | None) -> list[str]:
    """Makes the view `log` of the columns that count; returns them."""
    files = str(path / "*.parquet") if path.is_dir() else str(path)
    source = connection.read_parquet(files, union_by_name=True)
    known = [name for name in (*REQUIRED, "user", "contested", *RANKS) if name in source.columns]
    problems = Problems()
    for name in (*REQUIRED, *(RANKS if exponent is not None else ())):
        if name not in known:
            hint = "Add it, or rename a column to it; docs/interleaving.md has all columns"
            problems.add(f"{path} {name}", "is not a column", hint, "interleaving-columns")
    problems.raise_if_any(DataError)
    chosen = [f'{_typed(name)} as "{name}"' for name in known]
    source.project(", ".join(chosen)).create_view("log")
    connection.execute(f"create temp table rows as select {', '.join(map(_quoted, known))} from log")
    return known


def _typed(name: str) -> str:
    """SQL of a column in its type, null where a value is of another: a cast alone rounds 1.5 to a place."""
    kind = TYPES.get(name)
    if kind is None:
        return f'"{name}"'
    cast = f'try_cast("{name}" as {kind})'
    return f'case when try_cast("{name}" as double) = {cast} then {cast} end' if kind == "bigint" else cast


def _check(connection: duckdb.DuckDBPyConnection, columns: list[str]) -> None:
    problems = Problems()
    for name in columns:
        wrong, hint = WRONG_VALUES[name]
        rows, example = _row(
            connection, f"select count(*), any_value(list) from rows where {wrong.replace(name, _quoted(name), 1)}"
        )
        if rows:
            text = f"{rows:,} rows have another value or none, for example in list {example}"
            problems.add(name, text, hint, "interleaving-value")
    problems.raise_if_any(DataError)
    _check_pages(connection, problems, columns)
    first_b, firsts = _row(connection, "select count(*) filter (team = 'B'), count(*) from rows where position % 2 = 1")
    if firsts and binomtest(first_b, firsts).pvalue < UNFAIR:
        text = f"B picked first in {first_b:,} of {firsts:,} rounds, which no fair coin does"
        hint = "Log every item of a page, with or without a conversion, and toss a new coin in every round"
        problems.add("team", text, hint, "interleaving-coin")
    problems.raise_if_any(DataError)


def _check_pages(connection: duckdb.DuckDBPyConnection, problems: Problems, columns: list[str]) -> None:
    pages = [
        ("position", "list, position", "count(*) > 1", "a position twice", "Keep one row for each item of a page"),
        (
            "team", "list, (position + 1) // 2", "count(*) = 2 and min(team) = max(team)",
            "two picks of one team in a round", "Log pages of model.interleaving.team_draft, positions from 1",
        ),
        (
            "position", "list", "max(position) > count(*)", "a position that is missing",
            "Log every item of a page, with or without a conversion",
        ),
    ]  # fmt: skip
    if set(RANKS) <= set(columns):  # a draft picks an item at the latest in the round of its better rank
        hint = "Log the places in the whole order of each model, of the same items, as the draft had them"
        fault = "max(position) > 2 * min(least(rank_a, rank_b))"
        pages.append(("rank_a, rank_b", "list, position", fault, "an item below twice its better rank", hint))
    if "user" in columns:
        hint = "Give every page an id of its own"
        pages.append(("user", "list", 'min("user") <> max("user")', "more than one user", hint))
    for name, key, fault, text, hint in pages:
        lists, example = _row(
            connection,
            f"select count(distinct list), any_value(list) from (select list from rows group by {key} having {fault})",
        )
        if lists:
            text = f"{lists:,} lists have {text}, for example list {example}"
            problems.add(name, text, hint, "interleaving-page")


def _sums(connection: duckdb.DuckDBPyConnection, columns: list[str], exponent: float | None) -> InterleavedLog:
    unit = "user" if "user" in columns else "list"
    credited = "conversion * (not contested)::int" if "contested" in columns else "conversion"
    selected = [
        f'dense_rank() over (order by min("{unit}")) - 1 as unit', "sum(conversion) as conversions",
        f"coalesce(sum({credited}) filter (team = 'A'), 0) as a",
        f"coalesce(sum({credited}) filter (team = 'B'), 0) as b",
    ]  # fmt: skip
    if exponent is not None:
        selected += [f"sum(conversion * pow({name} / position, {-exponent})) as {name}" for name in RANKS]
    table: dict[str, NDArray[Any]] = connection.execute(
        f"select {', '.join(selected)} from rows group by list order by list"
    ).fetchnumpy()
    if not len(table["unit"]):
        raise DataError(Problem("the log", "has no rows", "Log some pages first", "interleaving-credit"))
    numbers = {name: np.asarray(values, np.int64 if name == "unit" else float) for name, values in table.items()}
    credits = Credits(*(numbers[name] for name in ("unit", "conversions", "a", "b")))
    worths = None
    if exponent is not None:
        worths = Worths(*(numbers[name] for name in ("unit", "conversions", *RANKS)))
    return InterleavedLog(credits, worths, unit, "contested" in columns)


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row


def _quoted(name: str) -> str:
    return f'"{name}"'
