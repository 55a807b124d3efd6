"""Every contender against the others, on the same rows and in the same bootstrap draws."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from components.evaluate.candidates import Scores
from components.evaluate.metrics.bootstrap import Estimate, Sums
from components.evaluate.metrics.off_policy import place_weights
from components.evaluate.metrics.position_bias import Examination
from components.evaluate.metrics.probability import losses
from components.evaluate.metrics.ranking import places
from components.evaluate.test_set import Rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NEW, CHAMPION, CONSTANT, LOGISTIC, CURRENT = "new", "champion", "constant", "logistic", "current_order"
ESTIMATED = "as estimated"
BENT = {"with half the exponent": 0.5, "with double the exponent": 2.0}


class Comparison:
    """`scores` by contender. `curve` is None for data without places, where only probabilities are compared."""

    def __init__(
        self,
        rows: Rows,
        scores: Mapping[str, Scores],
        *,
        constant: float,
        curve: Examination | None,
        confidence: float,
    ) -> None:
        self.rows = rows
        self.probability = {name: one.probability for name, one in scores.items()}
        self.probability[CONSTANT] = np.full(len(rows.label), constant)
        self.order = {name: one.order for name, one in scores.items()}
        self.loss = {name: losses(rows.label, p) for name, p in self.probability.items()}
        self.curves = {ESTIMATED: curve, **{name: curve.bent(x) for name, x in BENT.items()}} if curve else {}
        self.place = self.places_within(rows.list) if rows.list is not None and curve else {}
        columns = {f"loss {name}": loss for name, loss in self.loss.items()}
        columns |= {"label": rows.label, "expected": self.probability[NEW], "rows": np.ones(len(rows.label))}
        if rows.list is not None:
            columns["lists"] = 1 / np.bincount(rows.list)[rows.list]
        for bend in self.curves:
            columns |= {f"{name} {bend}": self.value(place, bend) for name, place in self.place.items()}
        self._sums = Sums(rows.unit, columns, confidence=confidence)

    def places_within(self, groups: Ints) -> dict[str, Ints]:
        """The place that each row gets from each contender, when groups of rows are ordered apart."""
        assert self.rows.place is not None
        found = {name: places(groups, self.rows.place, order) for name, order in self.order.items()}
        return found | {CURRENT: self.rows.place}

    def value(self, place: Ints, bend: str) -> Floats:
        """Conversions that each row stands for at `place`, by the examination curve of that name."""
        return self.rows.label * self.weight(place, bend)

    def weight(self, place: Ints, bend: str) -> Floats:
        assert self.rows.place is not None
        curve = self.curves[bend]
        return place_weights(curve.of(self.rows.place), curve.of(place))

    def lift(self, base: str, bend: str = ESTIMATED) -> Estimate:
        """Relative gain in expected conversions per list over the order of `base`."""
        return self._sums.gain(f"{NEW} {bend}", f"{base} {bend}")

    def saving(self, base: str) -> Estimate:
        """Relative saving in log loss over `base`."""
        return self._sums.saving(f"loss {NEW}", f"loss {base}")

    def conversions_per_list(self, name: str) -> Estimate:
        return self._sums.ratio(f"{name} {ESTIMATED}", "lists")

    def calibration_ratio(self) -> Estimate:
        return self._sums.ratio("expected", "label")

    def log_loss(self, name: str) -> Estimate:
        return self._sums.ratio(f"loss {name}", "rows")
