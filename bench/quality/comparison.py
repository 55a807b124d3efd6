"""Kamado beside the others on one set, and what must hold over all sets.

The figure of a tool is its median over the seeds, the lower one of two. Its difference to Kamado is relative,
(Kamado - other) / other, with a paired interval: the rows of both median seeds are drawn again, by users or lists.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from bench.goals import Goal
from bench.quality.measurements import Measurement
from bench.quality.tools import TOOLS
from components.evaluate.metrics.bootstrap import Estimate, Sums
from components.evaluate.metrics.probability import auc
from components.evaluate.test_set import Rows
from model.arrays import Floats

KAMADO, AUTOGLUON = "kamado", "autogluon"
MOST_BEHIND = 2  # of seven sets
FURTHEST = 0.5  # percent of log loss
MOST_MEGABYTES = 10.0
LEAST_SPEED = 5.0  # times AutoGluon's
SURE = 1e-7  # a probability of 0 or 1 is taken for one so near to it: one wrong row must not decide


def log_losses(label: Floats, probability: Floats) -> Floats:
    """Of every row."""
    p = np.clip(probability, SURE, 1 - SURE)
    return -np.where(label > 0, np.log(p), np.log1p(-p))


@dataclass(frozen=True)
class ToolResult:
    """One tool on one set. `losses` are per row, of the seed with the median log loss; other figures are medians.

    `worst_log_loss` and `best_log_loss` are of single seeds.
    """

    tool: str
    seeds: tuple[int, ...]
    losses: Floats
    log_loss: float
    best_log_loss: float
    worst_log_loss: float
    auc: float
    judged_log_loss: float | None
    cpu_seconds: float
    megabytes: float
    rows_per_cpu_second: float
    notes: tuple[str, ...]

    @classmethod
    def of(cls, label: Floats, measured: Sequence[Measurement]) -> "ToolResult":
        """Of one measurement at least, each with another seed."""
        losses = [log_losses(label, item.probability) for item in measured]
        means = [float(loss.mean()) for loss in losses]
        middle = means.index(statistics.median_low(means))
        judged = [float(log_losses(label, item.judged).mean()) for item in measured if item.judged is not None]
        return cls(
            tool=measured[0].tool,
            seeds=tuple(item.seed for item in measured),
            losses=losses[middle],
            log_loss=means[middle],
            best_log_loss=min(means),
            worst_log_loss=max(means),
            auc=statistics.median(auc(label, item.probability) for item in measured),
            judged_log_loss=statistics.median(judged) if judged else None,
            cpu_seconds=statistics.median(item.cpu_seconds for item in measured),
            megabytes=statistics.median(item.bytes for item in measured) / 1e6,
            rows_per_cpu_second=statistics.median(item.rows_per_cpu_second for item in measured),
            notes=tuple(item.note for item in measured),
        )


@dataclass(frozen=True)
class SetComparison:
    """All tools that were measured on a set, on its outer rows."""

    name: str
    rows: Rows
    results: Mapping[str, ToolResult]

    @property
    def kamado(self) -> ToolResult:
        return self.results[KAMADO]

    @property
    def peers(self) -> list[ToolResult]:
        """The tools of today among the others."""
        return [result for name, result in self.results.items() if TOOLS[name].peer]

    @property
    def best(self) -> ToolResult | None:
        """The peer with the lowest log loss."""
        return min(self.peers, key=lambda result: result.log_loss, default=None)

    def behind(self, other: ToolResult) -> float:
        """Percent of the other's log loss; below 0 Kamado is ahead."""
        return 100 * (self.kamado.log_loss / other.log_loss - 1)

    def interval(self, other: ToolResult) -> Estimate:
        """Of what `behind` is, as a share."""
        return self._sums.gain(KAMADO, other.tool)

    @cached_property
    def _sums(self) -> Sums:
        return Sums(self.rows.unit, {name: result.losses for name, result in self.results.items()})

    def speed(self) -> float | None:
        """Kamado's rows per processor second over AutoGluon's."""
        other = self.results.get(AUTOGLUON)
        return self.kamado.rows_per_cpu_second / other.rows_per_cpu_second if other else None

    def document(self) -> dict[str, object]:
        """Every figure, for programs."""
        constant = float(self.rows.label.mean())
        return {
            "set": self.name,
            "rows": len(self.rows.label),
            "rate": constant,
            "unit": self.rows.unit_name,
            "best_peer": self.best.tool if self.best else None,
            "tools": {name: self._tool(result) for name, result in self.results.items()},
        }

    def _tool(self, result: ToolResult) -> dict[str, object]:
        figures = {name: value for name, value in asdict(result).items() if name not in ("losses", "tool")}
        if result.tool != KAMADO and KAMADO in self.results:
            estimate = self.interval(result)
            figures["kamado_behind_percent"] = self.behind(result)
            figures["kamado_behind_percent_interval"] = [100 * estimate.low, 100 * estimate.high]
        return figures


def goals(comparisons: Sequence[SetComparison]) -> Iterator[Goal]:
    """Of the sets on which Kamado and a peer were measured."""
    compared = [(each, each.behind(each.best)) for each in comparisons if each.best and KAMADO in each.results]
    if compared:
        behind = sum(percent > 0 for _, percent in compared)
        yield Goal(f"sets of {len(compared)} on which a peer's log loss is lower", behind, MOST_BEHIND)
        worst, furthest = max(compared, key=lambda pair: pair[1])
        yield Goal(f"furthest behind the best peer ({worst.name})", furthest, FURTHEST, " %")
    sizes = [each.kamado.megabytes for each in comparisons if KAMADO in each.results]
    if sizes:
        yield Goal("largest bundle", max(sizes), MOST_MEGABYTES, " MB")
    speeds = [speed for each in comparisons if KAMADO in each.results and (speed := each.speed())]
    if speeds:
        yield Goal("least of Kamado's scoring rate over AutoGluon's", min(speeds), LEAST_SPEED, "x", at_most=False)
