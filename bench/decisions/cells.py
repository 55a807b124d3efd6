"""Equal, worse and better models on logs of several kinds."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from artifacts.examination.curve import ExaminationCurve
from bench.decisions.catalogue import DAYS, ERROR, TRAIN_DAYS, Catalogue, slow
from bench.decisions.curves import CURVES, OF_LOG, CurveCase
from bench.decisions.impressions import Impressions, Policy, TestSet
from bench.decisions.probability import Probability
from bench.decisions.verdicts import CRITERIA, Candidates, Judgement, chance, judge, of_spared, spared
from components.evaluate.decide.criteria import Criteria
from components.evaluate.metrics.candidate_names import CHAMPION, NEW
from components.evaluate.scoring import CandidateScores
from model.arrays import Floats

# Of the models' errors: their top 10 then overlap by .82, as those of models trained by chance alone did.
ALIKE = 0.5
OLD_ORDER = 0.4  # what the old order knows of log attraction; the rest of it is chance, half of it an item's own
GAINS = (0.0, -0.03, 0.03, 0.05, 0.1)


@dataclass(frozen=True)
class LogKind:
    """Pages ordered by the champion's score (else by the old order), a share of `explore` in random order.

    `earlier`: the first half of the train window was ordered by the old order and by the champion before this.
    """

    name: str
    model_made: bool
    explore: float = 0.0
    earlier: bool = False


@dataclass(frozen=True)
class Cell:
    """`conversions` expected in the test rows; `alike` is the share of errors that the models have in common."""

    log: LogKind
    exponent: float
    conversions: int
    alike: float = ALIKE

    @property
    def seed(self) -> tuple[int, ...]:
        """Of its own, whatever other cells there are."""
        name = int.from_bytes(self.log.name.encode())
        return name, int(self.exponent * 100), self.conversions, int(self.alike * 100)


LOGS = (
    LogKind("old order", model_made=False),
    LogKind("old order, 4 % random", model_made=False, explore=0.04),
    LogKind("champion", model_made=True),
    LogKind("champion, 4 % random", model_made=True, explore=0.04),
    LogKind("champion, other orders before", model_made=True, earlier=True),
    LogKind("champion, both", model_made=True, explore=0.04, earlier=True),
)


def cells(sizes: Sequence[int] = (400, 800, 3200), exponents: Sequence[float] = (0.5, 1.0)) -> list[Cell]:
    """All of them, those with earlier orders of one size alone, and models that are less and more alike on a log of the
    champion."""
    every = [
        Cell(log, exponent, size)
        for log in LOGS for exponent in exponents for size in sizes if size == 800 or not log.earlier
    ]  # fmt: skip
    return every + [Cell(LOGS[3], exponent, 800, alike) for exponent in exponents for alike in (0.0, 0.9)]


@dataclass(frozen=True)
class DecisionOutcome:
    """Of a challenger that is truly worth `gain` more than the champion, by one way to the curve."""

    curve: str
    gain: float
    outcome: str
    failed: tuple[str, ...]
    lift: float
    low: float
    high: float
    decay: float
    conversions: float

    @classmethod
    def of(cls, curve: str, gain: float, judgement: Judgement, decay: float, conversions: float) -> "DecisionOutcome":
        lift = judgement.lift
        return cls(
            curve, gain, judgement.outcome, judgement.failed, lift.value, lift.low, lift.high, decay, conversions
        )  # fmt: skip


@dataclass(frozen=True)
class Market:
    """A catalogue, the old order, and the score of the model in service, (DAYS, ITEMS)."""

    catalogue: Catalogue
    old: Policy
    champion: Floats

    @classmethod
    def of(cls, random: np.random.Generator, exponent: float) -> "Market":
        catalogue = Catalogue.of(random, exponent)
        half = np.sqrt((1 - OLD_ORDER**2) / 2)
        old = Policy(OLD_ORDER * catalogue.liking + half * slow(random), half)
        return cls(catalogue, old, catalogue.score(slow(random)))

    def policies(self, random: np.random.Generator, log: LogKind) -> list[Policy]:
        """Who orders the pages of each day."""
        latest = Policy(self.champion) if log.model_made else self.old
        if not log.earlier:
            return [latest] * DAYS
        before = Policy(self.catalogue.score(slow(random), 1.2 * ERROR))
        quarter = TRAIN_DAYS // 4
        return [self.old] * quarter + [before] * quarter + [latest] * (DAYS - 2 * quarter)

    def challenger(self, random: np.random.Generator, gain: float, alike: float) -> Floats:
        """Worth `1 + gain` times the champion."""
        of_champion = self.champion - self.catalogue.liking
        error = np.sqrt(alike) * of_champion / of_champion.std() + np.sqrt(1 - alike) * slow(random)
        return self.catalogue.better(self.champion, gain, error)


def simulate(
    cell: Cell, gains: Sequence[float], curves: Sequence[str], number: int, criteria: Criteria = CRITERIA
) -> list[DecisionOutcome]:
    """One log, a challenger for each of the `gains`, and a verdict on each by the last of the `curves`; on an equal one
    by all of them."""
    random = np.random.default_rng((*cell.seed, number))
    market = Market.of(random, cell.exponent)
    log = TestSet.of(
        random, market.catalogue, market.policies(random, cell.log), conversions=cell.conversions,
        explore=cell.log.explore,
    )  # fmt: skip
    bench = Scorer(random, log, market.champion)
    carried = functools.cache(functools.partial(before, market, cell, (*cell.seed, number, 1)))
    outcomes = []
    estimated: dict[str, ExaminationCurve] = {}
    for gain in gains:
        score = market.challenger(random, gain, cell.alike)
        model = Probability.fit(random, log.train, score)
        by_position = model.by_position(log.test)
        for name in curves if gain == 0 else curves[-1:]:
            stored = functools.partial(carried, name) if cell.log.model_made else _nothing
            if name not in estimated or name not in OF_LOG:
                case = CurveCase(log, cell.exponent, by_position, cell.log.model_made, stored)
                estimated[name] = CURVES[name](case)
            curve = estimated[name]
            judgement = judge(bench.test, bench.candidates(model), curve, criteria)
            conversions = float(log.test.labels.sum())
            outcomes.append(DecisionOutcome.of(name, gain, judgement, curve.decay, conversions))
    return outcomes


def before(market: Market, cell: Cell, seed: tuple[int, ...], curve: str) -> ExaminationCurve:
    """The curve that the champion carries: of a log of the old order, as its own verdict had it."""
    random = np.random.default_rng(seed)
    log = TestSet.of(
        random, market.catalogue, [market.old] * DAYS, conversions=cell.conversions, explore=cell.log.explore
    )  # fmt: skip
    model = Probability.fit(random, log.train, market.champion)
    return CURVES[curve](CurveCase(log, cell.exponent, model.by_position(log.test), model_made=False))


def _nothing() -> None:
    return None


class Scorer:
    """The test rows that stay, and what the models say of them."""

    def __init__(self, random: np.random.Generator, log: TestSet, champion: Floats | None) -> None:
        self.test: Impressions = log.test.chosen(spared(random, log.test))
        self.log = log.test
        self._orders = {} if champion is None else {CHAMPION: log.test.of(champion)}
        self._constant = of_spared(np.full(self.test.lists * len(self.test.items[0]), log.train.label.mean()))
        self._champion = (
            {} if champion is None else {CHAMPION: self.scores(Probability.fit(random, log.train, champion))}
        )  # fmt: skip

    def scores(self, model: Probability, order: Floats | None = None) -> CandidateScores:
        """Probabilities among what stays, and the model's order, or another one."""
        table = model.score if order is None else order
        return CandidateScores(of_spared(model.at(self.test)), chance(self.test.of(table)))

    def candidates(self, model: Probability, order: Floats | None = None) -> Candidates:
        """The champion and the new model."""
        orders = self._orders | {NEW: self.log.of(model.score if order is None else order)}
        return Candidates(self._champion | {NEW: self.scores(model, order)}, self._constant, self.log, orders)
