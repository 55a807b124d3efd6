"""Does interleaving find the better model, and how fast? `python bench/interleaving.py`.

Searches of the simulated rental portal are shown in orders of two models whose true values are known: the sum over the
places of examination times attraction. Models read the attraction with an error of their own for each listing, and the
errors of the new one are made larger or smaller until its true lift is the wanted one. `apart` models have errors that
have nothing in common, `alike` ones share most of them, and the new one of `uneven` models is better than its lift
says but for a tenth of the listings, about which it is badly wrong. Users have several lists, and some convert more.

For every exponent of examination, pair and lift, over many logs: the mean preference; at each number of conversions the
share of logs in which interleaving calls a winner with its standard error, and the share of those calls that are
wrong; beside it the share in which other ways call one: classic credit, the lift
from the same pages with the true curve, and an A/B split of as many lists. The last column is the mean of that lift.

Exit code 1 when equal models get a winner more than 5 times in 100 over all cases, by more than two standard errors.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from components.evaluate.interleaving.credit import Credits, credits
from components.evaluate.interleaving.lift import Worths, measured_lift, worths
from components.evaluate.interleaving.preference import prefer
from components.evaluate.metrics.bootstrap import ratio_error
from examples.rental_portal.listings import draw
from examples.rental_portal.policy import OLD
from examples.rental_portal.traffic import EXPLORE, EXPONENT, POSITIONS, Pages, block
from model.arrays import Floats, Ints
from model.interleaving import coins, team_draft

LISTINGS, DAYS, LISTS = 6_000, 12, 500
SIZES = (100, 200, 400, 800)  # conversions
LIFTS = (-0.03, 0.0, 0.03, 0.05, 0.10)
EXPONENTS = (0.5, 0.75, 1.0)
KINDS = ("apart", "alike", "uneven")
ERROR = 1.2  # of the model in service, in log attraction
PAGES = Pages(OLD, EXPLORE, EXPONENT)
LISTS_PER_USER = 1.6
MOST_FALSE = 0.05
LEVEL = 0.05


@dataclass(frozen=True)
class Searches:
    """Lists of the portal, both (lists, POSITIONS): which listings, and P(inquiry | examined)."""

    listing: Ints
    attraction: Floats


@cache
def searches() -> Searches:
    """The same in every process."""
    random = np.random.Generator(np.random.PCG64(11))
    catalogue = draw(random, LISTINGS, DAYS)
    blocks = [block(random, catalogue, day, PAGES, lists=LISTS, first_list=1, midnight=0) for day in range(DAYS)]
    return Searches(
        np.concatenate([part.listing for part in blocks]).reshape(-1, POSITIONS),
        np.concatenate([part.attraction for part in blocks]).reshape(-1, POSITIONS),
    )


@dataclass(frozen=True)
class OrderPair:
    """A pair of models; `lift` is what the new one's order is truly worth more."""

    exponent: float
    kind: str
    lift: float

    @property
    def examination(self) -> Floats:
        curve: Floats = np.arange(1, POSITIONS + 1, dtype=float) ** -self.exponent
        return curve


# With examination that falls slowly a perfect order of the other listings is not worth +10 %.
OUT_OF_REACH = {OrderPair(0.5, "uneven", 0.10)}
CASES = [
    case for case in map(OrderPair, *zip(*product(EXPONENTS, KINDS, LIFTS), strict=True)) if case not in OUT_OF_REACH
]


@cache
def orders(case: OrderPair, pair: int) -> tuple[Ints, Ints]:
    """Orders of the model in service and of the new one, (lists, POSITIONS), of the case's true lift to 1e-6."""
    random = np.random.Generator(np.random.PCG64([pair, 5]))
    base, own, common = random.normal(size=(3, LISTINGS))
    wrong = np.where(random.random(LISTINGS) < 0.1, 2.5 * random.normal(size=LISTINGS), 0.0)
    pool = searches()

    def order(error: Floats) -> Ints:
        return np.argsort(-(np.log(pool.attraction) + error[pool.listing]), axis=1, kind="stable")

    def worth(order: Ints) -> float:
        return float((np.take_along_axis(pool.attraction, order, 1) * case.examination).sum())

    shared = 0.9 if case.kind == "alike" else 0.0
    in_service = order(ERROR * (np.sqrt(shared) * common + np.sqrt(1 - shared) * base))
    goal = (1 + case.lift) * worth(in_service)

    def new(scale: float) -> Ints:
        if case.kind == "uneven":
            return order(wrong + scale * own)
        return order(ERROR * np.sqrt(shared) * common * min(scale, 1.0) + scale * ERROR * np.sqrt(1 - shared) * own)

    scale = brentq(lambda scale: worth(new(scale)) - goal, 0.0, 8.0, xtol=1e-5)
    return in_service, new(scale)


@dataclass(frozen=True)
class Called:
    """At one number of conversions, what interleaving and an A/B split call: 1 the new model, -1 the old one, 0 none.

    `classic` is interleaving with credit for contested items too, `by_lift` the lift from the same pages with the true
    curve.
    """

    interleaved: int
    classic: int
    split: int
    by_lift: int
    preference: float
    credited: float
    lift: float


def simulate(case: OrderPair, number: int, pairs: int = 20, sizes: Sequence[int] = SIZES) -> list[Called]:
    """One log of interleaved pages and one A/B split of as many lists; each size is its first lists."""
    random = np.random.Generator(np.random.PCG64([number, 9]))
    in_service, new = orders(case, number % pairs)
    pool = searches()
    rate = float((np.take_along_axis(pool.attraction, in_service, 1) * case.examination).sum() / len(in_service))
    lists = int(max(sizes) / rate)
    drawn = random.integers(0, len(in_service), lists)
    user = random.integers(0, int(lists / LISTS_PER_USER), lists)
    keen = random.gamma(2.0, 0.5, lists)[user]  # how much a user converts, mean 1
    chance = pool.attraction[drawn] * keen[:, None]

    def converted(item: Ints) -> np.ndarray:
        happened: np.ndarray = random.random(item.shape) < np.take_along_axis(chance, item, 1) * case.examination
        return happened

    draft = team_draft(in_service[drawn], new[drawn], coins(random, lists, POSITIONS))
    bought = converted(draft.item)
    measured, classic = (credits(user, draft.of_b, bought, mask) for mask in (draft.contested, None))
    rank_a, rank_b = (np.take_along_axis(np.argsort(order[drawn], 1), draft.item, 1) + 1 for order in (in_service, new))
    worth = worths(user, bought, rank_a, rank_b, case.examination)
    to_new = (random.random(lists) < 0.5)[user]
    count = converted(np.where(to_new[:, None], new[drawn], in_service[drawn])).sum(axis=1, dtype=float)
    return [
        _called(measured.first(end), classic.first(end), worth.first(end), count[:end], to_new[:end])
        for end in (int(size / rate) for size in sizes)
    ]


def _called(measured: Credits, classic: Credits, worth: Worths, count: Floats, to_new: np.ndarray) -> Called:
    result, plain, lift = prefer(measured), prefer(classic), measured_lift(worth)
    direction = {"A": -1, "B": 1, None: 0}
    return Called(
        direction[result.winner], direction[plain.winner], _split(measured.unit, count, to_new),
        int(lift.low > 0) - int(lift.high < 0), result.preference,
        (result.credit_a + result.credit_b) / result.conversions, lift.lift,
    )  # fmt: skip


def _split(user: Ints, count: Floats, to_new: np.ndarray) -> int:
    """The winner of an A/B split by user: conversions per list, errors by user."""
    (old, old_error), (new, new_error) = (
        ratio_error(np.bincount(user, count * half).astype(float), np.bincount(user, half).astype(float))
        for half in (~to_new, to_new)
    )
    z = (new - old) / np.hypot(old_error, new_error)
    return int(np.sign(z)) if 2 * norm.sf(abs(z)) <= LEVEL else 0


@dataclass(frozen=True)
class Power:
    """Of one case and size: shares of the logs; `wrong` are calls for the worse model, `agree` the preferences on the
    better one's side of .5."""

    exponent: float
    kind: str
    lift: float
    conversions: int
    logs: int
    preference: float
    preference_error: float
    credited: float
    agree: float
    called: float
    called_error: float
    wrong: float
    classic: float
    by_lift: float
    split: float
    lift_mean: float

    @classmethod
    def of(cls, case: OrderPair, size: int, calls: Sequence[Called]) -> "Power":
        right = np.sign(case.lift)
        called = np.array([call.interleaved for call in calls])
        share = np.array([call.preference for call in calls])
        rate = float((called != 0).mean())
        classic, by_lift, split = (
            float(np.mean([getattr(call, name) != 0 for call in calls])) for name in ("classic", "by_lift", "split")
        )
        return cls(
            case.exponent, case.kind, case.lift, size, len(calls), float(share.mean()),
            float(share.std() / np.sqrt(len(calls))), float(np.mean([call.credited for call in calls])),
            float((np.sign(share - 0.5) == right).mean()) if right else np.nan, rate,
            float(np.sqrt(rate * (1 - rate) / len(calls))), float((called * right < 0).mean()),
            classic, by_lift, split, float(np.mean([call.lift for call in calls])),
        )  # fmt: skip

    def __str__(self) -> str:
        return (
            f"{self.exponent:>4} {self.kind:<7}{self.lift:>+5.0%} {self.conversions:>5} {self.preference:>7.4f} "
            f"+-{self.preference_error:.4f} {self.credited:>5.0%} {self.agree:>6.0%} {self.called:>6.1%} "
            f"+-{self.called_error:>4.1%} {self.wrong:>5.1%} "
            f"{self.classic:>7.1%} {self.by_lift:>7.1%} {self.split:>6.1%} {self.lift_mean:>+6.1%}"
        )


def main() -> int:
    """Exit code 1 when equal models get a winner too often."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logs", type=int, default=200, help="of each case")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name has this text, as KIND/EXPONENT/LIFT")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    print(
        "exp. pair   lift conv. preference        credited  side  called        wrong classic by lift  split  lift",
        file=sys.stderr,
    )
    alarms = list[float]()  # of each log of equal models: the share of its sizes with a winner
    with ProcessPoolExecutor(args.processes) as processes:
        for case in CASES:
            if args.only not in f"{case.kind}/{case.exponent}/{case.lift}":
                continue
            logs = list(processes.map(partial(simulate, case), range(args.logs), chunksize=10))
            for size, calls in zip(SIZES, zip(*logs, strict=True), strict=True):
                row = Power.of(case, size, calls)
                print(json.dumps(asdict(row)) if args.json else row, flush=True)
            if case.lift == 0:
                alarms += [float(np.mean([call.interleaved != 0 for call in log])) for log in logs]
    if not alarms:
        return 0
    rate, error = np.mean(alarms), np.std(alarms) / np.sqrt(len(alarms))
    print(f"equal models with a winner: {rate:.1%} +-{error:.1%}", file=sys.stderr)
    return int(rate > MOST_FALSE + 2 * error)


if __name__ == "__main__":
    raise SystemExit(main())
