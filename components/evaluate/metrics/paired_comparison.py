"""Every candidate against the others, on the same rows and in the same bootstrap draws."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from artifacts.examination.curve import ExaminationCurve
from components.evaluate.metrics.bootstrap import Estimate, PerRow, Sums
from components.evaluate.metrics.candidate_names import CHAMPION, CONSTANT, CURRENT, ESTIMATED, EXPONENTS, NEW
from components.evaluate.metrics.discrimination import level_put_right
from components.evaluate.metrics.expected_conversions import ExpectedConversions
from components.evaluate.metrics.off_policy import position_weights
from components.evaluate.metrics.pooled_orders import PooledOrders, pools
from components.evaluate.metrics.probability import losses, of_probabilities
from components.evaluate.metrics.ranking import positions_by_score, ranks
from components.evaluate.scoring import CandidateScores
from components.evaluate.test_set import Rows
from model.arrays import Floats, Ints


class PairedComparison:
    """`scores` by candidate, `constant` the probability of that baseline per row. `curve` is None for data without
    positions, where only probabilities are compared. `widening` is of the errors of gains, where cuts are pooled.
    """

    def __init__(
        self,
        rows: Rows,
        scores: Mapping[str, CandidateScores],
        *,
        constant: Floats,
        curve: ExaminationCurve | None,
        confidence: float,
        widening: float = 1.0,
    ) -> None:
        self.rows, self.widening = rows, widening
        self.probability = {name: score.probability for name, score in scores.items()}
        self.probability[CONSTANT] = constant
        self.order = {name: score.order for name, score in scores.items()}
        self.loss = {name: losses(rows.label, p) for name, p in self.probability.items()}
        self.curves = _curves(curve) if curve else {}
        self.position = self.positions_within(rows.list) if rows.list is not None and curve else {}
        columns: dict[str, PerRow] = {f"loss {name}": loss for name, loss in self.loss.items()}
        columns |= {"label": rows.label, "expected": self.probability[NEW], "rows": lambda: np.ones(len(rows.label))}
        self._expected = self._by_curve() if self.position else {}
        self._confidence = confidence
        self._sums = Sums(rows.unit, columns, confidence=confidence, widening=widening)

    def _orders(self) -> tuple[Rows, Mapping[str, Ints], Mapping[str, Floats]]:
        """Rows, the positions that each candidate gives them, and the scores by which."""
        return self.rows, self.position, self.order

    def _by_curve(self) -> dict[str, ExpectedConversions]:
        """Of orders by each curve. Rows of an item are pooled where the models that are compared score them alike."""
        rows, positions, scores = self._orders()
        compared = [scores[name] for name in (NEW, CHAMPION) if name in scores]
        pool = None if rows.item is None else pools(rows.item, compared)
        last = len(self.curves[ESTIMATED].at)
        orders = PooledOrders.of(rows, positions, list(scores.values()), pool, last=last)
        return {name: ExpectedConversions(orders, curve) for name, curve in self.curves.items()}

    @cached_property
    def quality(self) -> Mapping[str, Mapping[str, float]]:
        """The scalar metrics of each candidate's probabilities."""
        return {name: of_probabilities(self.rows.label, p) for name, p in self.probability.items()}

    @cached_property
    def rank(self) -> Mapping[str, Ints]:
        """Rank of each row within its list, by the position that each candidate gives it."""
        assert self.rows.list is not None
        return {name: ranks(self.rows.list, -at.astype(np.float64)) for name, at in self.position.items()}

    @cached_property
    def cut(self) -> Ints:
        """Number of the cut of each row, from 0: each has a constant of its own."""
        number: Ints = np.unique(self.probability[CONSTANT], return_inverse=True)[1].reshape(-1)
        return number

    def positions_within(self, groups: Ints) -> dict[str, Ints]:
        """The position that each row gets from each candidate, when groups of rows are ordered separately."""
        assert self.rows.position is not None
        logged = self.rows.position
        by_score = {name: positions_by_score(groups, logged, order) for name, order in self.order.items()}
        return by_score | {CURRENT: logged}

    def value(self, position: Ints, curve: str) -> Floats:
        """Conversions that each row stands for at `position`, by the examination curve of that name."""
        return self.rows.label * self.weight(position, curve)

    def weight(self, position: Ints, curve: str) -> Floats:
        """Off-policy weights of the rows at `position`."""
        assert self.rows.position is not None
        examined = self.curves[curve]
        clip = self._expected[curve].clip
        return position_weights(examined.of(self.rows.position), examined.of(position), clip=clip)

    def steeper_value(self, position: Ints) -> Floats:
        """`value` by the estimated curve as it may be: its decay one standard error larger."""
        assert self.rows.position is not None
        examined, clip = self.curves[ESTIMATED].steeper, self._expected[ESTIMATED].clip
        return self.rows.label * position_weights(examined.of(self.rows.position), examined.of(position), clip=clip)

    def lift(self, base: str, curve: str = ESTIMATED) -> Estimate:
        """Relative gain in expected conversions per list over the order of `base`."""
        return self._expected[curve].gain(NEW, base, confidence=self._confidence, widening=self.widening)

    def saving(self, base: str) -> Estimate:
        """Relative saving in log loss over `base`."""
        return self._sums.saving(f"loss {NEW}", f"loss {base}")

    def order_saving(self, base: str) -> Estimate:
        """Relative saving in log loss over `base` when the level of both is put right on these rows: what is left is
        how they order rows."""
        label = self.rows.label
        right = {name: level_put_right(label, self.probability[name], self.cut) for name in (NEW, base)}
        columns: dict[str, PerRow] = {f"loss {name}": losses(label, p) for name, p in right.items()}
        sums = Sums(self.rows.unit, columns, confidence=self._confidence, widening=self.widening)
        return sums.saving(f"loss {NEW}", f"loss {base}")

    def effective_conversions(self, name: str) -> float:
        """What the weights leave of the conversions, under the order of a candidate."""
        return self._expected[ESTIMATED].effective(name)

    @property
    def clip(self) -> float | None:
        """How often a conversion counts at most in slices; None where nothing is clipped."""
        clip = self._expected[ESTIMATED].clip
        return clip if np.isfinite(clip) else None

    def conversions_per_list(self, name: str) -> float:
        """Expected under the order of a candidate."""
        assert self.rows.list is not None
        return self._expected[ESTIMATED].value(name) / float(self.rows.list.max() + 1)

    def calibration_ratio(self) -> Estimate:
        """Predicted over observed conversions of the new model."""
        return self._sums.ratio("expected", "label")

    def log_loss(self, name: str) -> Estimate:
        """Mean of a candidate, in nats per row."""
        return self._sums.ratio(f"loss {name}", "rows")


def _curves(curve: ExaminationCurve) -> dict[str, ExaminationCurve]:
    powers = {name: curve.to_the_power(exponent) for name, exponent in EXPONENTS.items()}
    return {ESTIMATED: curve, **powers}
