"""The manifest of a trained model: what it is, and what it was made from."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from artifacts.extract import Extract
from artifacts.split import SplitSummary
from artifacts.splits import splits_sha256
from components.train import linear
from components.train.fitted_model import FittedModel
from components.train.inputs import TrainingInputs
from components.train.split_rows import SplitRows
from model.bundle.booster import xgboost
from model.bundle.bounds import Bounds
from model.bundle.manifest import BundleLineage, BundleManifest, Position, format_of
from model.spec.types import Spec

if TYPE_CHECKING:
    from components.train.search import SearchResult  # imports Optuna, which the refit has no use for

MICROSECONDS = 10**6  # in a second
LIBRARIES = {"xgboost": xgboost.__version__, "numpy": np.__version__}


def manifest_of(
    inputs: TrainingInputs, model: FittedModel, result: "SearchResult", lineage: BundleLineage
) -> BundleManifest:
    """Without the digests of files, which are added when the bundle is written."""
    spec = inputs.spec
    position = spec.columns.position
    fixed = Position(feature=position, examination=inputs.examination) if position else None
    return BundleManifest(
        format=format_of(inputs.features, fixed),
        model=spec.model,
        label=spec.columns.label,
        conversion_days=spec.source.conversion_days,
        features=tuple(inputs.features),
        position=fixed,
        bounds=bounds_of(spec),
        linear=model.linear,
        trees=model.trees,
        sampling=inputs.sampling,
        calibration=model.calibration,
        search={
            **result.recipe.fields(),
            "kind": model.kind,
            "log_loss": result.log_loss,
            "trials": len(result.trials),
            "stopped_by": result.stopped_by,
            "engine": inputs.engine.use.name,
            "workers": inputs.engine.use.workers,
            "seed": spec.training.seed,
        },
        metrics=metrics_of(inputs, model),
        lineage=lineage,
        libraries=LIBRARIES,
    )


def metrics_of(inputs: TrainingInputs, model: FittedModel) -> dict[str, float]:
    """On the calibration split, on which the calibration was fitted: for people, never for a decision."""
    rate = linear.rate_of(inputs.calibration.label)
    entropy = float(-rate * np.log(rate) - (1 - rate) * np.log(1 - rate))
    return {
        "calibration_split_log_loss": model.log_loss,
        "calibration_split_normalised_entropy": model.log_loss / entropy,
        "calibration_split_rate": rate,
    }


def bounds_of(spec: Spec) -> tuple[Bounds, ...]:
    """The rejection rules that a server can measure: those over numbers that are its inputs."""
    numbers = {name for name, feature in spec.features.items() if feature.kind == "number"}
    return tuple(rule.bounds for rule in spec.reject if set(rule.bounds.parsed.columns) <= numbers)


def trained_until(*rows: SplitRows) -> str | None:
    """The first second that is younger than all these rows, in UTC; None without a time."""
    newest = [int(block.max()) for part in rows if part.time is not None for block in part.time.blocks()]
    if not newest:
        return None
    moment = datetime.fromtimestamp(max(newest) // MICROSECONDS + 1, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def lineage_of(inputs: TrainingInputs, splits: Path, summary: SplitSummary, extract: Extract) -> BundleLineage:
    return BundleLineage(
        spec_sha256=inputs.spec.spec_sha256,
        sql_sha256=inputs.spec.sql_sha256,
        start=extract.start,
        end=extract.end,
        cutoff=summary.cutoff,
        rows={**summary.rows, "train_sampled": inputs.train.count},
        positives={**summary.positives},
        data_sha256=splits_sha256(splits),
        trained_until=trained_until(inputs.train, inputs.calibration),
    )
