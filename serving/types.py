"""The types of requests and answers, generated from the bundle's features.

Every input is named in every request: an absent one is a mistake of the caller, `null` is a value that is not known.
Columns may have any name, so the fields of the types are numbered and carry the column's name as their alias.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, create_model

from model.bundle.features import CategoryFeature, Direction, Input, NumberFeature
from model.bundle.manifest import BundleManifest
from model.bundle.unknown import UnknownPolicy
from serving.log_keys import LogKeys

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
MAX_LISTED = 8
MAX_SUGGESTED = 100
DIRECTION_SENTENCES: dict[Direction | None, str] = {
    None: "",
    "increasing": " The probability never falls when it grows.",
    "decreasing": " The probability never rises when it grows.",
}
UNKNOWN_SENTENCES: dict[UnknownPolicy, str] = {
    "other": "Others are scored as one category, and flagged.",
    "missing": "Others are scored as missing, and flagged.",
    "refuse": "Others are refused.",
}
FieldDefinition = tuple[object, object]  # of pydantic.create_model: a type and its Field


def field_name(index: int) -> str:
    """The Python name of the input with this index."""
    return f"input_{index}"


def row_type(manifest: BundleManifest) -> type[BaseModel]:
    """One row: an object with a value or null for each input."""
    fields = {
        field_name(index): (_value_type(feature), _input_field(feature))
        for index, feature in enumerate(manifest.inputs)
    }
    return _strict_type("Row", "Every input by name; null is not known.", fields)


def columns_type(manifest: BundleManifest) -> type[BaseModel]:
    """Many rows: a list for each input, all of one length. Validation stops at a list's first bad value."""
    fields = {
        field_name(index): (
            Annotated[_list_of(_value_type(feature)), FailFast()],
            _input_field(feature, min_length=1),
        )
        for index, feature in enumerate(manifest.inputs)
    }
    return _strict_type("Columns", "A list for each input, of one length.", fields)


def columns_batch_type(manifest: BundleManifest) -> type[BaseModel]:
    """A batch as columns: {"columns": Columns, "log": LogKeys}."""
    return create_model(
        "BatchOfColumns", __config__=STRICT, columns=(columns_type(manifest), ...), log=(LogKeys | None, None)
    )


def rows_batch_type(manifest: BundleManifest) -> type[BaseModel]:
    """A batch as rows: {"rows": [Row], "log": LogKeys}. Validation stops at the first bad row."""
    rows: Any = Annotated[_list_of(row_type(manifest)), FailFast(), Field(min_length=1)]
    return create_model("BatchOfRows", __config__=STRICT, rows=(rows, ...), log=(LogKeys | None, None))


def _value_type(feature: Input) -> Any:
    if isinstance(feature, NumberFeature):
        return float | None
    return Literal[*feature.categories, None] if feature.unknown == "refuse" else str | None


def _list_of(item: Any) -> Any:
    return list[item]


def _strict_type(name: str, doc: str, fields: Mapping[str, FieldDefinition]) -> type[BaseModel]:
    definitions: Any = fields  # beside the fields create_model has typed keywords of its own
    generated: type[BaseModel] = create_model(name, __config__=STRICT, __doc__=doc, **definitions)
    return generated


def _input_field(feature: Input, *, min_length: int | None = None) -> object:
    examples = [*feature.categories[:MAX_SUGGESTED]] if isinstance(feature, CategoryFeature) else None
    return Field(
        alias=feature.name,
        title=feature.name,
        description=describe_feature(feature),
        examples=examples,
        min_length=min_length,
    )


def describe_feature(feature: Input) -> str:
    """What a caller should know about an input, in sentences."""
    if isinstance(feature, CategoryFeature):
        return _describe_category(feature)
    if feature.minimum is None or feature.maximum is None:
        return f"A number; training saw none.{DIRECTION_SENTENCES[feature.direction]}"
    seen = f"A number; training saw {feature.minimum:,.10g} to {feature.maximum:,.10g}."
    return seen + DIRECTION_SENTENCES[feature.direction]


def _describe_category(feature: CategoryFeature) -> str:
    known = ", ".join(feature.categories[:MAX_LISTED])
    more = len(feature.categories) - MAX_LISTED
    rest = f" and {more} more (all in /model)" if more > 0 else ""
    return f"A string; training knows {known}{rest}. {UNKNOWN_SENTENCES[feature.unknown]}"


def describe_target(manifest: BundleManifest) -> str:
    """What the probability is a probability of."""
    within = f" within {manifest.conversion_days} days" if manifest.conversion_days else ""
    position = f", if shown at position {manifest.position.constant} of the list" if manifest.position else ""
    return f"Probability of `{manifest.label}`{within}{position}."


class Flags(BaseModel):
    """Reasons to trust a probability less. The row is scored all the same."""

    unknown_categories: list[str] = Field(description="inputs with a value that training did not know")
    outside_range: list[str] = Field(description="inputs with a number below or above all that training saw")
    outside_bounds: list[str] = Field(description="rules by which training rejects such a row")


class BatchFlags(BaseModel):
    """The same for many rows: name -> indices of the flagged rows, from 0. Names without a row are left out."""

    unknown_categories: dict[str, list[int]]
    outside_range: dict[str, list[int]]
    outside_bounds: dict[str, list[int]]


def answer_type(manifest: BundleManifest) -> type[BaseModel]:
    """The answer to one row; those of its keys that have a default are there with `explain=1` only."""
    probability = Field(description=describe_target(manifest), ge=0, le=1)
    texts = {
        "margin": "log odds as fitted, before sampling correction and calibration: base + contributions + rounding",
        "base": "log odds of a row of which nothing is known",
        "rounding": "what adding the trees in float32 leaves over; with it the sum is exact, in float64",
    }
    explained: Any = {name: (float | None, Field(None, description=text)) for name, text in texts.items()}
    explained["contributions"] = (_contributions_type(manifest) | None, None)
    answer: type[BaseModel] = create_model(
        "Answer",
        model=(str, ...),
        digest=(str, ...),
        probability=(float, probability),
        flags=(Flags, ...),
        **explained,
    )
    return answer


def _contributions_type(manifest: BundleManifest) -> Any:
    """A number for each feature; the position is one, although nobody sends it."""
    texts = {feature.name: "What its value adds to the log odds." for feature in manifest.columns}
    if manifest.position:
        texts[manifest.position.feature] = f"What being shown at position {manifest.position.constant} adds."
    fields: Any = {
        field_name(index): (float, Field(alias=name, title=name, description=text))
        for index, (name, text) in enumerate(texts.items())
    }
    return create_model("Contributions", __doc__="In log odds, before sampling correction and calibration.", **fields)


def batch_answer_type(manifest: BundleManifest) -> type[BaseModel]:
    """The answer to a batch."""
    probability = Field(description=f"One for each row, in the order of the request. {describe_target(manifest)}")
    answer: type[BaseModel] = create_model(
        "BatchAnswer",
        model=(str, ...),
        digest=(str, ...),
        probability=(list[float], probability),
        flags=(BatchFlags, ...),
    )
    return answer
