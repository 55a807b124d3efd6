"""The types of requests and answers, made from the bundle's features.

Every input is named in every request: an absent one is a mistake of the caller, `null` is a value that is not known.
Columns may have any name, so the types' own fields are numbered and carry the name as their alias.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, create_model

from model.bundle.features import CategoryFeature, Direction, Feature, NumberFeature
from model.bundle.manifest import Manifest

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
LISTED = 8
SUGGESTED = 100
EFFECT: dict[Direction | None, str] = {
    None: "",
    "increasing": " The probability never falls when it grows.",
    "decreasing": " The probability never rises when it grows.",
}


def field(place: int) -> str:
    """The Python name of the input at `place`."""
    return f"input_{place}"


def row_type(manifest: Manifest) -> type[BaseModel]:
    """One row: an object with a value or null for each input."""
    fields: dict[str, Any] = {
        field(place): (
            float | None if isinstance(feature, NumberFeature) else str | None,
            Field(alias=feature.name, **_about(feature)),
        )
        for place, feature in enumerate(manifest.inputs)
    }
    return create_model("Row", __config__=STRICT, __doc__="Every input by name; null is not known.", **fields)


def columns_type(manifest: Manifest) -> type[BaseModel]:
    """Many rows: a list for each input, all of one length. Reading stops at a list's first bad value."""
    fields: dict[str, Any] = {}
    for place, feature in enumerate(manifest.inputs):
        values = list[float | None] if isinstance(feature, NumberFeature) else list[str | None]
        about = Field(alias=feature.name, min_length=1, **_about(feature))
        fields[field(place)] = (Annotated[values, FailFast()], about)
    return create_model("Columns", __config__=STRICT, __doc__="A list for each input, of one length.", **fields)


def _about(feature: Feature) -> dict[str, Any]:
    examples = [*feature.categories[:SUGGESTED]] if isinstance(feature, CategoryFeature) else None
    return {"title": feature.name, "description": told(feature), "examples": examples}


def told(feature: Feature) -> str:
    """What a caller should know about an input, in sentences."""
    if isinstance(feature, CategoryFeature):
        return _told_category(feature)
    if feature.minimum is None or feature.maximum is None:
        return f"A number; training saw none.{EFFECT[feature.direction]}"
    seen = f"A number; training saw {feature.minimum:,.10g} to {feature.maximum:,.10g}."
    return seen + EFFECT[feature.direction]


def _told_category(feature: CategoryFeature) -> str:
    known = ", ".join(feature.categories[:LISTED])
    more = len(feature.categories) - LISTED
    rest = f" and {more} more (all in /model)" if more > 0 else ""
    return f"A text; training knows {known}{rest}. Others are scored as one, and marked."


def meaning(manifest: Manifest) -> str:
    """What the probability is a probability of."""
    within = f" within {manifest.conversion_days} days" if manifest.conversion_days else ""
    held = manifest.position
    shown = f", if shown in place {held.constant} of the list" if held else ""
    return f"Probability of `{manifest.label}`{within}{shown}."


class Marks(BaseModel):
    """Why a probability deserves less trust. The row is scored all the same."""

    unknown_categories: list[str] = Field(description="inputs with a value that training did not know")
    outside_bounds: list[str] = Field(description="rules by which training rejects such a row")


class BatchMarks(BaseModel):
    """The same for many rows: name -> the rows that carry the mark, from 0. Names without a row are left out."""

    unknown_categories: dict[str, list[int]]
    outside_bounds: dict[str, list[int]]


def answer_type(manifest: Manifest) -> type[BaseModel]:
    probability = Field(description=meaning(manifest), ge=0, le=1)
    made: type[BaseModel] = create_model(
        "Answer", model=(str, ...), digest=(str, ...), probability=(float, probability), marks=(Marks, ...)
    )
    return made


def batch_answer_type(manifest: Manifest) -> type[BaseModel]:
    probability = Field(description=f"One for each row, in the order of the request. {meaning(manifest)}")
    made: type[BaseModel] = create_model(
        "BatchAnswer",
        model=(str, ...),
        digest=(str, ...),
        probability=(list[float], probability),
        marks=(BatchMarks, ...),
    )
    return made
