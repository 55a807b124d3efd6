"""One release after the other, each judged on the log that the one before made.

Challengers are as good as the champion on average. A release orders the second half of the next train window and the
test window; whoever was in service before, the first half. The curve of a release is stored with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from artifacts.examination.curve import ExaminationCurve
from bench.decisions.catalogue import DAYS, TRAIN_DAYS
from bench.decisions.cells import ALIKE, Market, Scorer
from bench.decisions.curves import CURVES, CurveCase
from bench.decisions.impressions import Policy, TestSet
from bench.decisions.probability import Probability
from bench.decisions.shares import error
from bench.decisions.verdicts import judge

EXPONENT = 0.75
CONVERSIONS = 800
GENERATIONS = 5
SPREAD = 0.04  # standard deviation of a challenger's true gain
GENERATION_HEADER = (
    f"{'random':>6} {'curve':<14} {'generation':>10} {'logs':>4} {'promoted':>14} {'of the worse':>14} "
    f"{'of the better':>14} {'decay':>11} {'worth':>7} {'least':>7}"
)


@dataclass(frozen=True)
class Generation:
    """Of one chain: the challenger's true `gain`, and what the model in service is then worth, 1 at the start."""

    number: int
    gain: float
    promoted: bool
    decay: float
    worth: float


def generations(explore: float, curve: str, number: int) -> list[Generation]:
    """A chain of challengers, from the first model that follows the old order on."""
    random = np.random.default_rng((20_261_128, round(1_000 * explore), number))
    market = Market.of(random, EXPONENT)
    before, start = market.old, market.catalogue.value(market.champion)
    stored = _first(random, market, explore, curve)
    chain = []
    for generation in range(1, GENERATIONS + 1):
        latest = Policy(market.champion)
        half = TRAIN_DAYS // 2
        log = _log(random, market, [before] * half + [latest] * (DAYS - half), explore)
        gain = _gain(random, market)
        model = Probability.fit(random, log.train, market.challenger(random, gain, ALIKE))
        case = CurveCase(log, EXPONENT, model.by_position(log.test), True, partial(_itself, stored))
        estimated = CURVES[curve](case)
        scorer = Scorer(random, log, market.champion)
        promoted = judge(scorer.test, scorer.candidates(model), estimated).outcome == "promote"
        before = latest
        if promoted:
            market, stored = replace(market, champion=model.score), estimated
        worth = market.catalogue.value(market.champion) / start
        chain.append(Generation(generation, gain, promoted, estimated.decay, worth))
    return chain


def _log(random: np.random.Generator, market: Market, policies: Sequence[Policy], explore: float) -> TestSet:
    return TestSet.of(random, market.catalogue, policies, conversions=CONVERSIONS, explore=explore)


def _first(random: np.random.Generator, market: Market, explore: float, curve: str) -> ExaminationCurve:
    """The curve of the first model, from the log of the old order."""
    log = _log(random, market, [market.old] * DAYS, explore)
    model = Probability.fit(random, log.train, market.champion)
    return CURVES[curve](CurveCase(log, EXPONENT, model.by_position(log.test), model_made=False))


def _itself(curve: ExaminationCurve) -> ExaminationCurve:
    return curve


def _gain(random: np.random.Generator, market: Market) -> float:
    """By chance, and not more than half of what is left to gain."""
    catalogue = market.catalogue
    left = catalogue.value(catalogue.liking) / catalogue.value(market.champion) - 1
    return float(np.clip(random.normal(0, SPREAD), -3 * SPREAD, left / 2))


@dataclass(frozen=True)
class GenerationShares:
    """Of one generation over the chains: shares promoted, of all challengers, of those truly worse and of those truly
    better; the mean decay and its standard deviation; the mean and the least worth of the model in service."""

    explore: float
    curve: str
    number: int
    logs: int
    promoted: float
    promoted_error: float
    of_worse: float
    of_worse_error: float
    of_better: float
    of_better_error: float
    decay: float
    decay_deviation: float
    worth: float
    least: float

    @classmethod
    def of(cls, explore: float, curve: str, results: Sequence[Generation]) -> "GenerationShares":
        """`results` are of one generation."""
        worse = [each for each in results if each.gain < 0]
        better = [each for each in results if each.gain > 0]
        shares = [sum(each.promoted for each in some) / max(1, len(some)) for some in (results, worse, better)]
        errors = [error(share, max(1, len(some))) for share, some in zip(shares, (results, worse, better), strict=True)]
        decays, worths = (np.array([getattr(each, name) for each in results]) for name in ("decay", "worth"))
        return cls(
            explore, curve, results[0].number, len(results), shares[0], errors[0], shares[1], errors[1], shares[2],
            errors[2], float(decays.mean()), float(decays.std()), float(worths.mean()), float(worths.min()),
        )  # fmt: skip

    def __str__(self) -> str:
        return (
            f"{self.explore:>6.0%} {self.curve:<14} {self.number:>10} {self.logs:>4} {self.promoted:>7.1%} "
            f"±{self.promoted_error:>5.1%} {self.of_worse:>7.1%} ±{self.of_worse_error:>5.1%} {self.of_better:>7.1%} "
            f"±{self.of_better_error:>5.1%} {self.decay:>5.2f} ±{self.decay_deviation:>4.2f} {self.worth:>7.3f} "
            f"{self.least:>7.3f}"
        )
