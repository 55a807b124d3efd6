"""The properties on the portal: what they are, when they are online, and what people think of them."""

from dataclasses import dataclass

import numpy as np

from model.arrays import Floats, Ints

WARDS = (
    "Adachi", "Arakawa", "Bunkyo", "Chiyoda", "Chuo", "Edogawa", "Itabashi", "Katsushika", "Kita", "Koto", "Meguro",
    "Minato", "Nakano", "Nerima", "Ota", "Setagaya", "Shibuya", "Shinagawa", "Shinjuku", "Suginami", "Sumida",
    "Taito", "Toshima",
)  # fmt: skip
LAYOUTS = ("1R", "1K", "1DK", "1LDK", "2DK", "2LDK", "3LDK")
LAYOUT_AREA = np.array([17.0, 22.0, 30.0, 42.0, 46.0, 58.0, 72.0])
LAYOUT_SHARE = np.array([0.14, 0.30, 0.10, 0.18, 0.09, 0.13, 0.06])
BUILDINGS = ("mansion", "apartment", "house")
REGIONS = 6
SIZES = 3  # for one, for two, for a family: what a search filters by
SIZE_OF_LAYOUT = np.array([0, 0, 1, 1, 1, 2, 2])
YEN_PER_M2 = 3400.0


@dataclass(frozen=True)
class Listings:
    """One entry per listing. `stated_*` are what the portal logs, with its typing errors; the rest is what is true."""

    ward: Ints
    layout: Ints
    building: Ints
    area: Floats
    walk: Floats
    age: Floats
    floor: Floats
    photos: Floats
    deposit: Floats
    rent: Floats
    first_day: Floats
    last_day: Floats
    promoted: Floats
    stated_rent: Floats
    stated_area: Floats
    stated_walk: Floats
    stated_age: Floats
    stated_photos: Floats

    def __len__(self) -> int:
        return len(self.ward)

    @property
    def cell(self) -> Ints:
        """Which searches find a listing: region of the ward, and size."""
        cell: Ints = self.ward % REGIONS * SIZES + SIZE_OF_LAYOUT[self.layout]
        return cell


def draw(random: np.random.Generator, count: int, days: int) -> Listings:
    """`count` listings over `days` days; about two thirds are online at any time, others have not come or are gone."""
    ward = random.choice(len(WARDS), count, p=_popularity())
    layout = random.choice(len(LAYOUTS), count, p=LAYOUT_SHARE)
    building = random.choice(len(BUILDINGS), count, p=[0.62, 0.32, 0.06])
    area = LAYOUT_AREA[layout] * np.exp(random.normal(0, 0.16, count))
    walk = np.clip(np.round(random.gamma(2.2, 3.6, count)), 1, 30)
    age = np.clip(np.round(random.gamma(1.6, 11.0, count)), 0, 60)
    floor = np.where(building == 0, 1 + np.floor(random.gamma(1.7, 2.4, count)), 1 + random.integers(0, 2, count))
    photos = np.clip(random.poisson(9, count), 0, 25).astype(float)
    deposit = random.choice([0.0, 1.0, 2.0], count, p=[0.35, 0.5, 0.15])
    first_day = np.floor(random.uniform(-35, days, count))
    last_day = first_day + np.maximum(3, np.round(random.exponential(28, count)))
    drift = 1 + 0.05 * (first_day + 35) / (days + 35)  # newer listings ask for more
    rent = fair_rent(ward, area, walk, age) * drift * np.exp(random.normal(0, 0.17, count))
    rent = np.round(rent / 1000) * 1000
    return Listings(
        ward, layout, building, np.round(area, 2), walk, age, floor, photos, deposit, rent, first_day, last_day,
        promoted=random.normal(0, 1, count), **_stated(random, rent, area, walk, age, photos),
    )  # fmt: skip


def stated(listings: Listings) -> dict[str, np.ndarray]:
    """The columns of the table `listings`, without id and day: what was typed in, NaN where it was not."""
    return {
        "ward": np.array(WARDS)[listings.ward],
        "layout": np.array(LAYOUTS)[listings.layout],
        "building": np.array(BUILDINGS)[listings.building],
        "rent": listings.stated_rent,
        "area_m2": listings.stated_area,
        "walk_minutes": listings.stated_walk,
        "building_age": listings.stated_age,
        "floor": listings.floor,
        "photos": listings.stated_photos,
        "deposit_months": listings.deposit,
    }


def _popularity() -> Floats:
    weight = 1.0 / (3.0 + np.arange(len(WARDS)))
    shuffled = weight[np.argsort(np.sin(np.arange(len(WARDS)) * 7.3))]
    share: Floats = shuffled / shuffled.sum()
    return share


def ward_level() -> Floats:
    """How dear each ward is, relative to the mean."""
    level: Floats = 1 + 0.32 * np.sin(np.arange(len(WARDS)) * 2.1)
    return level


def fair_rent(ward: Ints, area: Floats, walk: Floats, age: Floats) -> Floats:
    """Yen a month that people expect to pay for such a place."""
    per_m2 = YEN_PER_M2 * ward_level()[ward] * (area / 30) ** -0.18
    rent: Floats = per_m2 * area * np.exp(-0.009 * age - 0.008 * walk)
    return rent


def _stated(
    random: np.random.Generator, rent: Floats, area: Floats, walk: Floats, age: Floats, photos: Floats
) -> dict[str, Floats]:
    """What was typed in: about one listing in a hundred makes no sense, more have gaps."""
    count = len(rent)
    chance = random.uniform(0, 1, (5, count))
    stated_rent = np.select(
        [chance[0] < 0.003, chance[0] < 0.005, chance[0] < 0.006], [rent * 10_000, np.round(rent / 1000), 1.0], rent
    )
    stated_area = np.select([chance[1] < 0.002, chance[1] < 0.004], [9999.0, 0.0], np.round(area, 2))
    return {
        "stated_rent": stated_rent,
        "stated_area": stated_area,
        "stated_walk": np.where(chance[2] < 0.05, np.nan, walk),
        "stated_age": np.where(chance[3] < 0.03, np.nan, age),
        "stated_photos": np.where(chance[4] < 0.02, np.nan, photos),
    }


def attraction(listings: Listings, chosen: Ints, day: float, season: float) -> Floats:
    """P(inquiry | examined) of the chosen listings on a day: what a perfect order would sort by."""
    values = {name: getattr(listings, name)[chosen] for name in ("ward", "layout", "building", "area", "walk", "age")}
    price = listings.rent[chosen] / fair_rent(values["ward"], values["area"], values["walk"], values["age"])
    for_family = SIZE_OF_LAYOUT[values["layout"]] == 2
    waited = np.clip(day - listings.first_day[chosen], 0, 60)
    liking = (
        np.where(for_family, -4.0, -5.2) * np.log(price)
        - np.where(for_family, 0.030, 0.055) * np.maximum(values["walk"] - 5, 0)
        - 0.35 * (values["walk"] > 15)
        + 0.55 * (values["age"] <= 5)
        - 0.022 * np.maximum(values["age"] - 12, 0)
        + 0.75 * (1 - np.exp(-listings.photos[chosen] / 5))
        - np.where(values["building"] == 0, 0.45, 0.05) * (listings.floor[chosen] == 1)
        - 0.22 * listings.deposit[chosen]
        - 0.30 * (values["building"] == 1) * (values["area"] < 25)
        + 0.012 * (values["area"] - LAYOUT_AREA[values["layout"]])
        - 0.018 * waited
        + 0.25 * ward_level()[values["ward"]]
    )
    chance: Floats = np.minimum(0.6, season * 0.0165 * np.exp(liking))
    return chance
