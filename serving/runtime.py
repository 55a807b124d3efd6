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
from serving.prediction_log.open_log import open_prediction_log
from serving.settings import ServerLimits, Settings


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
    def of(cls, manifest: BundleManifest, digest: str, settings: Settings, log: ServerLog) -> "Runtime":
        """The runtime of a model, before the first request. Raises SettingsError for a prediction log's folder."""
        metrics = ServerMetrics(manifest, digest=digest)
        bulk = BulkThread(settings.limits.concurrency)
        predictions = open_prediction_log(settings.prediction_log, manifest.model, digest, log)
        if predictions is not None:
            metrics.register(predictions)
        unlimited = UNLIMITED_PATHS | probe_paths(manifest.model, digest)
        return cls(settings.limits, metrics, bulk, Lifecycle(), log, predictions, unlimited)
