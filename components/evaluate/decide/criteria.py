"""What the spec asks of a model before it may be promoted."""

from dataclasses import dataclass
from typing import Literal

from model.spec.types import Spec


@dataclass(frozen=True)
class Criteria:
    """`promotion` of the spec. `ranked`: the data have positions, so that orders can be compared."""

    must_beat: tuple[str, ...]
    metric: Literal["ips_conversions", "log_loss"]
    rule: Literal["superiority", "non-inferiority"]
    margin: float | None
    confidence: float
    slices: tuple[str, ...]
    min_conversions: int
    max_unseen: float
    ranked: bool

    @classmethod
    def of(cls, spec: Spec) -> "Criteria":
        """Without a metric in the spec, orders are compared where there are positions, else log loss.

        With positions the current order is always to be beaten: a probability that knows the position beats a constant
        in whatever order it puts the rows.
        """
        promotion, ranked = spec.promotion, spec.columns.position is not None
        current = ("current_order",) if ranked and "current_order" not in promotion.must_beat else ()
        champion = promotion.champion
        return cls(
            must_beat=(*promotion.must_beat, *current),
            metric=champion.metric or ("ips_conversions" if ranked else "log_loss"),
            rule=champion.rule,
            margin=champion.margin,
            confidence=champion.confidence,
            slices=promotion.slices,
            min_conversions=promotion.min_conversions,
            max_unseen=promotion.max_unseen,
            ranked=ranked,
        )

    @property
    def by_order(self) -> bool:
        """Whether the champion and the slices are compared by expected conversions instead of log loss."""
        return self.ranked and self.metric == "ips_conversions"

    @property
    def measure(self) -> str:
        """The name of the measure that the champion is compared by."""
        return "expected conversions per list" if self.metric == "ips_conversions" else "log loss"
