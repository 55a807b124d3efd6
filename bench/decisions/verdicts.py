"""The product's comparison and decision on a test set.

Lists without a conversion say little of probabilities: 1 in SPARED of them stays, and every probability is that of a
row of what stays (Elkan, IJCAI 2001, for whole lists). Orders are compared on all lists: rows of an item are pooled.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artifacts.examination.curve import ExaminationCurve
from artifacts.pool import ONE_CUT
from bench.decisions.catalogue import PAGE
from bench.decisions.impressions import Impressions
from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.decide import decide
from components.evaluate.decide.evidence import ChampionComparison
from components.evaluate.gather_evidence import Measurements, gather_evidence
from components.evaluate.metrics.bootstrap import Estimate
from components.evaluate.metrics.candidate_names import CHAMPION, CONSTANT, CURRENT, ESTIMATED, LOGISTIC
from components.evaluate.metrics.paired_comparison import PairedComparison
from components.evaluate.metrics.scalars import champion_metrics, order_metrics, probability_metrics
from components.evaluate.scoring import CandidateScores
from components.evaluate.test_set import Rows, numbered
from model.arithmetic import sigmoid
from model.arrays import Floats, Ints
from model.spec.types import Spec

SPARED = 30
LEVEL = -5.0  # log odds of a usual item
UNMEASURED = {"unseen_categories": 0.0, "monotone_violations": 0.0, "booster_bytes": 1e5, "immature_days": 0.0}
COLUMNS = {
    "label": "converted", "time": "day", "list": "list", "position": "position", "user": "user", "explore": "explore",
}  # fmt: skip
SPEC = {
    "model": "decision", "source": {"end": "2026-07-01", "conversion_days": 0}, "columns": COLUMNS,
    "features": {"score": {"kind": "number"}}, "split": {"by": "time", "test_days": 7, "calibration_days": 7},
}  # fmt: skip
CRITERIA = Criteria.of(Spec.model_validate(SPEC))  # with the product's defaults


@dataclass(frozen=True)
class Candidates:
    """`scores` by the candidate's name; `constant` is a probability per row.

    `orders` are scores of all rows of `log`, of which the others are those that stay.
    """

    scores: Mapping[str, CandidateScores]
    constant: Floats
    log: Impressions
    orders: Mapping[str, Floats]


@dataclass(frozen=True)
class Judgement:
    """The outcome, the rules that did not pass, and the gain over the champion.

    Without a champion `lift` is over the current order, without a curve it is the saving over the constant.
    """

    outcome: str
    failed: tuple[str, ...]
    lift: Estimate
    ess: float


class WholeComparison(PairedComparison):
    """Probabilities on the rows that stay, orders on all of them."""

    def __init__(
        self, test: Impressions, candidates: Candidates, curve: ExaminationCurve | None, criteria: Criteria
    ) -> None:
        constant = candidates.constant
        self._log, self._scores = candidates.log, candidates.orders
        scores = {LOGISTIC: CandidateScores(constant, constant), **candidates.scores}
        super().__init__(
            rows_of(test, ranked=curve is not None), scores, constant=constant, curve=curve,
            confidence=criteria.confidence,
        )  # fmt: skip

    def _orders(self) -> tuple[Rows, Mapping[str, Ints], Mapping[str, Floats]]:
        positions = {CURRENT: self._log.position} | {name: placed(score) for name, score in self._scores.items()}
        scores = {name: chance(score) for name, score in self._scores.items()}
        return rows_of(self._log, ranked=True), positions, scores


def chance(score: Floats) -> Floats:
    """A score, which is log attraction, as a probability of conversion."""
    return sigmoid(score + LEVEL)


def rows_of(log: Impressions, *, ranked: bool) -> Rows:
    """As evaluate reads them."""
    return Rows(
        label=log.label.astype(np.float64),
        unit=numbered(log.user),
        unit_name="user",
        list=log.list if ranked else None,
        position=log.position if ranked else None,
        item=log.item.astype(np.int64) if ranked else None,
    )


def placed(score: Floats) -> Ints:
    """The position of each row by `score` within its page, as positions_by_score has it where no scores are equal."""
    order = np.argsort(-score.reshape(-1, PAGE), axis=1)
    position = np.empty_like(order)
    np.put_along_axis(position, order, np.arange(1, PAGE + 1)[None, :], axis=1)
    return position.ravel()


def judge(
    test: Impressions, candidates: Candidates, curve: ExaminationCurve | None, criteria: Criteria = CRITERIA
) -> Judgement:
    """By the product's rules. `test` are the rows of `candidates`; without a curve only probabilities are compared."""
    compared = WholeComparison(test, candidates, curve, criteria)
    scalars = probability_metrics(compared) | order_metrics(compared) | champion_metrics(compared) | UNMEASURED
    champion = ChampionComparison() if CHAMPION in candidates.scores else None
    measured = Measurements(compared, compared, scalars, (), champion, None, ONE_CUT)
    decision = decide(gather_evidence(measured, criteria).evidence, criteria)
    failed = tuple(result.rule for result in decision.results if not result.passed)
    base = CHAMPION if champion else CURRENT
    lift = compared.lift(base, ESTIMATED) if curve else compared.saving(CONSTANT)
    return Judgement(decision.outcome, failed, lift, scalars.get("ess", scalars["rows"]))


def spared(random: np.random.Generator, test: Impressions) -> NDArray[np.bool_]:
    """The lists that stay: those with a conversion, and 1 in SPARED of the others."""
    stay: NDArray[np.bool_] = test.labels.any(axis=1) | (random.random(test.lists) < 1 / SPARED)
    return stay


def of_spared(probability: Floats) -> Floats:
    """The probability of rows among what stays, from that among all rows of whole lists.

    A row that does not convert stays for certain where another of its list converts, else in 1 of SPARED cases.
    """
    p = probability.reshape(-1, PAGE)
    none = np.prod(1 - p, axis=1, keepdims=True) / (1 - p)  # of the other rows converts
    stays = 1 - none + none / SPARED
    corrected: Floats = p / (p + (1 - p) * stays)
    return corrected.ravel()
