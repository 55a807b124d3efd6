"""Everything measured that a rule reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from artifacts.examination.estimate import IDENTIFIED
from artifacts.pool import ONE_CUT, Pool
from components.evaluate.metrics.bootstrap import Estimate


@dataclass(frozen=True)
class SliceResult:
    """`change` is relative to the reference, above 0 = better; `p` the one-sided chance of this result if the slice
    were not worse. Both are None where the slice is too small to measure."""

    column: str
    value: str
    conversions: float
    change: float | None
    p: float | None


@dataclass(frozen=True)
class ChampionComparison:
    """The model in service, scored on the same rows. `unscorable` is the reason why it could not be, "" if it could.

    `seen` of the `rows` test rows are left out, because it learned from them; `conversions` are among the others, and
    `too_few` for a comparison.
    `primary` and `log_loss` are relative gains of the new model over it, above 0 = better; None where none are left.
    `order` is that of log loss once the level of both is put right on these rows, where log loss decides.
    """

    same_bundle: bool = False
    unscorable: str = ""
    seen: int = 0
    rows: int = 0
    conversions: float = 0.0
    too_few: bool = False
    primary: Estimate | None = None
    log_loss: Estimate | None = None
    order: Estimate | None = None

    @property
    def comparable(self) -> bool:
        """Whether there are gains over it."""
        return not self.unscorable and not self.same_bundle


@dataclass(frozen=True)
class UnseenCategories:
    """Values of one category column. `unseen`: share of test rows whose value is in no training row; `pooled`: share of
    training rows whose value is too rare for a code of its own, so that the model reads it as it reads an unseen one.

    Unseen values are scored with the pool that training knows, as long as they are not more than the pool.
    """

    column: str
    unseen: float
    pooled: float

    @property
    def excess(self) -> float:
        """The share of test rows with a value that the model can know nothing of."""
        return max(0.0, self.unseen - self.pooled)


@dataclass(frozen=True)
class Evidence:
    """`baseline_gains`: gain over each baseline, above 0 = better. `reference` is what slices are compared with.

    `pool` are the cuts that the test rows are from.
    """

    metrics: Mapping[str, float]
    baseline_gains: Mapping[str, Estimate]
    slices: Mapping[str, Sequence[SliceResult]] = field(default_factory=dict)
    reference: str = "the constant"
    champion: ChampionComparison | None = None
    unseen: UnseenCategories | None = None
    pool: Pool = ONE_CUT

    @property
    def curve_known(self) -> bool:
        """Whether something tells the examination curve; true where there is none."""
        return self.metrics.get("examination_decay_se", 0.0) <= IDENTIFIED
