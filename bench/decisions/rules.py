"""Models that must not be promoted whatever the rules compare, and those that must be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.decisions.catalogue import DAYS, PAGE, slow
from bench.decisions.cells import ALIKE, Market, Scorer
from bench.decisions.curves import CURVES, CurveCase
from bench.decisions.impressions import Policy, TestSet
from bench.decisions.probability import Probability
from bench.decisions.shares import MOST_PROMOTED, chance_error, error
from bench.decisions.verdicts import CRITERIA, Candidates, Judgement, judge, of_spared
from components.evaluate.metrics.candidate_names import CHAMPION, NEW
from components.evaluate.scoring import CandidateScores

EXPONENT = 0.75
CONVERSIONS = 800
STALE = 1.2  # a constant of older rows over the rate of the test rows
STALE_CHAMPION, WORSE = 2.0, -0.08  # a champion's level likewise, and what the new order is truly worth more
UNRANKED = replace(CRITERIA, ranked=False, metric="log_loss", must_beat=("constant",))  # of data without positions
DRAWS = 20  # of the old order's chance, for its true value
RULE_HEADER = (
    f"{'model':<58} {'logs':>4} {'promoted':>14} {'must be':>9} {'hold':>6} {'reject':>6} {'too few':>7} "
    f"{'lift':>7} {'truth':>7} {'ess':>8}"
)


@dataclass(frozen=True)
class RuleOutcome:
    """A judgement and the true gain; `truth` is over what the lift is over."""

    judgement: Judgement
    truth: float


@dataclass(frozen=True)
class RuleCase:
    """A model that is promoted in a share of `least` to `most` of the logs, if the rules are right."""

    name: str
    simulate: Callable[[int], RuleOutcome]
    most: float = 1.0
    least: float = 0.0


@dataclass(frozen=True)
class _Scene:
    """A log, with the curve as the product has it, or as it is."""

    random: np.random.Generator
    market: Market
    log: TestSet

    @classmethod
    def of(cls, number: int, *, model_made: bool, exponent: float = EXPONENT, explore: float = 0.0) -> "_Scene":
        random = np.random.default_rng((20_261_127, number))
        market = Market.of(random, exponent)
        policy = Policy(market.champion) if model_made else market.old
        log = TestSet.of(random, market.catalogue, [policy] * DAYS, conversions=CONVERSIONS, explore=explore)
        return cls(random, market, log)

    def case(self, model: Probability) -> CurveCase:
        model_made = False  # no case here is about the curve
        return CurveCase(self.log, self.market.catalogue.exponent, model.by_position(self.log.test), model_made)

    @property
    def over_old(self) -> float:
        """True value of the old order."""
        old = self.market.old
        noises = self.random.normal(size=(DRAWS, *old.score.shape)) * old.noise
        return float(np.mean([self.market.catalogue.value(old.score + noise) for noise in noises]))


def chance_order(number: int) -> RuleOutcome:
    """An order by chance; its probability knows the position, and so beats a constant."""
    scene = _Scene.of(number, model_made=False)
    model = Probability.fit(scene.random, scene.log.train, slow(scene.random))
    scorer = Scorer(scene.random, scene.log, None)
    judgement = judge(scorer.test, scorer.candidates(model), CURVES["product"](scene.case(model)))
    return RuleOutcome(judgement, scene.market.catalogue.value(model.score) / scene.over_old - 1)


def level_alone(number: int) -> RuleOutcome:
    """Without positions: a probability with the level of today and no order, beside a constant of older rows."""
    scene = _Scene.of(number, model_made=False)
    scorer = Scorer(scene.random, scene.log, None)
    rows = scorer.test.lists * PAGE
    rate = scene.log.test.label.mean()
    level = of_spared(rate * np.exp(0.01 * scene.random.normal(size=rows)))  # no ties, no knowledge
    candidates = Candidates(
        {NEW: CandidateScores(level, level)}, of_spared(np.full(rows, STALE * rate)), scene.log.test, {}
    )
    return RuleOutcome(judge(scorer.test, candidates, None, UNRANKED), 0.0)


def worse_order(number: int) -> RuleOutcome:
    """Without positions: a worse order with the level of today, beside a champion with a level of older rows."""
    scene = _Scene.of(number, model_made=True)
    scorer = Scorer(scene.random, scene.log, scene.market.champion)
    models = (scene.market.champion, scene.market.challenger(scene.random, WORSE, ALIKE))
    champion, new = (Probability.fit(scene.random, scene.log.train, score).at(scorer.test) for score in models)
    scores = {CHAMPION: of_spared(STALE_CHAMPION * champion), NEW: of_spared(new)}
    candidates = Candidates(
        {name: CandidateScores(p, p) for name, p in scores.items()},
        of_spared(np.full(len(new), scene.log.test.label.mean())), scene.log.test, {},
    )  # fmt: skip
    return RuleOutcome(judge(scorer.test, candidates, None, UNRANKED), WORSE)


def reversed_order(number: int) -> RuleOutcome:
    """The champion's order upside down, on the log that the champion made."""
    scene = _Scene.of(number, model_made=True)
    market, order = scene.market, -scene.market.champion
    model = Probability.fit(scene.random, scene.log.train, market.champion)
    scorer = Scorer(scene.random, scene.log, market.champion)
    judgement = judge(scorer.test, scorer.candidates(model, order), CURVES["true"](scene.case(model)))
    return RuleOutcome(judgement, market.catalogue.value(order) / market.catalogue.value(market.champion) - 1)


def non_inferior(gain: float) -> Callable[[int], RuleOutcome]:
    """A challenger by `rule: non-inferiority` with a margin of 5 %, with the true curve."""
    return _NonInferior(gain)


@dataclass(frozen=True)
class _NonInferior:
    gain: float

    def __call__(self, number: int) -> RuleOutcome:
        scene = _Scene.of(number, model_made=True, exponent=1.0)
        model = Probability.fit(
            scene.random, scene.log.train, scene.market.challenger(scene.random, self.gain, ALIKE)
        )  # fmt: skip
        scorer = Scorer(scene.random, scene.log, scene.market.champion)
        criteria = replace(CRITERIA, rule="non-inferiority", margin=0.05)
        curve = CURVES["true"](scene.case(model))
        return RuleOutcome(judge(scorer.test, scorer.candidates(model), curve, criteria), self.gain)


def over_the_old_order(number: int) -> RuleOutcome:
    """A good model where none was before, with the true curve: what clipping takes off its lift."""
    scene = _Scene.of(number, model_made=False, exponent=1.0)
    model = Probability.fit(scene.random, scene.log.train, scene.market.champion)
    scorer = Scorer(scene.random, scene.log, None)
    judgement = judge(scorer.test, scorer.candidates(model), CURVES["true"](scene.case(model)))
    return RuleOutcome(judgement, scene.market.catalogue.value(model.score) / scene.over_old - 1)


RULE_CASES = (
    RuleCase("an order by chance whose probability knows positions", chance_order, most=0.0),
    RuleCase("a level alone, against a constant 20 % too high", level_alone, most=MOST_PROMOTED),
    RuleCase("a worse order, against a champion twice too high", worse_order, most=MOST_PROMOTED),
    RuleCase("the champion's order upside down", reversed_order, most=0.0),
    RuleCase("+10 %, to be not worse within 5 %", non_inferior(0.1), least=0.8),
    RuleCase("-10 %, to be not worse within 5 %", non_inferior(-0.1), most=MOST_PROMOTED),
    RuleCase("a first model, over the old order", over_the_old_order, least=0.8),
)


@dataclass(frozen=True)
class RuleShares:
    """Shares of outcomes of a rule case; `lift`, `truth` and `ess` are means."""

    name: str
    logs: int
    promoted: float
    promoted_error: float
    least: float
    most: float
    hold: float
    reject: float
    insufficient: float
    lift: float
    truth: float
    ess: float

    @classmethod
    def of(cls, case: RuleCase, outcomes: Sequence[RuleOutcome]) -> "RuleShares":
        logs, judgements = len(outcomes), [each.judgement for each in outcomes]
        promoted, hold, reject, insufficient = (
            sum(each.outcome == name for each in judgements) / logs
            for name in ("promote", "hold", "reject", "insufficient-data")
        )
        lift, ess = (
            float(np.mean(values)) for values in zip(*((j.lift.value, j.ess) for j in judgements), strict=True)
        )
        return cls(
            case.name, logs, promoted, error(promoted, logs), case.least, case.most, hold, reject, insufficient,
            lift, float(np.mean([each.truth for each in outcomes])), ess,
        )  # fmt: skip

    @property
    def right(self) -> bool:
        """Within two standard errors of what must be."""
        most, least = (
            limit + sign * 2 * chance_error(limit, self.logs) for limit, sign in ((self.most, 1), (self.least, -1))
        )
        return least <= self.promoted <= most

    def __str__(self) -> str:
        limit = f">= {self.least:.0%}" if self.least else f"<= {self.most:.0%}"
        return (
            f"{self.name:<58} {self.logs:>4} {self.promoted:>7.1%} ±{self.promoted_error:>5.1%} {limit:>9} "
            f"{self.hold:>6.0%} {self.reject:>6.0%} {self.insufficient:>7.0%} {self.lift:>+7.1%} {self.truth:>+7.1%} "
            f"{self.ess:>8,.0f}{'' if self.right else '  WRONG'}"
        )
