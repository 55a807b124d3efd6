"""The labels of a model image. Each one follows from content: no path, no host, no wall time."""

from collections.abc import Mapping

from build.gate.gate import VerifiedBundle
from build.image.base.base import Base
from build.oci.json_documents import dump
from model.bundle.manifest import BundleManifest

MODEL = "kamado.model"


def image_labels(model: Mapping[str, str], base: Base, tag: str) -> dict[str, str]:
    """The labels of the whole image: those of its model (`model_labels`), its tag and its base."""
    labels = {**model, "org.opencontainers.image.version": tag}
    labels["kamado.base"] = "none" if base.kind == "none" else "server"
    if base.kind != "none":
        labels["org.opencontainers.image.base.digest"] = base.digest
    return labels


def model_labels(
    manifest: BundleManifest, metrics: Mapping[str, float], verified: VerifiedBundle, diff_id: str
) -> dict[str, str]:
    """The labels that follow from the model's layer alone, so that a reader of the layer can compare them.

    `metrics` are those of the verdict: name -> number.
    """
    rounded = {name: round(float(value), 6) for name, value in metrics.items()}
    return {
        "org.opencontainers.image.title": manifest.model,
        "org.opencontainers.image.created": manifest.lineage.cutoff,
        MODEL: manifest.model,
        "kamado.bundle": verified.digest,
        "kamado.verdict.sha256": str(verified.verdict_sha256),
        "kamado.spec.sha256": manifest.lineage.spec_sha256,
        "kamado.sql.sha256": manifest.lineage.sql_sha256,
        "kamado.data.sha256": manifest.lineage.data_sha256,
        "kamado.data.cutoff": manifest.lineage.cutoff,
        "kamado.layer.diff_id": diff_id,
        "kamado.xgboost": manifest.libraries["xgboost"],
        "kamado.metrics": dump(rounded).decode(),
    }
