"""`promotion` of a spec: what a model must prove."""

from typing import Literal

from pydantic import Field, model_validator

from model.spec.part import Part
from model.spec.values import Name, Share


class Champion(Part):
    """How the model in service must be beaten."""

    metric: Literal["ips_conversions", "log_loss"] | None = Field(None, description="default: by what the data allows")
    rule: Literal["superiority", "non-inferiority"] = "superiority"
    margin: Share | None = Field(None, description="of non-inferiority; what is better without doubt needs none")
    confidence: Share = 0.95

    @model_validator(mode="after")
    def _has_its_margin(self) -> "Champion":
        if (self.rule == "non-inferiority") != (self.margin is not None):
            raise ValueError("`margin` is required for rule: non-inferiority, and only valid with it")
        if not 0.5 < self.confidence < 1:
            raise ValueError(f"confidence {self.confidence:g} must lie between 50% and 100%")
        return self


class Promotion(Part):
    """What a model must prove before it becomes an image; where there are positions, against the current order too."""

    must_beat: tuple[Literal["constant", "logistic", "current_order"], ...] = Field(("constant",), min_length=1)
    champion: Champion = Champion()
    slices: tuple[Name, ...] = ()
    min_conversions: int = Field(200, ge=50, le=10**9, description="fewer in the test splits is insufficient data")
    max_unseen: Share = Field(
        0.01,
        description="a larger share of test rows with a category that training never saw holds the model; shares up to "
        "that of the rare values that training pooled do not count",
    )
