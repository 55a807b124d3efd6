"""manifest.json: what a bundle holds, how its model is scored, and what it was made from."""

from collections.abc import Sequence
from typing import Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from model.bundle.bounds import Bounds
from model.bundle.calibration import Calibration, Sampling
from model.bundle.examination import ExaminationTable
from model.bundle.features import Feature, Input, StatisticFeature
from model.bundle.field_problems import add_field_problems
from model.bundle.folder import MANIFEST, RETRAIN
from model.bundle.linear import Linear
from model.errors import Problems
from model.files import parse_json

FORMATS = (1, 2, 3)  # 2 may have statistics, 3 an examination curve as well


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Position(_Part):
    """The displayed position is an input in training; scoring sets it to `constant`, "as if shown there"."""

    feature: str
    constant: int = Field(1, ge=1)
    examination: ExaminationTable | None = Field(
        None,
        exclude_if=lambda table: table is None,
        description="what the position adds, where it was not learned beside the other features",
    )


class Trees(_Part):
    """What the booster file holds."""

    objective: Literal["binary:logistic"] = "binary:logistic"
    trees: int = Field(ge=1)
    members: tuple[int, ...] = Field(
        min_length=1, description="trees of each model of the ensemble, in order; merged by averaging log odds"
    )

    @classmethod
    def of(cls, members: tuple[int, ...]) -> "Trees":
        """Of models with so many trees each."""
        return cls(trees=sum(members), members=members)


class BundleLineage(_Part):
    """What the model was made from. No clock, no host: the same inputs give the same bytes."""

    spec_sha256: str
    sql_sha256: str
    start: str | None
    end: str | None
    cutoff: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", description="no row is younger")
    rows: dict[str, int]
    positives: dict[str, int]
    data_sha256: str = Field(description="over the three splits as preprocess wrote them")
    trained_until: str | None = Field(None, description="every row that it learned from is older; null without a time")
    refit_of: str | None = Field(None, description="of a refit: the digest of the bundle that was judged")


class FileDigest(_Part):
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=1)


class BundleManifest(_Part):
    """manifest.json. The format is the lowest that has all of it, which older readers know."""

    format: Literal[1, 2, 3] = 1
    model: str
    label: str
    conversion_days: int
    features: tuple[Feature, ...] = Field(min_length=1)
    position: Position | None = None
    bounds: tuple[Bounds, ...] = ()
    linear: Linear
    trees: Trees
    sampling: Sampling
    calibration: Calibration
    search: dict[str, str | int | float | bool | None]
    metrics: dict[str, float] = Field(description="on the calibration split; the verdict's are of the test split")
    lineage: BundleLineage
    libraries: dict[str, str] = Field(description="name -> version; xgboost must be the server's own")
    files: dict[str, FileDigest] = Field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The matrix's columns in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The features that a caller sends: all but the position and the statistics of others."""
        position = self.position.feature if self.position else None
        return tuple(feature for feature in self.columns if feature.name != position)

    @property
    def columns(self) -> tuple[Input, ...]:
        """The features that are columns of the data: the inputs and the position."""
        return tuple(feature for feature in self.features if not isinstance(feature, StatisticFeature))

    @property
    def statistics(self) -> tuple[StatisticFeature, ...]:
        """The features that are computed of an input."""
        return tuple(feature for feature in self.features if isinstance(feature, StatisticFeature))


def format_of(features: Sequence[Feature], position: Position | None) -> Literal[1, 2, 3]:
    """The lowest number of a format that has these."""
    if position and position.examination:
        return 3
    return 2 if any(isinstance(feature, StatisticFeature) for feature in features) else 1


def parse_manifest(data: bytes, problems: Problems) -> BundleManifest | None:
    """The manifest, or None with the problems added: JSON first, then the format number, then every field."""
    try:
        value = parse_json(data)
    except (ValueError, UnicodeDecodeError) as error:
        problems.add(MANIFEST, f"is not JSON ({error})", RETRAIN, "manifest-json")
        return None
    number = value.get("format") if isinstance(value, dict) else None
    if number not in FORMATS or isinstance(number, bool):
        problem = f"is of format {number!r}" if isinstance(value, dict) else "is not an object"
        problems.add(f"{MANIFEST} format", problem, "This Kamado reads the formats 1, 2 and 3", "manifest-format")
        return None
    try:
        return BundleManifest.model_validate_json(data)
    except pydantic.ValidationError as error:
        add_field_problems(MANIFEST, error, problems, "manifest-field")
        return None
