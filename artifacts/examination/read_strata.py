"""The strata of a split: its lists in random order, and its items that stood at several positions within a week.

Where a model orders the lists, position follows what makes an item attractive, and only these two tell them apart:
chance gave the position, or the item was the same and its neighbours changed. Over more than a week an item changes
too: it ages, and falls with that.

A split is read twice, in batches: for its conversions, then for the rows of their strata.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from artifacts.examination.strata import Strata
from artifacts.splits import batches, float64
from model.arrays import Floats, Ints
from model.spec.types import ColumnRoles

WEEK = 7 * 86_400_000_000  # microseconds
WEEKS = 100_000  # more than there are in a timestamp
MOST_STRATA = 20_000  # of items; the newest


@dataclass(frozen=True)
class CurveEvidence:
    """`random` of lists in random order, `items` of items at several positions."""

    random: Strata
    items: Strata

    @classmethod
    def joined(cls, *parts: "CurveEvidence") -> "CurveEvidence":
        """Of several splits."""
        return cls(Strata.joined([part.random for part in parts]), Strata.joined([part.items for part in parts]))


@dataclass(frozen=True)
class _Batch:
    """Per row; `week` is 0 without a time, and `item` None without the column."""

    label: NDArray[np.bool_]
    position: Ints
    random: NDArray[np.bool_]
    week: Ints
    item: pa.Array | None

    def chosen(self, mask: NDArray[np.bool_]) -> "_Batch":
        item = None if self.item is None else self.item.filter(pa.array(mask))
        return _Batch(self.label[mask], self.position[mask], self.random[mask], self.week[mask], item)


def read_strata(
    columns: ColumnRoles, path: Path, positions: int, *, kept: float, after: str | None = None
) -> CurveEvidence:
    """Of the rows at positions 1 to `positions`; with `after`, a moment in ISO 8601, of those that are not older.

    `kept` is the share of the non-conversions that the split has. Raises DataError for a split that is damaged.
    """
    random = np.zeros((2, positions))  # others, conversions
    weeks: list[Ints] = []
    items: list[pa.Array] = []
    for batch in _batches(columns, path, positions, after):
        chosen = batch.chosen(batch.random)
        np.add.at(random, (chosen.label.astype(np.int64), chosen.position - 1), 1.0)
        converted = batch.chosen(batch.label & ~batch.random)
        if converted.item is not None:
            weeks.append(converted.week)
            items.append(converted.item)
    of_random = Strata.of(random[1:], random[:1], kept=kept)
    if not weeks or columns.time is None:
        return CurveEvidence(of_random, Strata.none(positions))
    known = pa.chunked_array(items).combine_chunks().unique().drop_null()
    keys = [_keys(known, item, week) for item, week in zip(items, weeks, strict=True)]
    wanted = np.unique(np.concatenate(keys))
    wanted = wanted[wanted >= 0]
    wanted = np.sort(wanted[np.argsort(wanted % WEEKS, kind="stable")][-MOST_STRATA:])
    table = np.zeros((len(wanted), 2, positions))
    if len(wanted):
        for batch in _batches(columns, path, positions, after):
            _count(table, wanted, known, batch.chosen(~batch.random))
    return CurveEvidence(of_random, Strata.of(table[:, 1], table[:, 0], kept=kept))


def _count(table: Floats, wanted: Ints, known: pa.Array, batch: _Batch) -> None:
    """Add the rows of the wanted items and weeks to `table` (items and weeks, others or conversions, positions)."""
    assert batch.item is not None
    key = _keys(known, batch.item, batch.week)
    index = np.minimum(np.searchsorted(wanted, key), len(wanted) - 1)
    chosen = wanted[index] == key
    np.add.at(table, (index[chosen], batch.label[chosen].astype(np.int64), batch.position[chosen] - 1), 1.0)


def _keys(known: pa.Array, item: pa.Array, week: Ints) -> Ints:
    """A number for each item and week; below 0 for an item that is not known."""
    code = pc.fill_null(pc.index_in(item, known), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(code < 0, -1, code * WEEKS + week)


def _batches(columns: ColumnRoles, path: Path, positions: int, after: str | None) -> Iterator[_Batch]:
    """Rows at the positions and not older than `after`."""
    roles = {role: name for role, name in columns.single().items() if role in ("time", "item", "position", "explore")}
    first = None if after is None else int(datetime.fromisoformat(after).timestamp() * 1_000_000)
    for batch in batches(path, [columns.label, *dict.fromkeys(roles.values())]):
        position = float64(batch[roles["position"]], f"{path} {roles['position']}")
        mask = (position >= 1) & (position <= positions)
        week = np.zeros(batch.num_rows, np.int64)
        if "time" in roles:
            time = batch[roles["time"]].cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
            week = time // WEEK
            mask &= True if first is None else time >= first
        explore = batch[roles["explore"]] if "explore" in roles else pa.nulls(batch.num_rows, pa.int64())
        whole = _Batch(
            float64(batch[columns.label], f"{path} {columns.label}") > 0,
            np.where(mask, position, 1).astype(np.int64),
            float64(explore.cast(pa.float64()), f"{path} explore") > 0,
            week,
            batch[roles["item"]] if "item" in roles else None,
        )
        yield whole.chosen(mask)
