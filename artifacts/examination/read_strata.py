"""The strata of a split: its lists in random order, and its items that stood at several positions within a week.

Where a model orders the lists, position follows what makes an item attractive, and only these two tell them apart:
chance gave the position, or the item was the same and its neighbours changed. Over more than a week an item changes
too: it ages, and falls with that.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from artifacts.examination.context import SAMPLE, aliases, context
from artifacts.examination.strata import Strata
from artifacts.splits import AGAIN, require_columns
from model.arrays import Floats
from model.errors import DataError, Problem
from model.spec.types import Spec
from model.sql import quoted

WEEK = 7 * 86_400_000_000  # microseconds
MOST_STRATA = 20_000  # of items, or of lists; the newest
# Lists in random order are one stratum where all have the same positions. Else those that reach far down are other
# searches than short ones, of other visitors, and each list is a stratum of its own.
RANDOM = "select 0 as stratum, position, y, 1 as weight from rows where random"
BY_LIST = f"""
with converting as (
    select list_id, max(week) as week from rows where random group by list_id having sum(y) > 0
    order by week desc nulls last, list_id limit {MOST_STRATA}
), strata as (select list_id, row_number() over (order by week desc nulls last, list_id) - 1 as stratum from converting)
select stratum, position, y, 1 as weight from rows join strata using (list_id) where random
"""
UNEVEN = 2.33  # standard errors: once in 100 samples of lists that all have the same positions
# Rows that chance put where they stood count by the inverse of its propensity: whatever the order likes, every item is
# then at every position alike, if it may have stood at each. Together the conversions count as many as such weights are
# worth (Kish).
DRAWN = """
with drawn as (select position, y, 1 / propensity as w from rows where not random and propensity < 1)
select 0 as stratum, position, y, w * (select sum(w) / sum(w * w) from drawn where y = 1) as weight from drawn
"""
# The inverse of its propensity is on average the number of positions at which a row's item may have stood, and the mean
# position of rows that count by it is half of a page. An order that swaps two items leaves each of them two positions:
# what stands at the top still is what it likes.
REACH = """
select count(*) as n, avg(1 / propensity) as places, 2 * sum(position / propensity) / sum(1 / propensity) - 1 as page
from rows where not random and propensity < 1
"""
# An item stands on a page once. What stands there several times is a kind of items, each as attractive as it is.
REPEATS = f"""
select avg((n > 1)::int) from (
    select count(*) as n from items
    where hash(list_id) % greatest(1, (select count(*) from items) // {SAMPLE}) = 0 group by list_id, item
)
"""
MOST_REPEATS = 0.02  # of the items of a page
LEAST_REACH = 0.75  # of the page; pages of several lengths have less than 1


@dataclass(frozen=True)
class CurveEvidence:
    """`random` of lists in random order and of rows with a propensity, `items` of items at several positions.

    `confined` rows have a propensity and were not taken as random: chance could not put their items everywhere.
    `repeated` where there are no strata of items because they stand on a page several times.
    """

    random: Strata
    items: Strata
    confined: int = 0
    repeated: bool = False

    @classmethod
    def joined(cls, *parts: "CurveEvidence") -> "CurveEvidence":
        """Of several splits."""
        random, items = (Strata.joined([getattr(part, name) for part in parts]) for name in ("random", "items"))
        return cls(random, items, sum(part.confined for part in parts), any(part.repeated for part in parts))


def read_strata(spec: Spec, path: Path, positions: int, *, share: float, after: str | None = None) -> CurveEvidence:
    """Of the rows at positions 1 to `positions`; with `after`, a moment in ISO 8601, of those that are not older.

    `share` is that of the non-conversions that the split has. Without a time or an item there are no strata of
    items: over a longer time than a week an item is not the same. Raises DataError for a split that is damaged.
    """
    columns = spec.columns
    used = (columns.label, columns.position, columns.list, columns.item, columns.time)
    require_columns(path, [name for name in (*used, columns.explore, columns.propensity, *spec.features) if name])
    with _rows(spec, path, positions, after) as connection:
        random = _table(connection, RANDOM, positions)
        if _is_uneven(random, share):
            random = _table(connection, BY_LIST, positions)
        confined = _confined(connection)
        drawn = np.zeros((0, 2, positions)) if confined else _table(connection, DRAWN, positions)
        items, repeated = np.zeros((0, 2, positions)), False
        if columns.item and columns.time:
            connection.execute(
                "create view items as select * from rows where not random and item is not null"
                + ("" if confined else " and coalesce(propensity, 1) >= 1")
            )
            share_repeated = (connection.execute(REPEATS).fetchone() or (None,))[0]
            repeated = bool(share_repeated and share_repeated > MOST_REPEATS)
            if not repeated:
                items = _table(connection, _of_items(context(connection, spec, "items")), positions)
    of_random, of_drawn, of_items = (
        Strata.of(table[:, 1], table[:, 0], share=share) for table in (random, drawn, items)
    )
    return CurveEvidence(Strata.joined([of_random, of_drawn]), of_items, confined, repeated)


@contextmanager
def _rows(spec: Spec, path: Path, positions: int, after: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view `rows`."""
    columns = spec.columns
    position = f"cast({quoted(str(columns.position))} as bigint)"
    random = f"coalesce({quoted(columns.explore)} = 1, false)" if columns.explore else "false"
    propensity = f"{quoted(columns.propensity)}::double" if columns.propensity else "null::double"
    time = f"epoch_us({quoted(columns.time)})" if columns.time else "null"
    newer = f"and {time} >= {_microseconds(after)}" if after and columns.time else ""
    item = quoted(columns.item) if columns.item else "null"
    page = quoted(str(columns.list))  # where there are positions there is one
    features = "".join(f", {quoted(name)} as {alias}" for name, alias in aliases(spec).items())
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            connection.execute(
                f"create view rows as select ({quoted(columns.label)} = 1)::int as y, {position} as position, "
                f"{random} as random, {propensity} as propensity, {time} // {WEEK} as week, {item} as item, "
                f"{page} as list_id, file_row_number as number{features} "
                f"from read_parquet('{_escaped(path)}', file_row_number = true) "
                f"where {position} between 1 and {positions} {newer}"
            )
            yield connection
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise DataError(Problem(str(path), f"cannot be read ({first})", AGAIN, "split-damaged")) from None


def _is_uneven(table: Floats, share: float) -> bool:
    """Whether the lists have other positions than one another: Pearson's test of equal rows at each position.

    By the normal approximation of the cube root of chi square (Wilson and Hilferty, PNAS 17, 1931).
    """
    rows = (table[:, 0] + share * table[:, 1]).sum(axis=0)
    last = int(np.flatnonzero(rows)[-1]) if rows.any() else 0
    if not last:
        return False
    rows, spread = rows[: last + 1], 2 / (9 * last)
    square = float(((rows - rows.mean()) ** 2).sum() / rows.mean())
    return bool((math.cbrt(square / last) - 1 + spread) / math.sqrt(spread) > UNEVEN)


def _confined(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of rows with a propensity, where it leaves their items only a part of the page; else 0."""
    rows, places, page = connection.execute(REACH).fetchone() or (0, None, None)
    return int(rows) if rows and not places >= LEAST_REACH * page else 0


def _microseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1_000_000)


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def _of_items(context: list[str]) -> str:
    """SQL for the rows of items and weeks, alike in their context, in which a row converted; the newest of these."""
    codes = {f"c{number}": code for number, code in enumerate(context)}
    coded = "".join(f", {code} as {name}" for name, code in codes.items())
    keys = ("item", "week", *codes)
    listed, same = ", ".join(keys), " and ".join(f"coded.{key} = strata.{key}" for key in keys)
    return (
        f"with coded as (select item, week, position, y{coded} from items), "
        f"converting as (select {listed} from coded group by {listed} having sum(y) > 0 and "
        f"min(position) < max(position) order by week desc, {listed} limit {MOST_STRATA}), "
        f"strata as (select *, row_number() over (order by {listed}) - 1 as stratum from converting) "
        f"select stratum, position, y, 1 as weight from coded join strata on {same}"
    )


def _table(connection: duckdb.DuckDBPyConnection, sql: str, positions: int) -> Floats:
    """Weight of rows by stratum, conversion and position."""
    counted = f"select stratum, y, position, sum(weight)::double as n from ({sql}) group by all order by all"
    columns: dict[str, NDArray[Any]] = connection.execute(counted).fetchnumpy()
    strata = int(columns["stratum"].max()) + 1 if len(columns["stratum"]) else 0
    table = np.zeros((strata, 2, positions))
    table[columns["stratum"], columns["y"], columns["position"] - 1] = columns["n"]
    return table
