"""The portal's logs, written as a warehouse would hold them, one file a day; and the truth, in a folder of its own.

    OUT/data/impressions/day-000.parquet    list, user, listing, position, explore, time
    OUT/data/clicks/…  OUT/data/inquiries/… events with their own times, inquiries up to weeks later
    OUT/data/listings/listings.parquet      what was stated of each property
    OUT/truth/…                             examination curve; attraction of every shown listing

Blocks of lists have random streams of their own, so memory does not grow with the number of lists, and the same
arguments give the same bytes.
"""

import errno
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from examples.rental_portal import listings as properties
from examples.rental_portal.listings import Listings
from examples.rental_portal.policy import OLD, Policy
from examples.rental_portal.traffic import DAY, DUPLICATED, EXPLORE, EXPONENT, Block, Pages, block, examination
from model.files import new_folder, write_json

BLOCK = 2_000  # lists
LATE = 0.01  # share of a block's lists that reach the log a day later
END = date(2026, 7, 1)
MOMENT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Portal:
    """What decides every byte: size, length, seeds, and how pages are shown.

    Portals of one `seed`, size and length have the same listings. `traffic` is the seed of their lists and users, that
    of the portal where it is None; `end` is the day after the last. A generation, which a released model ordered, is
    the same portal with another `policy`, `traffic` and `end`: the same properties come and go again, and are shown to
    others. So seasons, prices and properties do not differ between generations, and what does is what an order did.
    A model meets properties with whose like an earlier one has learned, as on a real portal, where many stay online; a
    real one would move on, which this does not show. Its `end` must be later: evaluate compares a model with the one in
    service on rows alone that are newer than what that one learned from.

    `explore` is the share of lists in random order, `exponent` how steeply examination falls with the position.
    """

    lists: int = 40_000
    days: int = 90
    seed: int = 7
    truth: bool = True
    policy: Policy = OLD
    traffic: int | None = None
    end: date = END
    explore: float = EXPLORE
    exponent: float = EXPONENT

    @property
    def listings(self) -> int:
        return 6_000 + self.lists // 20

    @property
    def pages(self) -> Pages:
        return Pages(self.policy, self.explore, self.exponent)

    @property
    def traffic_seed(self) -> int:
        return self.seed if self.traffic is None else self.traffic

    def catalogue(self) -> Listings:
        """Every listing, true values and stated ones."""
        stream = np.random.SeedSequence(self.seed).spawn(1)[0]
        return properties.draw(np.random.Generator(np.random.PCG64(stream)), self.listings, self.days)

    def stamp(self) -> dict[str, int | float | str | bool]:
        """The content of portal.json: portals of the same stamp have the same bytes.

        What is as it is by default is left out, but for the size, length and seed.
        """
        usual = Portal()
        stamp: dict[str, int | float | str | bool] = {
            "lists": self.lists, "days": self.days, "seed": self.seed, "truth": self.truth, "version": 2
        }  # fmt: skip
        if self.policy.identity != usual.policy.identity:
            stamp["order"] = self.policy.identity
        if self.traffic_seed != self.seed:
            stamp["traffic"] = self.traffic_seed
        if self.end != usual.end:
            stamp["end"] = self.end.isoformat()
        if (self.explore, self.exponent) != (usual.explore, usual.exponent):
            stamp |= {"explore": self.explore, "exponent": self.exponent}
        return stamp

    def midnight(self, day: int) -> int:
        """Start of a day, microseconds since 1970."""
        start = datetime.combine(self.end - timedelta(days=self.days - day), datetime.min.time(), UTC)
        return int(start.timestamp()) * 1_000_000


def simulate(portal: Portal, out: Path, *, progress: Callable[[int, int], None]) -> None:
    """Write OUT/data and OUT/truth whole or not at all; nothing is done when they are of the same portal already.

    Raises FileExistsError, and touches nothing, where one of the two was not made by a simulation.
    """
    stamp, folders = out / "portal.json", (out / "data", out / "truth")
    content = portal.stamp()
    before = _stamped(stamp)
    if before == content and all(folder.is_dir() for folder in folders):
        return
    if before is None and (strange := [path for path in (stamp, *folders) if path.exists()]):
        raise FileExistsError(errno.EEXIST, "was not written by a simulation", str(strange[0]))
    out.mkdir(parents=True, exist_ok=True)
    write_json(stamp, {"version": 2})  # from here on, leftovers of a killed run belong to a simulation
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)
    with new_folder(out / "truth") as truth, new_folder(out / "data") as data:
        _write(portal, data, truth, progress)
    write_json(stamp, content)


def _stamped(stamp: Path) -> dict[str, int | float | str | bool] | None:
    """The stamp of the last simulation; None where there was none."""
    try:
        content = json.loads(stamp.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) and "version" in content else None


def _write(portal: Portal, data: Path, truth: Path, progress: Callable[[int, int], None]) -> None:
    catalogue = portal.catalogue()
    for name in ("impressions", "clicks", "inquiries", "listings"):
        (data / name).mkdir()
    (truth / "attraction").mkdir()
    pq.write_table(_catalogue(portal, catalogue), data / "listings" / "listings.parquet", compression="zstd")
    curve = examination(portal.exponent)
    write_json(truth / "examination.json", {str(index + 1): value for index, value in enumerate(curve)})
    late: list[pa.Table] = []
    for day in range(portal.days):
        name = f"day-{day:03d}.parquet"
        with (
            _Table(data / "impressions" / name) as impressions,
            _Table(data / "clicks" / name) as clicks,
            _Table(data / "inquiries" / name) as inquiries,
            _Table(truth / "attraction" / name) as attractions,
        ):
            for table in late:
                impressions.write(table)
            late = []
            for random, searches in _blocks(portal, catalogue, day):
                table = _impressions(searches)
                last = day == portal.days - 1
                held_back = np.zeros(len(table), bool) if last else _whole_lists(random, searches, LATE)
                impressions.write(_duplicated(random, table.filter(pa.array(~held_back))))
                late.append(table.filter(pa.array(held_back)))
                clicks.write(_events(searches, searches.clicked, searches.shown_at + 60_000_000, "clicked_at"))
                inquiries.write(
                    _duplicated(random, _events(searches, searches.inquired, searches.inquired_at, "inquired_at"))
                )
                if portal.truth:
                    attractions.write(_truth(searches))
        progress(day + 1, portal.days)


def _blocks(portal: Portal, catalogue: Listings, day: int) -> Iterator[tuple[np.random.Generator, Block]]:
    first, end = (portal.lists * step // portal.days for step in (day, day + 1))
    for number, start in enumerate(range(first, end, BLOCK)):
        random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([portal.traffic_seed, day, number])))
        lists = min(BLOCK, end - start)
        midnight = portal.midnight(day)
        searches = block(
            random, catalogue, day, portal.pages, lists=lists, first_list=start + 1, midnight=midnight
        )  # fmt: skip
        yield random, searches


def _whole_lists(random: np.random.Generator, searches: Block, share: float) -> np.ndarray:
    lists = searches.list_id - searches.list_id[0]
    chosen: np.ndarray = (random.uniform(size=int(lists[-1]) + 1) < share)[lists]
    return chosen


def _duplicated(random: np.random.Generator, table: pa.Table) -> pa.Table:
    """Some events reach a log twice."""
    again = np.flatnonzero(random.uniform(size=len(table)) < DUPLICATED)
    return pa.concat_tables([table, table.take(again)])


def _ids(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pa.array(np.char.add(prefix, numbers.astype("U10")))


def _impressions(searches: Block) -> pa.Table:
    return pa.table(
        {
            "list_id": searches.list_id,
            "user_id": _ids("u", searches.user_id),
            "listing_id": searches.listing + 1,
            "position": searches.position.astype(np.int64),
            "explore": searches.explore,
            "shown_at": pa.array(searches.shown_at).cast(MOMENT),
        }
    )


def _events(searches: Block, happened: np.ndarray, at: np.ndarray, name: str) -> pa.Table:
    rows = np.flatnonzero(happened)
    return pa.table(
        {
            "list_id": searches.list_id[rows],
            "user_id": _ids("u", searches.user_id[rows]),
            "listing_id": searches.listing[rows] + 1,
            name: pa.array(at[rows]).cast(MOMENT),
        }
    )


def _truth(searches: Block) -> pa.Table:
    return pa.table(
        {
            "list_id": searches.list_id,
            "listing_id": searches.listing + 1,
            "position": searches.position,
            "attraction": searches.attraction,
        }
    )


def _catalogue(portal: Portal, listings: Listings) -> pa.Table:
    columns = properties.stated(listings)
    first = portal.midnight(0) // DAY + listings.first_day.astype(np.int64)
    return pa.table(
        {
            "listing_id": np.arange(1, len(listings) + 1),
            **{name: values if values.dtype.kind == "U" else _gaps(values) for name, values in columns.items()},
            "listed_on": pa.array(first.astype(np.int32)).cast(pa.date32()),
        }
    )


def _gaps(values: np.ndarray) -> pa.Array:
    return pa.array(values, from_pandas=True)


class _Table:
    """A Parquet file that takes tables one after another."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> "_Table":
        return self

    def write(self, table: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
