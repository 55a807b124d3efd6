"""What the connections, the routes and the process of one server share."""

from dataclasses import dataclass

from model.bundle.manifest import BundleManifest
from serving.bulk import BulkThread
from serving.lifecycle import Lifecycle
from serving.limit import UNLIMITED_PATHS
from serving.log import ServerLog
from serving.metrics import ServerMetrics
from serving.oip.paths import probe_paths
from serving.prediction_log.log import PredictionLog
from serving.settings import ServerLimits


@dataclass(frozen=True)
class Runtime:
    """One for each server."""

    limits: ServerLimits
    metrics: ServerMetrics
    bulk: BulkThread
    lifecycle: Lifecycle
    log: ServerLog
    prediction_log: PredictionLog | None
    unlimited: frozenset[str]  # paths that are answered under any load

    @classmethod
    def of(
        cls,
        manifest: BundleManifest,
        digest: str,
        limits: ServerLimits,
        log: ServerLog,
        prediction_log: PredictionLog | None = None,
    ) -> "Runtime":
        """The runtime of a model, before the first request."""
        metrics = ServerMetrics(manifest, digest=digest)
        if prediction_log is not None:
            metrics.register(prediction_log)
        unlimited = UNLIMITED_PATHS | probe_paths(manifest.model, digest)
        return cls(limits, metrics, BulkThread(limits.concurrency), Lifecycle(), log, prediction_log, unlimited)
