"""The prediction log: takes scored rows on the event loop, and gives them to a sink in a thread.

It never fails a request and never lets one wait: what the sink cannot take is dropped and counted.
"""

from collections.abc import Iterator, Sequence
from time import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from serving.background import BackgroundWriter
from serving.log_keys import LogKeys
from serving.prediction_log.scored_request import ScoredRequest

MAX_WAITING = 200_000  # rows


class Sink(Protocol):
    """Where rows go. Called from one thread only; never raises, but counts."""

    lost: int  # rows that it took and nobody can read

    def write(self, requests: Sequence[ScoredRequest]) -> None:
        """Also called with nothing, a few times a second, so that time passes."""

    def close(self) -> None:
        """What was written can be read from now on."""


class PredictionLog(Collector):
    """Rows on their way to a sink, and how many there were."""

    def __init__(self, sink: Sink, *, limit: int = MAX_WAITING) -> None:
        self._sink = sink
        self._rows = 0
        self._writer: BackgroundWriter[ScoredRequest] = BackgroundWriter(
            sink.write, limit=limit, name="prediction-log", finish=sink.close
        )

    def append(self, request: str, probability: NDArray[np.float64], keys: LogKeys) -> None:
        """The rows of one answer (rows,), the id of its request, and what the caller says of them."""
        self._rows += len(probability)
        now = int(time() * 1000)
        scored = ScoredRequest(now, keys.request or request, probability, keys.list_id, keys.items, keys.positions)
        self._writer.append(scored, len(probability))

    def close(self) -> None:
        """Write what waits and finish; at most 2 seconds."""
        self._writer.close()

    def collect(self) -> Iterator[Metric]:
        lost = self._writer.dropped + self._sink.lost
        yield CounterMetricFamily("kamado_prediction_log_rows", "Rows for the prediction log.", value=self._rows)
        text = "Rows among them that it does not have: the queue was full, or writing failed."
        yield CounterMetricFamily("kamado_prediction_log_dropped", text, value=lost)
