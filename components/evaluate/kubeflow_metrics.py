"""What Kubeflow's page of the step shows beside the report: the deciding metrics, and the ROC curve."""

from pathlib import Path
from typing import Protocol

from artifacts.headline_metrics import headline_metrics
from artifacts.metrics import MetricsDocument
from components.evaluate.metrics.candidate_names import NEW
from model.files import dump_json


class MetricsArtifact(Protocol):
    """`kfp.dsl.Metrics`."""

    @property
    def path(self) -> str: ...
    def log_metric(self, metric: str, value: float) -> None: ...


class RocArtifact(Protocol):
    """`kfp.dsl.ClassificationMetrics`."""

    @property
    def path(self) -> str: ...
    def log_roc_data_point(self, fpr: float, tpr: float, threshold: float) -> None: ...


def log_metrics(document: MetricsDocument, metrics: MetricsArtifact, roc: RocArtifact) -> None:
    """Both artifacts also get a file: KFP's cache on this machine takes no step whose outputs have none.

    The points of the curve are those of metrics.json: thinned, and finite up to the first threshold, which is 1.
    """
    curve = document.roc.get(NEW, ())
    Path(metrics.path).write_bytes(document.dump())
    Path(roc.path).write_bytes(dump_json(curve))
    for metric in headline_metrics(document.scalars):
        metrics.log_metric(metric.name, metric.value)
    for false_positive_rate, true_positive_rate, threshold in curve:
        roc.log_roc_data_point(false_positive_rate, true_positive_rate, threshold)
