"""What rules look at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from model.bundle.bundle import Manifest


@dataclass(frozen=True)
class Trained:
    """A manifest; the XGBoost that will serve; and the present moment, which decides nothing but a refusal."""

    manifest: Manifest
    version: str
    now: datetime


@dataclass(frozen=True)
class Judged:
    """A verdict as it was read, and the bundle that it must be of; None where that was faulty already."""

    said: dict[str, Any]
    digest: str | None
    manifest: Manifest | None
