"""What one verdict pools: the test splits of several cuts, and what further cuts would add."""

from dataclasses import dataclass

from artifacts.split import SplitSummary
from model.spec.types import MOST_CUTS, Spec

WIDENING = 1.4  # measured: docs/decisions/0044-cuts.md
LEAST_TRAIN = 0.5  # of the conversions of the train split: what the oldest cut should keep


@dataclass(frozen=True)
class Pool:
    """`cuts` of the spec, conversions of the `newest` test split, and the `most` cuts that the rows allow."""

    cuts: int = 1
    newest: int = 0
    most: int = 1

    @classmethod
    def of(cls, spec: Spec, summary: SplitSummary) -> "Pool":
        """`summary` is that of the newest cut."""
        positives = summary.positives
        if spec.split.by != "time" and spec.split.test_share:
            most = int(1 / spec.split.test_share)
        else:
            most = 1 + int(LEAST_TRAIN * positives["train"] / positives["test"]) if positives["test"] else 1
        return cls(spec.split.cuts, positives["test"], min(most, MOST_CUTS))

    @property
    def widening(self) -> float:
        """Of the errors of gains, which the bootstrap draws from test rows alone.

        The models of the cuts learned from much the same rows: what they have by luck does not cancel, and weighs more
        where more test rows are pooled.
        """
        return WIDENING if self.cuts > 1 else 1.0

    def more_for_a_gain(self, conversions: float) -> str:
        """As `advice`, for a gain that needs so many conversions with errors as they are now."""
        return self.advice(conversions * (WIDENING / self.widening) ** 2)

    def advice(self, conversions: float) -> str:
        """How many cuts would pool so many conversions, as a sentence with a space before it; "" where none would."""
        enough = (cuts for cuts in range(self.cuts + 1, self.most + 1) if cuts * self.newest >= conversions)
        cuts = next(enough, None)
        return f" `split: {{cuts: {cuts}}}` would pool about {cuts * self.newest:,}." if cuts else ""


ONE_CUT = Pool()
