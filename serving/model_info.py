"""The answer of /model: a description of the model in service."""

import platform

import fastapi
import numpy
import orjson
import pydantic
import uvicorn
from pydantic import BaseModel, Field

from model.bundle.bounds import Bounds
from model.bundle.calibration import Calibration, Sampling
from model.bundle.features import CategoryFeature, Input, NumberFeature
from model.bundle.manifest import BundleLineage, BundleManifest, Position, Trees
from model.bundle.predictor import XGBOOST, Engine
from serving.score import LoadedModel
from serving.settings import ServerLimits
from serving.types import describe_feature, describe_target


class NumberInput(NumberFeature):
    """A number feature of the manifest, and its description."""

    description: str


class CategoryInput(CategoryFeature):
    """A category feature of the manifest, and its description."""

    description: str


class Libraries(BaseModel):
    """Library name -> version."""

    trained: dict[str, str]
    serving: dict[str, str]


class GoldenCheck(BaseModel):
    """The golden rows that were scored at the start."""

    rows: int
    largest_difference: float


class LimitsInfo(BaseModel):
    """The limits in force."""

    concurrency: int
    rows: int
    bytes: int
    seconds: int


class EngineInfo(BaseModel):
    """What computes the scores; both engines give the same bits."""

    name: Engine
    reason: str | None = Field(description="why it is not the kernel; null where it is")


class ModelInfo(BaseModel):
    """Everything about the model in service."""

    model: str
    digest: str
    target: str = Field(description="what the probability is a probability of")
    label: str
    conversion_days: int
    features: list[NumberInput | CategoryInput] = Field(description="the inputs of a request")
    position: Position | None
    bounds: tuple[Bounds, ...]
    sampling: Sampling
    calibration: Calibration
    trees: Trees
    search: dict[str, str | int | float | bool | None]
    metrics: dict[str, float]
    lineage: BundleLineage
    engine: EngineInfo
    libraries: Libraries
    golden: GoldenCheck
    limits: LimitsInfo


def model_info(model: LoadedModel, limits: ServerLimits) -> ModelInfo:
    predictor = model.scorer.predictor
    manifest = predictor.manifest
    return ModelInfo(
        model=manifest.model,
        digest=predictor.digest,
        target=describe_target(manifest),
        label=manifest.label,
        conversion_days=manifest.conversion_days,
        features=[_input(feature) for feature in manifest.inputs],
        position=manifest.position,
        bounds=manifest.bounds,
        sampling=manifest.sampling,
        calibration=manifest.calibration,
        trees=manifest.trees,
        search=manifest.search,
        metrics=manifest.metrics,
        lineage=manifest.lineage,
        engine=EngineInfo(name=predictor.engine, reason=predictor.engine_reason),
        libraries=_libraries(manifest),
        golden=GoldenCheck(rows=len(predictor.golden), largest_difference=model.largest_difference),
        limits=LimitsInfo(
            concurrency=limits.concurrency, rows=limits.max_rows, bytes=limits.max_bytes, seconds=limits.seconds
        ),
    )


def _input(feature: Input) -> NumberInput | CategoryInput:
    described = CategoryInput if isinstance(feature, CategoryFeature) else NumberInput
    return described.model_validate({**feature.model_dump(), "description": describe_feature(feature)})


def _libraries(manifest: BundleManifest) -> Libraries:
    serving = {
        "python": platform.python_version(),
        "xgboost": XGBOOST,
        "numpy": numpy.__version__,
        "pydantic": pydantic.VERSION,
        "fastapi": fastapi.__version__,
        "orjson": orjson.__version__,
        "uvicorn": uvicorn.__version__,
    }
    return Libraries(trained=manifest.libraries, serving=serving)
