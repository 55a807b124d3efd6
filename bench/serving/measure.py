"""One round: every server under every load, one after the other."""

from dataclasses import dataclass

import numpy as np

from bench.serving.closed_loop import closed_loop
from bench.serving.connection import exchange
from bench.serving.contenders import Contender
from bench.serving.model_case import ROWS, ModelCase
from bench.serving.running import Running
from bench.spread import percentile

BODIES = 16  # distinct ones, of many rows


@dataclass(frozen=True)
class Case:
    """A kind of body, and how many callers send it."""

    name: str
    rows: int
    callers: int
    columns: bool = False


ONE_ROW = Case("one row, 8 callers", 1, 8)
ROWS_1000 = Case("1,000 rows", 1_000, 4)
COLUMNS_1000 = Case("1,000 rows in columns", 1_000, 4, columns=True)
CASES = (Case("one row, 1 caller", 1, 1), ONE_ROW, Case("32 rows", 32, 4), ROWS_1000, COLUMNS_1000)


@dataclass(frozen=True)
class Cost:
    """Of one load: microseconds of the server's processors per row, and of the callers' waiting per request."""

    cpu: float
    p50: float
    p99: float
    rate: float


def cost(contender: Contender, running: Running, case: Case, model: ModelCase, seconds: float) -> Cost:
    """Under a load of `seconds`, after a short one that warms it up."""
    requests = _requests(contender, case, model)
    closed_loop(running.address, requests, connections=case.callers, seconds=seconds / 5)
    before = running.tree.cpu_seconds()
    load = closed_loop(running.address, requests, connections=case.callers, seconds=seconds)
    used = running.tree.cpu_seconds() - before
    p50, p99 = (1e6 * percentile(load.latencies, share) for share in (0.5, 0.99))
    return Cost(1e6 * used / (load.requests * case.rows), p50, p99, load.rate)


def _requests(contender: Contender, case: Case, model: ModelCase) -> list[bytes]:
    """Bodies of rows that follow each other, from the first row again behind the last."""
    number = ROWS if case.rows == 1 else min(BODIES, ROWS)
    starts = sorted({index * case.rows % (ROWS - case.rows + 1) for index in range(number)})
    return [contender.request(model, range(start, start + case.rows), columns=case.columns) for start in starts]


def check(contender: Contender, running: Running, case: Case, model: ModelCase) -> None:
    """Raises RuntimeError unless the server's answer has the bits that it must have."""
    rows = range(case.rows)
    answer = exchange(running.address, contender.request(model, rows, columns=case.columns))
    if answer.status != 200:
        raise RuntimeError(f"{contender.name}, {case.name}: status {answer.status}, {answer.body[:500]!r}")
    expected = contender.expected(model)[: case.rows]
    difference = np.array(contender.probabilities(answer.body)).astype(expected.dtype) != expected
    if difference.any():
        raise RuntimeError(f"{contender.name}, {case.name}: {difference.sum()} of {case.rows} probabilities differ")
