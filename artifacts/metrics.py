"""metrics.json: every number of one evaluation, and the tables behind the report."""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field

from artifacts.document import Document, Section
from artifacts.number import Number

Points = tuple[tuple[Number, ...], ...]


class Gain(Section):
    """A relative gain of the new model with its interval and standard error; above 0 = better."""

    value: Number
    low: Number
    high: Number
    se: Number


class GainOver(Gain):
    """The gain over one candidate, measured by `log loss` or `conversions per list`.

    `detectable` is the smallest true gain that these rows would show 8 times in 10.
    """

    over: str
    by: str
    detectable: Number


class CurveGain(Gain):
    """The gain over one candidate under one examination curve."""

    over: str
    curve: str


class Examination(Section):
    """The position bias: `curves` by name, each from position 1, and the gains under each of them.

    `decay` is the exponent of the power law nearest to the estimated curve, `decay_se` its standard error; in
    slices a conversion counts at most `clip` times, null where nothing is clipped.
    """

    source: str
    decay: Number
    decay_se: Number
    clip: Number | None
    curves: dict[str, tuple[Number, ...]]
    lifts: tuple[CurveGain, ...]


class SliceRow(Section):
    """One value of a slice column. `change` and `p` (one-sided, of harm) are None where there is too little data."""

    column: str
    value: str
    rows: Number
    conversions: Number
    rate: Number
    rate_low: Number
    rate_high: Number
    mean_probability: Number
    change: Number | None
    p: Number | None
    reference: str


class Importance(Section):
    """`gain_share` of the trees' total gain; `mean_effect` in log odds."""

    feature: str
    gain_share: Number
    mean_effect: Number


class DirectionCheck(Section):
    """Steps over the range of an input with a declared direction, and how many of them went against it."""

    feature: str
    direction: Literal["increasing", "decreasing"]
    steps: Number
    violations: Number


class Drift(Section):
    """The population stability index of an input, and its share of missing values in both splits."""

    feature: str
    psi: Number
    missing_train: Number
    missing_test: Number


class CalibrationBin(Section):
    """Predicted and observed rate of a bin, with the Wilson interval of the observed one."""

    rows: Number
    mean_probability: Number
    rate: Number
    low: Number
    high: Number


class CutRow(Section):
    """A cut where several are pooled: the model that was trained on its older rows, and its own test rows.

    `first` and `last` are times of test rows, None without a time; `train_rows` are before sampling.
    """

    cut: int
    bundle: str
    first: str | None
    last: str | None
    rows: Number
    conversions: Number
    train_rows: Number
    train_conversions: Number
    log_loss: Number
    gains: tuple[GainOver, ...]


class MetricTables(Section):
    """Tables by candidate: `new`, `champion`, `logistic`, `constant`, `current_order`; empty without a comparison.

    `baseline_gains`  over each baseline, as the rules read them
    `pages`           some lists: (logged rank, new rank, converted) of their first rows
    `unit`            what the bootstrap draws: user, list, the split's group, or row
    `gain`            (share of rows, share of conversions); `roc` (false positive rate, true positive rate, threshold);
                      `pr` (recall, precision)
    `cuts`            from the newest; empty for one
    """

    candidates: dict[str, dict[str, Number]] = Field(default_factory=dict)
    baseline_gains: dict[str, Gain] = Field(default_factory=dict)
    comparisons: tuple[GainOver, ...] = ()
    examination: Examination | None = None
    slices: tuple[SliceRow, ...] = ()
    pages: tuple[Points, ...] = ()
    importance: tuple[Importance, ...] = ()
    directions: tuple[DirectionCheck, ...] = ()
    drift: tuple[Drift, ...] = ()
    unit: str | None = None
    calibration: dict[str, tuple[CalibrationBin, ...]] = Field(default_factory=dict)
    gain: dict[str, Points] = Field(default_factory=dict)
    roc: dict[str, Points] = Field(default_factory=dict)
    pr: dict[str, Points] = Field(default_factory=dict)
    cuts: tuple[CutRow, ...] = ()


class MetricsDocument(MetricTables, Document):
    """The tables, and beside them every scalar metric of the new model under its own name: a finite number each."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Number] = Field(init=False)

    FILE: ClassVar[str] = "metrics.json"
    STEP: ClassVar[str] = "evaluate"

    format: Literal[1] = 1

    @classmethod
    def of(cls, scalars: Mapping[str, float], tables: MetricTables) -> Self:
        """Raises pydantic.ValidationError for a scalar that is NaN or infinite."""
        return cls.model_validate({**scalars, **tables.model_dump()})

    @property
    def scalars(self) -> dict[str, float]:
        """By name, sorted."""
        return dict(sorted(self.__pydantic_extra__.items()))
