"""What the server has done since it started, for Prometheus: one registry per app, nothing global."""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from serving.score import Predictions

SCORING_ROUTES = frozenset({"/predict", "/predict:batch"})
OTHER_ROUTES = "other"  # one label value for all other paths, because callers choose them
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # seconds


PHASE_BUCKETS = (0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # seconds


class Phases(NamedTuple):
    """The seconds that a scored request spent in each part of its way, from the end of its body on."""

    queue: float
    validate: float
    score: float
    serialise: float


class ServerMetrics:
    """The counters and the latency histogram of one app, with the model and its digest as a constant metric."""

    def __init__(self, *, model: str, digest: str) -> None:
        registry = CollectorRegistry()
        self._exported = _WithoutCreationTimes(registry)
        Info("kamado_model", "The model in service.", registry=registry).info({"model": model, "digest": digest})
        self._rows = Counter("kamado_rows_total", "Rows scored.", registry=registry)
        self._refused = Counter("kamado_refused_total", "Requests without a score.", ["status"], registry=registry)
        self._unknown = Counter(
            "kamado_unknown_category_total", "Rows scored as other.", ["feature"], registry=registry
        )
        self._beyond = Counter(
            "kamado_outside_range_total",
            "Rows with a number outside what training saw.",
            ["feature"],
            registry=registry,
        )
        self._outside = Counter(
            "kamado_outside_bounds_total", "Rows that training rejects.", ["rule"], registry=registry
        )
        latency = Histogram(
            "kamado_request_seconds",
            "Seconds from the request's head to the end of its answer.",
            ["route"],
            registry=registry,
            buckets=BUCKETS,
        )
        self._latency = {route: latency.labels(route) for route in (*sorted(SCORING_ROUTES), OTHER_ROUTES)}
        phases = Histogram(
            "kamado_phase_seconds",
            "Seconds of the parts of scored requests.",
            ["phase"],
            registry=registry,
            buckets=PHASE_BUCKETS,
        )
        self._phases = [phases.labels(phase) for phase in Phases._fields]
        ProcessCollector(registry=registry)

    def count_scores(self, scores: Predictions) -> None:
        """Rows, and those among them that carry a flag."""
        self._rows.inc(len(scores.probability))
        for feature, rows in scores.unknown_categories.items():
            self._unknown.labels(feature).inc(len(rows))
        for feature, rows in scores.outside_range.items():
            self._beyond.labels(feature).inc(len(rows))
        for rule, rows in scores.outside_bounds.items():
            self._outside.labels(rule).inc(len(rows))

    def observe(self, phases: Phases) -> None:
        for histogram, seconds in zip(self._phases, phases, strict=True):
            histogram.observe(seconds)

    def count_refusal(self, status: int) -> None:
        self._refused.labels(str(status)).inc()

    def time_request(self, path: str) -> contextlib.AbstractContextManager[object]:
        """Observes the latency of what runs inside of it."""
        return self._latency[path if path in SCORING_ROUTES else OTHER_ROUTES].time()

    def text(self) -> str:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._exported).decode()


class _WithoutCreationTimes(Collector):
    """The library adds a `…_created` series to each series; switching that off there is global to the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
