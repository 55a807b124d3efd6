"""What Kubeflow's page shows of an evaluation, in KFP's own artifacts."""

import itertools
import json
import math
from pathlib import Path

import pytest
from kfp import dsl

from artifacts.headline_metrics import HEADLINES
from artifacts.metrics import MetricsDocument, MetricTables
from components.evaluate.kubeflow_metrics import log_metrics


@pytest.fixture
def artifacts(tmp_path):
    """The two outputs, as KFP makes them before a step."""
    return dsl.Metrics(uri=str(tmp_path / "metrics")), dsl.ClassificationMetrics(uri=str(tmp_path / "roc"))


def test_the_table_has_the_deciding_metrics_and_the_file_has_all(evaluation, artifacts):
    document, (metrics, roc) = MetricsDocument.read(evaluation[0]), artifacts
    log_metrics(document, metrics, roc)
    assert set(metrics.metadata) == {headline.name for headline in HEADLINES if "champion" not in headline.name}
    assert all(math.isfinite(value) for value in metrics.metadata.values())
    assert Path(metrics.path).read_bytes() == (evaluation[0] / "metrics.json").read_bytes()


def test_the_curve_is_finite_short_and_goes_from_corner_to_corner(evaluation, artifacts):
    document, (metrics, roc) = MetricsDocument.read(evaluation[0]), artifacts
    log_metrics(document, metrics, roc)
    points = [tuple(point.values()) for point in roc.metadata["confidenceMetrics"]]
    assert set(roc.metadata["confidenceMetrics"][0]) == {"confidenceThreshold", "recall", "falsePositiveRate"}
    assert 50 < len(points) <= 200
    assert all(math.isfinite(number) for point in points for number in point)
    assert (points[0][1:], points[-1][1:]) == ((0.0, 0.0), (1.0, 1.0))
    assert all(a[0] >= b[0] and a[1] <= b[1] and a[2] <= b[2] for a, b in itertools.pairwise(points))
    assert len(json.loads(Path(roc.path).read_bytes())) == len(points)


def test_a_model_without_a_comparison_has_no_curve_but_both_files(artifacts):
    metrics, roc = artifacts
    log_metrics(MetricsDocument.of({"rows_without_score": 3.0}, MetricTables()), metrics, roc)
    assert metrics.metadata == roc.metadata == {}
    assert Path(metrics.path).is_file()
    assert json.loads(Path(roc.path).read_bytes()) == []
