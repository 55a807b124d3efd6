"""Is a verdict that pools cuts safe with about 300 conversions in all? `python bench/few_conversions.py`.

Simulates list pages with a truth that is known, trains a small model for each cut and a model in service on a log of
its own, and lets the product's rules decide. It prints the share of logs on which the new model is promoted, with its
standard error, for models that are equal, worse and better by what their orders are truly worth. Everything that
measures and decides is the product's; preprocess and train are replaced by a fast stand-in: boosting of 40 rounds
without a search, calibrated as the product does.

Exit code 1 when equal models are promoted more than 5 times in 100.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import numpy as np
from numpy.typing import NDArray

from artifacts.examination.curve import ExaminationCurve
from artifacts.pool import Pool
from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.decide import decide
from components.evaluate.decide.evidence import ChampionComparison
from components.evaluate.gather_evidence import Measurements, gather_evidence
from components.evaluate.metrics.candidate_names import CHAMPION, LOGISTIC, NEW
from components.evaluate.metrics.paired_comparison import PairedComparison
from components.evaluate.metrics.scalars import champion_metrics, order_metrics, probability_metrics
from components.evaluate.scoring import CandidateScores
from components.evaluate.test_set import Rows, numbered
from components.train import calibrate
from model.arithmetic import sigmoid
from model.arrays import Floats
from model.bundle.booster import xgboost

ITEMS = 10  # of a list
EXAMINED = np.arange(1, ITEMS + 1.0) ** -0.8
WEIGHTS = np.array([0.8, -0.6, 0.4, 0.0])  # of the inputs; the last is that of the truth
RATE = 0.6  # of the sigmoid: about 2 conversions in 100 rows
PARAMETERS = {
    "objective": "binary:logistic", "eta": 0.1, "max_depth": 3, "min_child_weight": 5, "lambda": 5, "subsample": 0.8,
    "colsample_bytree": 0.8, "base_score": 0.5, "nthread": 1, "max_bin": 64, "tree_method": "hist",
}  # fmt: skip
ROUNDS = 40
UNMEASURED = {"unseen_categories": 0.0, "monotone_violations": 0.0, "booster_bytes": 1e5, "immature_days": 0.0}
CRITERIA = Criteria(
    must_beat=("constant", "current_order"), metric="ips_conversions", rule="superiority", margin=None, confidence=0.95,
    slices=(), min_conversions=200, max_unseen=0.01, ranked=True,
)  # fmt: skip
MOST_PROMOTED = 0.05
Score = Callable[[NDArray[np.float32], NDArray[np.int64]], CandidateScores]


@dataclass(frozen=True)
class Truth:
    """`weight` of an input that the new model alone reads where `ahead`, else the champion alone; 0 = equal models."""

    name: str
    weight: float
    ahead: bool = True


@dataclass(frozen=True)
class Division:
    """How a log of `lists` lists is divided; `share` and `calibration` of them in each of the `cuts`.

    The champion learned from a log of its own, `champion` times as large as the newest train split.
    """

    name: str
    by_time: bool
    cuts: int
    share: float
    calibration: float
    lists: int
    champion: float = 1.0


TRUTHS = (
    Truth("equal", 0.0),
    Truth("-5 %", 0.62, ahead=False),
    Truth("+10 %", 0.88),
    Truth("+20 %", 1.3),
)
DIVISIONS = (
    Division("4 cuts by user", by_time=False, cuts=4, share=0.25, calibration=0.2, lists=1_500),
    Division("4 cuts by time", by_time=True, cuts=4, share=0.18, calibration=0.08, lists=1_500),
    # The older cuts train on less than the newest: with this champion the models are equal in the mean.
    Division(
        "the same, a champion of fewer rows",
        by_time=True,
        cuts=4,
        share=0.18,
        calibration=0.08,
        lists=1_500,
        champion=0.5,
    ),
    Division("1 cut, 1,200 in all", by_time=False, cuts=1, share=0.25, calibration=0.2, lists=6_000),
)


@dataclass(frozen=True)
class Log:
    """Rows of whole lists in the order of time; `worth` is the true chance of a conversion of a row that is seen."""

    inputs: NDArray[np.float32]
    position: NDArray[np.int64]
    label: NDArray[np.float32]
    worth: Floats
    list: NDArray[np.int64]
    user: NDArray[np.int64]

    @classmethod
    def of(cls, seed: tuple[int, int], lists: int, weight: float) -> "Log":
        """The shown order is partly right. A user has one and a half lists."""
        random = np.random.default_rng(seed)
        inputs = random.normal(size=(lists, ITEMS, len(WEIGHTS))).astype(np.float32)
        shown = np.argsort(-0.7 * inputs[..., 0] + 0.3 * inputs[..., 1] + random.normal(size=(lists, ITEMS)), axis=1)
        inputs = np.take_along_axis(inputs, shown[..., None], 1)
        liking = inputs @ (WEIGHTS + np.array([0, 0, 0, weight])) + 0.3 * np.sin(2 * inputs[..., 0])
        worth = RATE * sigmoid((liking - 3.0).astype(np.float64))
        label = random.random(worth.shape) < worth * EXAMINED
        return cls(
            inputs.reshape(-1, len(WEIGHTS)),
            np.tile(np.arange(1, ITEMS + 1), lists),
            label.ravel().astype(np.float32),
            worth.ravel(),
            np.repeat(np.arange(lists), ITEMS),
            np.repeat(random.integers(0, int(lists / 1.5), lists), ITEMS),
        )

    def chosen(self, mask: NDArray[np.bool_]) -> "Log":
        return Log(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))


def divided(log: Log, division: Division) -> Iterator[tuple[Log, Log, Log]]:
    """Train, calibration and test of every cut, as preprocess divides them."""
    for number in range(division.cuts):
        if division.by_time:
            at = log.list / (log.list.max() + 1)
            start = 1 - (number + 1) * division.share
            test = (at >= start) & (at < start + division.share)
            calibration = (at >= start - division.calibration) & (at < start)
            train = at < start - division.calibration
            calibration &= ~np.isin(log.user, log.user[test])
            train &= ~np.isin(log.user, log.user[test | calibration])
        else:
            chance = np.random.default_rng(99).random(log.user.max() + 1)[log.user]
            chance = (chance - number * division.share) % 1
            test = chance < division.share
            calibration = ~test & (chance < division.share + division.calibration)
            train = ~test & ~calibration
        yield log.chosen(train), log.chosen(calibration), log.chosen(test)


def fit(train: Log, calibration: Log, *, seed: int, last: bool) -> Score:
    """A model; it reads the last input where `last` is set."""
    columns = len(WEIGHTS) if last else len(WEIGHTS) - 1

    def matrix(inputs: NDArray[np.float32], position: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.column_stack([inputs[:, :columns], position]).astype(np.float32)

    rate = float(train.label.mean())
    start = float(np.log(rate / (1 - rate)))
    rows = xgboost.QuantileDMatrix(matrix(train.inputs, train.position), train.label, max_bin=64, nthread=1)
    rows.set_base_margin(np.full(len(train.label), start))
    falling = {"monotone_constraints": (*[0] * columns, -1), "seed": seed}
    booster = xgboost.train(PARAMETERS | falling, rows, ROUNDS)

    def margin(rows: NDArray[np.float32]) -> Floats:
        trees: Floats = booster.inplace_predict(rows, predict_type="margin").astype(np.float64)
        return trees + start

    z = margin(matrix(calibration.inputs, calibration.position))
    calibrated = calibrate.fit(z, calibration.label, drifts=True)

    def score(inputs: NDArray[np.float32], position: NDArray[np.int64]) -> CandidateScores:
        logged, first = matrix(inputs, position), matrix(inputs, np.ones_like(position))
        return CandidateScores(*(sigmoid(calibrated.apply(margin(rows))) for rows in (logged, first)))

    return score


@dataclass(frozen=True)
class Outcome:
    """Of one log: the outcome by the worth of orders and by log loss, conversions that were pooled, and the true gain
    of the new model's orders, a mean over the cuts."""

    by_order: str
    by_log_loss: str
    conversions: float
    gain: float


def simulate(division: Division, truth: Truth, number: int) -> Outcome:
    """One log, one model in service, one verdict by each metric."""
    log = Log.of((number, 1), division.lists, truth.weight)
    cuts = list(divided(log, division))
    train_lists = int(division.champion * len(cuts[0][0].label)) // ITEMS
    older = Log.of((number, 2), train_lists + int(division.lists * division.calibration), truth.weight)
    champion = fit(
        older.chosen(older.list < train_lists), older.chosen(older.list >= train_lists), seed=number,
        last=not truth.ahead and truth.weight > 0,
    )  # fmt: skip
    models = [
        fit(train, calibration, seed=number, last=truth.ahead and truth.weight > 0) for train, calibration, _ in cuts
    ]
    tests = [test for _, _, test in cuts]
    new = [model(test.inputs, test.position) for model, test in zip(models, tests, strict=True)]
    in_service = [champion(test.inputs, test.position) for test in tests]
    constant = np.concatenate([np.full(len(test.label), calibration.label.mean()) for _, calibration, test in cuts])
    rows = Rows(
        label=np.concatenate([test.label for test in tests]).astype(np.float64),
        unit=numbered(np.concatenate([test.user for test in tests])),
        unit_name="user",
        list=numbered(np.concatenate([test.list for test in tests])),
        position=np.concatenate([test.position for test in tests]),
        item=None,
    )
    scores = {
        NEW: CandidateScores.joined(new),
        CHAMPION: CandidateScores.joined(in_service),
        LOGISTIC: CandidateScores(constant, constant),  # no rule of these criteria reads it
    }
    pool = Pool(division.cuts)
    compared = PairedComparison(
        rows, scores, constant=constant, curve=ExaminationCurve.exact(EXAMINED, "the true one"), widening=pool.widening,
        confidence=CRITERIA.confidence,
    )  # fmt: skip
    by_order, by_log_loss = (_outcome(compared, replace(CRITERIA, metric=name), pool) for name in METRICS)
    fresh = Log.of((12_345, 3), 1_500, truth.weight)
    base = _value(champion, fresh)
    gain = float(np.mean([_value(model, fresh) / base - 1 for model in models]))
    return Outcome(by_order, by_log_loss, float(rows.label.sum()), gain)


METRICS = ("ips_conversions", "log_loss")


def _outcome(compared: PairedComparison, criteria: Criteria, pool: Pool) -> str:
    scalars = probability_metrics(compared) | order_metrics(compared) | champion_metrics(compared) | UNMEASURED
    measured = Measurements(compared, compared, scalars, (), ChampionComparison(), None, pool)
    return decide(gather_evidence(measured, criteria).evidence, criteria).outcome


def _value(score: Score, log: Log) -> float:
    """True conversions of a model's order."""
    order = np.argsort(-score(log.inputs, log.position).order.reshape(-1, ITEMS), axis=1, kind="stable")
    return float((np.take_along_axis(log.worth.reshape(-1, ITEMS), order, 1) * EXAMINED).sum())


@dataclass(frozen=True)
class Promoted:
    """Shares of the logs on which the new model was promoted, with their standard errors, and means over the logs."""

    division: str
    truth: str
    logs: int
    conversions: float
    gain: float
    by_order: float
    by_order_error: float
    by_log_loss: float
    by_log_loss_error: float
    too_few: float

    @classmethod
    def of(cls, division: Division, truth: Truth, outcomes: list[Outcome]) -> "Promoted":
        order = np.array([outcome.by_order == "promote" for outcome in outcomes], float)
        loss = np.array([outcome.by_log_loss == "promote" for outcome in outcomes], float)
        errors = [float(np.sqrt(part.mean() * (1 - part.mean()) / len(part))) for part in (order, loss)]
        return cls(
            division.name, truth.name, len(outcomes), float(np.mean([outcome.conversions for outcome in outcomes])),
            float(np.mean([outcome.gain for outcome in outcomes])), float(order.mean()), errors[0], float(loss.mean()),
            errors[1], float(np.mean([outcome.by_order == "insufficient-data" for outcome in outcomes])),
        )  # fmt: skip

    def __str__(self) -> str:
        return (
            f"{self.division:<34} {self.truth:>6} {self.logs:>5} {self.conversions:>6.0f} {self.gain:>+7.1%} "
            f"{self.by_order:>7.1%} +-{self.by_order_error:>5.1%} {self.by_log_loss:>7.1%} "
            f"+-{self.by_log_loss_error:>5.1%} {self.too_few:>7.1%}"
        )


def main() -> int:
    """Exit code 1 when equal models are promoted too often."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logs", type=int, default=400, help="of each division and truth")
    parser.add_argument("--first", type=int, default=0, help="number of the first log")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--only", default="", help="divisions and truths whose names have this text, as DIVISION/TRUTH")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    print(
        "division                            truth  logs  conv.   gain  promoted by order, by log loss   too few",
        file=sys.stderr,
    )
    safe = True
    with ProcessPoolExecutor(args.processes) as processes:
        for division, truth in ((division, truth) for division in DIVISIONS for truth in TRUTHS):
            if args.only in f"{division.name}/{truth.name}":
                numbers = range(args.first, args.first + args.logs)
                outcomes = list(processes.map(partial(simulate, division, truth), numbers))
                row = Promoted.of(division, truth, outcomes)
                print(json.dumps(asdict(row)) if args.json else row, flush=True)
                safe &= truth.weight > 0 or max(row.by_order, row.by_log_loss) <= MOST_PROMOTED
    return 0 if safe else 1


if __name__ == "__main__":
    raise SystemExit(main())
