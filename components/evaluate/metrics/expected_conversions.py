"""Conversions that other orders would have had, estimated from those of the logged order.

A conversion logged at position k was seen there with chance e(k), so it stands for 1 / e(k) of them; at its new
position it would be seen with chance e(new). Inverse propensity scoring by position: Joachims, Swaminathan and
Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017. Lists without a conversion count: nothing is
normalised.

Two things keep single conversions from deciding:

* The positions of the rows of a pool are one: each of its conversions stands for the mean e(new) over the mean
  e(logged). A conversion at the bottom of a page weighs no more than another at its top: the item is what converted.
* A conversion itself counts at most MOST times. What it stands for beyond that is spread over its list, by the chance
  that each row had of being the one that converted: a conditional logit on the models' orders and the logged one.
  Doubly robust with clipped weights: Su, Dimakopoulou, Krishnamurthy and Dudík, "Doubly Robust Off-Policy Evaluation
  with Shrinkage", ICML 2020.

The interval draws the units and the curve, both at random; the logit follows each draw to first order.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from artifacts.examination.curve import ExaminationCurve
from components.evaluate.metrics.bootstrap import DRAWS, SEED, Estimate, drawn_sums
from components.evaluate.metrics.candidate_names import NEW
from components.evaluate.metrics.conditional_logit import ConditionalLogit, within_lists
from components.evaluate.metrics.curve_draws import curve_draws
from components.evaluate.metrics.off_policy import least_error_clip, position_weights
from components.evaluate.metrics.pooled_orders import PooledOrders
from model.arrays import Floats

MOST = 1.5
CURVES = 128  # of the draws


class ExpectedConversions:
    """The same orders, curve and seed give the same numbers."""

    def __init__(self, orders: PooledOrders, curve: ExaminationCurve) -> None:
        self._orders, self._curve = orders, curve
        self._converted = np.flatnonzero(orders.label > 0)
        self._pool = orders.pool[self._converted]
        self._unit = orders.unit[orders.list[self._converted]]
        self._units = int(orders.unit.max()) + 1 if len(orders.unit) else 0
        self.clip = self._least_error_clip()

    def value(self, name: str) -> float:
        """Of the order of that name, over all rows, by the curve as estimated."""
        if not self._units:
            return 0.0
        at = self._curve.at
        return float(self._of_units(name, at, self._orders.logged @ at)[0].sum())

    def effective(self, name: str) -> float:
        """How many conversions the weights are worth (Kish's effective sample size): few stand for all the others where
        the order puts at the top what was at the bottom. 0 without conversions."""
        logged, new = (shares @ self._curve.at for shares in (self._orders.logged, self._orders.new[name]))
        weight = position_weights(logged, new, clip=self.clip)[self._pool]
        return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0

    def gain(self, new: str, base: str, *, confidence: float, widening: float = 1.0) -> Estimate:
        """Relative gain of an order over another; NaN where nothing converted at a position that counts."""
        below = self.value(base)
        if not below > 0:
            return Estimate(np.nan, np.nan, np.nan, np.nan)
        value = self.value(new) / below
        drawn, drawn_base = self._drawn[new], self._drawn[base]
        ratios = drawn[drawn_base > 0] / drawn_base[drawn_base > 0]
        low, high = np.quantile(ratios, [(1 - confidence) / 2, (1 + confidence) / 2])
        # With few units the measured value can lie outside of the draws: an interval contains its own value.
        ratio = Estimate(value, min(float(low), value), max(float(high), value), float(ratios.std()))
        ratio = ratio.widened(widening)
        return Estimate(ratio.value - 1, ratio.low - 1, ratio.high - 1, ratio.se)

    def _least_error_clip(self) -> float:
        """By the lift of the new model's order over the logged one."""
        logged, new = (
            (shares @ self._curve.at)[self._pool] for shares in (self._orders.logged, self._orders.new[NEW])
        )  # fmt: skip
        return least_error_clip(self._unit, logged, new)

    @cached_property
    def _logit(self) -> ConditionalLogit:
        """On how high all models put the row, on where the logged order had its pool (whoever made that order may know
        what no model does) and on their squares; on their products too where these say more than chance would.

        Products are for models that disagree: where one puts high what the other puts low, neither may be right.
        """
        orders = self._orders
        logged = np.log(orders.logged @ self._curve.at)[orders.pool]
        features = within_lists(np.column_stack([logged, orders.scores]), orders.list)
        left, right = np.triu_indices(features.shape[1], 1)
        plain = np.column_stack([features, features**2])
        crossed = np.column_stack([plain, features[:, left] * features[:, right]])
        logits = [
            ConditionalLogit(orders.list, orders.position, orders.label, each, self._curve.at)
            for each in (plain, crossed)
        ]
        return min(logits, key=lambda logit: logit.criterion)

    @cached_property
    def _drawn(self) -> Mapping[str, Floats]:
        """The value of each order in each draw, of the same units and curves."""
        random, drawn = np.random.Generator(np.random.PCG64(SEED)), []
        curves = curve_draws(self._curve, CURVES) if self._curve.covariance.any() else self._curve.at[None, :]
        for curve in curves:
            change, logged = np.log(curve / self._curve.at), self._orders.logged @ curve
            orders = [self._of_units(name, curve, logged) for name in self._orders.new]
            of_units = np.column_stack([of_units for of_units, _ in orders])
            by_curve = np.array([by_position @ change for _, by_position in orders])
            drawn.append(drawn_sums(random, of_units, DRAWS // len(curves)) + by_curve)
        # To first order what few conversions stand for can fall below nothing.
        return dict(zip(self._orders.new, np.maximum(np.concatenate(drawn), 0.0).T, strict=True))

    def _of_units(self, name: str, curve: Floats, logged: Floats) -> tuple[Floats, Floats]:
        """What the conversions of each unit stand for by a curve, and how the logit's part of it all changes with the
        logarithm of the curve that the logit was fitted with, by position. `logged` is per pool."""
        orders = self._orders
        weight = orders.new[name] @ curve / logged
        rest = self._logit.sum(np.maximum(weight - MOST, 0.0)[orders.pool])
        counted = np.bincount(self._unit, np.minimum(weight, MOST)[self._pool], minlength=self._units)
        spread = np.bincount(orders.unit, rest.of_list, minlength=self._units)
        return (counted + spread).astype(np.float64), rest.by_curve
