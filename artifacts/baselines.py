"""baselines.json: what every model must beat."""

from typing import ClassVar, Literal

from pydantic import Field

from artifacts.document import Document, Section
from model.bundle.calibration import Calibration, Sampling
from model.bundle.examination import ExaminationTable
from model.bundle.features import Feature
from model.bundle.linear import Linear


class ConstantBaseline(Section):
    """The rate of the calibration split."""

    probability: float = Field(gt=0, lt=1)


class LogisticBaseline(Section):
    """A logistic regression in the form of a bundle's linear part, corrected and calibrated as a model is."""

    features: tuple[Feature, ...] = Field(min_length=1)
    linear: Linear
    sampling: Sampling
    calibration: Calibration
    examination: ExaminationTable | None = Field(
        None, exclude_if=lambda table: table is None, description="what the position adds, where the model has it too"
    )


class CurrentOrderBaseline(Section):
    """The order in which rows were shown: the column of the displayed position."""

    position: str


class Baselines(Document):
    FILE: ClassVar[str] = "baselines.json"
    STEP: ClassVar[str] = "train"

    format: Literal[1] = 1
    constant: ConstantBaseline
    logistic: LogisticBaseline
    current_order: CurrentOrderBaseline | None = Field(description="null without a position")
