"""What the server has done since it started, for Prometheus: one registry per server, nothing global.

Plain numbers that a collector reads, because the library's own take several times as long to change. They change on the
event loop only; what a thread has scored is counted when its answer is back on the loop.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from model.bundle.features import CategoryFeature
from model.bundle.manifest import BundleManifest
from serving.demand import Demand
from serving.distribution import Distribution
from serving.oip.paths import infer_paths

OTHER_ROUTES = "other"  # one label value for all other paths, because callers choose them
BUCKETS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # seconds
PHASE_BUCKETS = (0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # seconds
PROBABILITY_BUCKETS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
FLAGS = (  # name, text, label
    ("kamado_unknown_category", "Rows with a value that training did not know.", "feature"),
    ("kamado_outside_range", "Rows with a number outside what training saw.", "feature"),
    ("kamado_outside_bounds", "Rows that training rejects.", "rule"),
)

_Histograms = dict[tuple[str, ...], Distribution]  # values of the labels -> what they are of


def scoring_routes(model: str, digest: str) -> dict[str, str]:
    """Path -> the route in metrics and logs, of all that score. Two paths of the protocol are one route."""
    infer, versioned = infer_paths(model, digest)
    return {"/predict": "/predict", "/predict:batch": "/predict:batch", infer: infer, versioned: infer}


class Phases(NamedTuple):
    """Where the seconds of one scored request went. A tuple: it is made for every request."""

    queue: float  # from its last byte until the server turned to it, also while a batch waits for the scoring thread
    validate: float  # bytes to the model's numbers
    score: float
    serialise: float  # the answer's bytes, and what is logged


class Scores(Protocol):
    """Probabilities (rows,), and the flagged rows: name of an input or a rule -> row indices."""

    @property
    def probability(self) -> NDArray[np.float64]: ...
    @property
    def unknown_categories(self) -> Mapping[str, Sequence[int]]: ...
    @property
    def outside_range(self) -> Mapping[str, Sequence[int]]: ...
    @property
    def outside_bounds(self) -> Mapping[str, Sequence[int]]: ...


class ServerMetrics(Collector):
    """Everything that /metrics shows of one server. A series exists, as 0, before the first request."""

    def __init__(self, manifest: BundleManifest, *, digest: str) -> None:
        self.demand = Demand()
        self._identity = {"model": manifest.model, "digest": digest}
        self._route_of = scoring_routes(manifest.model, digest)
        routes = [*dict.fromkeys(self._route_of.values())]
        self._latency = {route: Distribution(BUCKETS) for route in (*routes, OTHER_ROUTES)}
        self._phases = {route: tuple(Distribution(PHASE_BUCKETS) for _ in Phases._fields) for route in routes}
        self._probability = Distribution(PROBABILITY_BUCKETS)
        self._refused: dict[tuple[int, str], int] = {}
        categories = [feature.name for feature in manifest.inputs if isinstance(feature, CategoryFeature)]
        numbers = [feature.name for feature in manifest.inputs if feature.name not in categories]
        rules = [rule.name for rule in manifest.bounds]
        self._flags = tuple(dict.fromkeys(names, 0) for names in (categories, numbers, rules))
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def register(self, collector: Collector) -> None:
        """Show the metrics of another part of the server too."""
        self._registry.register(collector)

    # what a request changes

    def count_scores(self, scores: Scores) -> None:
        """Rows, and the flags of each."""
        if len(scores.probability) == 1:
            self._probability.observe(float(scores.probability[0]))
        else:
            self._probability.observe_all(scores.probability)
        flags = (scores.unknown_categories, scores.outside_range, scores.outside_bounds)
        for counts, rows_by_name in zip(self._flags, flags, strict=True):
            for name, rows in rows_by_name.items():
                counts[name] += len(rows)

    def count_refusal(self, status: int, code: str) -> None:
        """A request without a score; `code` is that of its first problem."""
        self._refused[status, code] = self._refused.get((status, code), 0) + 1
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.demand.shed += 1

    def observe(self, route: str, phases: Phases) -> None:
        """A request to a route that scores was answered with scores."""
        for distribution, seconds in zip(self._phases[route], phases, strict=True):
            distribution.observe(seconds)

    def observe_request(self, path: str, seconds: float) -> None:
        """A request was answered, by scores or otherwise, `seconds` after its head; not one that the limit refused."""
        self._latency[self._route_of.get(path, OTHER_ROUTES)].observe(seconds)

    # what Prometheus reads

    def text(self) -> str:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("kamado_model", "The model in service.", self._identity)
        yield from self._rows()
        yield from self._requests()
        yield from self._places()

    def _rows(self) -> Iterator[Metric]:
        yield CounterMetricFamily("kamado_rows", "Rows scored.", value=self._probability.count)
        for (name, text, label), counts in zip(FLAGS, self._flags, strict=True):
            yield _counter(name, text, label, counts)
        yield _histogram("kamado_probability", "Probabilities of the rows scored.", (), {(): self._probability})

    def _requests(self) -> Iterator[Metric]:
        answered = {route: phases[0].count for route, phases in self._phases.items()}
        yield _counter("kamado_scored", "Requests answered with scores.", "route", answered)
        refused = CounterMetricFamily("kamado_refused", "Requests without a score.", labels=("status", "code"))
        for (status, code), count in sorted(self._refused.items()):
            refused.add_metric((str(status), code), count)
        yield refused
        latency: _Histograms = {(route,): distribution for route, distribution in self._latency.items()}
        text = "Seconds from a request's head to the end of its answer."
        yield _histogram("kamado_request_seconds", text, ("route",), latency)
        phases: _Histograms = {
            (route, phase): distribution
            for route, distributions in self._phases.items()
            for phase, distribution in zip(Phases._fields, distributions, strict=True)
        }
        yield _histogram("kamado_phase_seconds", "Seconds of a scored request.", ("route", "phase"), phases)

    def _places(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("kamado_inflight", "Requests in progress now.", self.demand.in_progress)
        yield CounterMetricFamily("kamado_shed", "Requests refused because of the limit.", value=self.demand.shed)
        text = "Requests that would be in progress if none were refused, averaged over 15 seconds."
        yield GaugeMetricFamily("kamado_demand_concurrency", text, self.demand.concurrency())


def _counter(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=(label,))
    for value, count in counts.items():
        family.add_metric((value,), count)
    return family


def _histogram(name: str, text: str, labels: tuple[str, ...], distributions: _Histograms) -> Metric:
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, distribution in distributions.items():
        family.add_metric(values, distribution.buckets(), distribution.total)
    return family
