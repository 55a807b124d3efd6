"""What rules check, and what they compare it with."""

from dataclasses import dataclass
from datetime import datetime

from model.bundle.manifest import BundleManifest
from model.files import JSON


@dataclass(frozen=True)
class ManifestContext:
    """A manifest, the version of XGBoost that will serve, and the present time (UTC)."""

    manifest: BundleManifest
    version: str
    now: datetime


@dataclass(frozen=True)
class VerdictContext:
    """A verdict as parsed JSON, and the digest and manifest of its bundle; None where the bundle is invalid."""

    document: dict[str, JSON]
    digest: str | None
    manifest: BundleManifest | None
