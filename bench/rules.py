"""How the rules of the decision were chosen, where the truth is known: `python bench/rules.py`.

Three tables, as in docs/decisions/0049-rules-that-hold-by-themselves.md: rules for the order of rows against a stale
constant and against a stale model in service, and the clip with the conversions that its weights leave. Errors are in
closed form, the limit of the product's bootstrap.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import numpy as np

from components.evaluate.metrics.bootstrap import ratio_error
from components.evaluate.metrics.discrimination import CHANCE, auc_within, level_put_right
from components.evaluate.metrics.off_policy import CLIPS, least_error_clip, position_weights
from components.evaluate.metrics.probability import Z95, losses
from model.arithmetic import sigmoid
from model.arrays import Floats, Ints

RATE, RATE_OF_CHAMPION = 0.04, 0.1  # of conversions, in the table of the constant and in that of the champion
OFF = 0.08  # spread of a model's own level
STALE, STALE_CHAMPION, KNOWS = 1.3, 1.5, 0.5
MODELS = {  # what a score knows of the truth, and how much too wide its log odds are
    "the level alone": (0.0, 0.01),
    "too sure": (0.1, 4.0),
    "little": (0.2, 1.0),
    "more": (0.3, 1.0),
    "usual": (0.5, 1.0),
}
LISTS = {20: 12_000, 60: 4_000}  # by places
LEFT = (25, 35, 50, 67, 100, 150, 250)


@dataclass(frozen=True)
class RowsWithoutPositions:
    """What is true of them in log odds, and what happened; rows of a user are alike."""

    random: np.random.Generator
    liking: Floats
    label: Floats
    user: Ints

    @classmethod
    def of(cls, seed: tuple[int, ...], conversions: int, rate: float, rows_of_user: int) -> "RowsWithoutPositions":
        random = np.random.default_rng(seed)
        rows = int(conversions / rate)
        user = np.arange(rows) // rows_of_user
        liking = random.normal(size=rows)
        alike = 0.8 * random.normal(size=rows)[user] if rows_of_user > 1 else 0.0
        chance = _at_rate(liking + alike, rate)
        return cls(random, liking, (random.random(rows) < chance).astype(np.float64), user)

    def model(self, knows: float, width: float, level: float, errors: Floats | None = None) -> Floats:
        """A probability whose score has a correlation of `knows` with the truth; `errors` are shared with others."""
        chance = self.random.normal(size=len(self.label))
        if errors is not None:
            chance = np.sqrt(0.5) * (chance + errors)
        score = knows * self.liking + np.sqrt(1 - knows**2) * chance
        return _at_rate((knows or 1.0) * width * score, level)

    def saving(self, new: Floats, base: Floats) -> tuple[float, float]:
        """In log loss, relative, and its standard error."""
        of_users = (np.bincount(self.user, losses(self.label, p)).astype(np.float64) for p in (new, base))
        ratio, error = ratio_error(*of_users)
        return 1 - ratio, error


def _at_rate(log_odds: Floats, rate: float) -> Floats:
    """Probabilities with that mean, by bisection of the intercept."""
    low, high = -25.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if sigmoid(log_odds + middle).mean() < rate else (low, middle)
    return sigmoid(log_odds + low)


def constant_table(logs: int) -> Iterator[str]:
    """Shares of logs on which a stale constant is beaten and the order rule passes."""
    yield "conversions, rows of a user, model: none, rows apart, users together, best constant, shifted"
    for conversions in (200, 800):
        for rows_of_user in (1, 5):
            for name, (knows, width) in MODELS.items():
                passed = [_against_constant(conversions, rows_of_user, knows, width, log) for log in range(logs)]
                shares = " ".join(f"{share:5.0%}" for share in np.mean(passed, axis=0))
                yield f"{conversions:>5} {rows_of_user} {name:<16} {shares}"


def _against_constant(conversions: int, rows_of_user: int, knows: float, width: float, log: int) -> list[bool]:
    rows = RowsWithoutPositions.of((log, conversions, rows_of_user, int(100 * knows)), conversions, RATE, rows_of_user)
    model = rows.model(knows, width, RATE * np.exp(OFF * rows.random.normal()))
    label, cut = rows.label, np.zeros_like(rows.user)
    above = [auc_within(label, model, unit, cut).low > CHANCE for unit in (np.arange(len(label)), rows.user)]
    best = np.full(len(label), label.mean())
    beaten, *savings = (
        _above_zero(*rows.saving(new, base))
        for new, base in (
            (model, np.full(len(label), STALE * RATE)), (model, best), (level_put_right(label, model, cut), best),
        )
    )  # fmt: skip
    return [beaten and passed for passed in (True, *above, *savings)]


def _above_zero(value: float, error: float) -> bool:
    return value > Z95 * error


def champion_table(logs: int) -> Iterator[str]:
    """Shares of logs on which a challenger beats a stale model in service and keeps its order by one of the rules."""
    yield "conversions, knows, true saving: no rule, not significantly negative, above -1 error, not negative"
    for conversions in (200, 800):
        for knows in (0.65, 0.55, 0.5, 0.45, 0.4, 0.3):
            results = [_against_champion(conversions, knows, log) for log in range(logs)]
            beaten, saving, error = (np.array(column) for column in zip(*results, strict=True))
            shares = [(beaten & (saving >= -wide * error)).mean() for wide in (np.inf, Z95, 1.0, 0.0)]
            yield f"{conversions:>5} {knows:.2f} {saving.mean():+.2%} " + " ".join(f"{share:5.0%}" for share in shares)


def _against_champion(conversions: int, knows: float, log: int) -> tuple[bool, float, float]:
    rows = RowsWithoutPositions.of((log, conversions, int(100 * knows)), conversions, RATE_OF_CHAMPION, 1)
    errors = rows.random.normal(size=len(rows.label))
    champion, new = (
        rows.model(known, 1.0, level * RATE_OF_CHAMPION, errors)
        for known, level in ((KNOWS, STALE_CHAMPION), (knows, 1.0))
    )
    right = partial(level_put_right, rows.label, cut=np.zeros_like(rows.user))
    saving, error = rows.saving(right(new), right(champion))
    return _above_zero(*rows.saving(new, champion)), saving, error


def clip_table(logs: int) -> Iterator[str]:
    """Errors of the lift by clip, and what the conversions that are left are good for."""
    lifts: dict[tuple[str, str], list[_Lift]] = {}
    for kind in ("first", "equal"):
        for places, lists in LISTS.items():
            for decay in (0.75, 1.0, 1.5, 2.0):
                page = _Page.of(kind, places, lists, decay)
                for conversions in (100, 200, 400, 800):
                    for _ in range(logs):
                        logged, new = page.converted(conversions)
                        chosen = least_error_clip(np.arange(len(logged)), logged, new)
                        for name, clip in (("10", CLIPS[0]), ("none", np.inf), ("least error", chosen)):
                            lifts.setdefault((kind, name), []).append(_Lift.of(logged, new, clip, page.truth))
    yield "order, clip: error, bias, interval above the truth, below it, promoted, rejected"
    for (kind, name), some in lifts.items():
        yield f"{kind} {name:<12} {_summary(some)}"
    yield "order, conversions left: the same, with the least error"
    for kind in ("first", "equal"):
        some = lifts[kind, "least error"]
        for low, high in zip((0, *LEFT), (*LEFT, np.inf), strict=True):
            yield f"{kind} {low:>4} to {high:<4} {_summary([each for each in some if low <= each.left < high])}"


def _summary(lifts: "list[_Lift]") -> str:
    off = np.array([(each.value - each.truth) / (1 + each.truth) for each in lifts])
    half = Z95 * np.array([each.error for each in lifts])
    value, truth = (np.array([getattr(each, name) for each in lifts]) for name in ("value", "truth"))
    shares = (value - half > truth, value + half < truth, value > half, value < -half)
    return f"{np.sqrt((off**2).mean()):.2f} {off.mean():+.2f} " + " ".join(f"{share.mean():6.1%}" for share in shares)


@dataclass(frozen=True)
class _Lift:
    """Over the logged order, its standard error, the conversions that are left, and what it is in truth."""

    value: float
    error: float
    left: float
    truth: float

    @classmethod
    def of(cls, logged: Floats, new: Floats, clip: float, truth: float) -> "_Lift":
        weight, base = (position_weights(logged, examined, clip=clip) for examined in (new, logged))
        ratio, error = ratio_error(weight, base)
        return cls(ratio - 1, error, float(weight.sum() ** 2 / (weight**2).sum()), truth)


@dataclass(frozen=True)
class _Page:
    """Examination of every row as it was shown and as it would be, the chance that a conversion is its own, and the
    true lift."""

    random: np.random.Generator
    logged: Floats
    new: Floats
    chance: Floats
    truth: float

    @classmethod
    def of(cls, kind: str, places: int, lists: int, decay: float) -> "_Page":
        """`first`: a good order over one that knows little. `equal`: one as good as that which made the log."""
        random = np.random.default_rng((places, int(100 * decay), len(kind), ord(kind[0])))
        liking, noise, other = random.normal(size=(3, lists, places))
        old = 0.4 * liking + 0.9 * noise if kind == "first" else liking + 0.6 * noise
        at = [np.argsort(np.argsort(-score, axis=1), axis=1) for score in (old, liking + 0.6 * other)]
        logged, new = (np.asarray((rank + 1.0) ** -decay, np.float64).ravel() for rank in at)
        worth = np.exp(liking).ravel()
        chance = worth * logged
        truth = float((worth * new).sum() / chance.sum() - 1)
        return cls(random, logged, new, np.cumsum(chance / chance.sum()), truth)

    def converted(self, conversions: int) -> tuple[Floats, Floats]:
        """Examination of rows that converted, about so many, in both orders."""
        drawn = self.random.random(self.random.poisson(conversions))
        rows = np.minimum(np.searchsorted(self.chance, drawn), len(self.chance) - 1)
        return self.logged[rows], self.new[rows]


def main() -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logs", type=int, default=100, help="of each case")
    args = parser.parse_args()
    for table in (constant_table, champion_table, clip_table):
        for line in table(args.logs):
            print(line, flush=True)
        print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
