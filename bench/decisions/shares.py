"""Shares of outcomes with their standard errors, and their tables."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.decisions.cells import Cell, DecisionOutcome

MOST_PROMOTED = 0.05  # of equal models
ALL = "all kinds of log"
HEADER = (
    f"{'log':<30} {'exp.':>4} {'conv.':>5} {'alike':>5} {'truth':>6}  {'curve':<14} {'logs':>4} {'promoted':>14} "
    f"{'hold':>6} {'reject':>6} {'too few':>7} {'covered':>14} {'lift':>7} {'decay':>5}"
)


def error(share: float, logs: int) -> float:
    """The standard deviation of what a share may be, all being equally likely before: not 0 where none of few logs is
    of a kind."""
    mean = (share * logs + 1) / (logs + 2)
    return float(np.sqrt(mean * (1 - mean) / (logs + 3)))


def chance_error(share: float, logs: int) -> float:
    """The binomial standard error of a share that is known."""
    return float(np.sqrt(share * (1 - share) / logs))


@dataclass(frozen=True)
class DecisionShares:
    """Of one cell, truth and way to the curve: shares of the outcomes, and of the 95 % intervals of the lift that have
    the truth within; `lift` and `decay` are means."""

    log: str
    exponent: float
    conversions: int
    alike: float
    gain: float
    curve: str
    logs: int
    promoted: float
    promoted_error: float
    hold: float
    reject: float
    insufficient: float
    covered: float
    covered_error: float
    lift: float
    decay: float

    @classmethod
    def of(cls, cell: Cell, outcomes: Sequence[DecisionOutcome]) -> "DecisionShares":
        """`outcomes` are of one truth and one way to the curve."""
        first, logs = outcomes[0], len(outcomes)
        promoted, hold, reject, insufficient = (
            sum(each.outcome == name for each in outcomes) / logs
            for name in ("promote", "hold", "reject", "insufficient-data")
        )
        covered = sum(each.low <= each.gain <= each.high for each in outcomes) / logs
        return cls(
            cell.log.name, cell.exponent, cell.conversions, cell.alike, first.gain, first.curve, logs, promoted,
            error(promoted, logs), hold, reject, insufficient, covered, error(covered, logs),
            float(np.mean([each.lift for each in outcomes])), float(np.mean([each.decay for each in outcomes])),
        )  # fmt: skip

    @property
    def safe(self) -> bool:
        """Equal models are promoted in at most MOST_PROMOTED of the logs, within two standard errors of that."""
        return self.gain != 0 or self.promoted <= MOST_PROMOTED + 2 * chance_error(MOST_PROMOTED, self.logs)

    def __str__(self) -> str:
        return (
            f"{self.log:<30} {self.exponent:>4.1f} {self.conversions:>5} {self.alike:>5.1f} {self.gain:>+6.0%}  "
            f"{self.curve:<14} {self.logs:>4} {self.promoted:>7.1%} ±{self.promoted_error:>5.1%} {self.hold:>6.0%} "
            f"{self.reject:>6.0%} {self.insufficient:>7.0%} {self.covered:>7.1%} ±{self.covered_error:>5.1%} "
            f"{self.lift:>+7.1%} {self.decay:>5.2f}{'' if self.safe else '  NOT SAFE'}"
        )


def pooled(rows: Sequence[DecisionShares]) -> list[DecisionShares]:
    """Of all kinds of log together, by all else; each log counts once."""
    kinds = defaultdict(list)
    for row in rows:
        kinds[row.exponent, row.conversions, row.alike, row.gain, row.curve].append(row)
    return [_pooled(cells) for cells in kinds.values() if len(cells) > 1]


def _pooled(cells: Sequence[DecisionShares]) -> DecisionShares:
    logs = sum(row.logs for row in cells)
    names = ("promoted", "hold", "reject", "insufficient", "covered", "lift", "decay")
    means = {name: sum(getattr(row, name) * row.logs for row in cells) / logs for name in names}
    errors = {f"{name}_error": error(means[name], logs) for name in ("promoted", "covered")}
    return replace(cells[0], log=ALL, logs=logs, **means, **errors)
