"""The model in service, described: the answer of /model."""

import platform
from typing import Any

import fastapi
import numpy
import pydantic

from model.bundle.predictor import XGBOOST
from serving.schema import meaning, told
from serving.scorer import Ready
from serving.settings import Limits


def card(ready: Ready, limits: Limits) -> dict[str, Any]:
    """Everything a person or a program may ask about it, JSON types only."""
    predictor = ready.scorer.predictor
    manifest = predictor.manifest
    stored = manifest.model_dump(mode="json")
    inputs = {feature.name for feature in manifest.inputs}
    return {
        "model": manifest.model,
        "digest": predictor.digest,
        "answers": meaning(manifest),
        "label": manifest.label,
        "conversion_days": manifest.conversion_days,
        "features": [
            {**feature, "told": told(one)}
            for feature, one in zip(stored["features"], manifest.features, strict=True)
            if one.name in inputs
        ],
        **{name: stored[name] for name in ("position", "bounds", "sampling", "calibration", "trees", "search")},
        **{name: stored[name] for name in ("metrics", "lineage")},
        "libraries": {"trained": manifest.libraries, "serving": _libraries()},
        "golden": {"rows": len(predictor.golden), "largest_difference": ready.difference},
        "limits": {
            "concurrency": limits.concurrency,
            "rows": limits.max_rows,
            "bytes": limits.max_bytes,
            "seconds": limits.seconds,
        },
    }


def _libraries() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "xgboost": XGBOOST,
        "numpy": numpy.__version__,
        "pydantic": pydantic.VERSION,
        "fastapi": fastapi.__version__,
    }
