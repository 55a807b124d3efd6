"""The tables of metrics.json that compare candidates."""

import math
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from artifacts.metrics import CurveGain, Examination, GainOver, Points
from components.evaluate.metrics.bootstrap import Estimate
from components.evaluate.metrics.candidate_names import CHAMPION, CONSTANT, CURRENT, ESTIMATED, LOGISTIC, NEW
from components.evaluate.metrics.off_policy import estimate
from components.evaluate.metrics.paired_comparison import PairedComparison
from components.evaluate.metrics.scalars import agreement
from model.arrays import Ints

LISTS_SHOWN, RANKS_SHOWN = 8, 20


def candidates(compared: PairedComparison) -> dict[str, dict[str, float]]:
    """Every metric that can be measured, by candidate."""
    table = {name: _candidate(compared, name) for name in (NEW, CHAMPION, LOGISTIC, CONSTANT, CURRENT)}
    return {name: metrics for name, metrics in table.items() if metrics}


def _candidate(compared: PairedComparison, name: str) -> dict[str, float]:
    label = compared.rows.label
    metrics: dict[str, float] = {}
    if name in compared.probability:
        metrics |= compared.quality[name]
    if name in compared.position:
        weighted = estimate(label, compared.weight(compared.position[name], ESTIMATED))
        metrics |= {"ips_conversions": compared.conversions_per_list(name), "snips": weighted.snips}
    if compared.rows.list is not None and (name in compared.order or name in compared.position):
        metrics |= agreement(compared, name)
    return metrics


def comparisons(compared: PairedComparison, against: PairedComparison) -> tuple[GainOver, ...]:
    """Gains of the new model over every other candidate; `against` is the comparison with the champion.

    A gain that these rows cannot show, because they have no conversion, is left out.
    """
    savings = [
        (base, "log loss", on.saving(base))
        for base, on in ((CHAMPION, against), (LOGISTIC, compared), (CONSTANT, compared))
        if base in on.loss
    ]
    lifts = [
        (base, "conversions per list", on.lift(base))
        for base, on in ((CHAMPION, against), (CURRENT, compared), (LOGISTIC, compared))
        if base in on.position
    ]
    return tuple(_gain_over(*gain) for gain in (*savings, *lifts) if math.isfinite(gain[2].value))


def _gain_over(base: str, measure: str, gain: Estimate) -> GainOver:
    return GainOver(over=base, by=measure, detectable=gain.detectable, **asdict(gain))


def examination(compared: PairedComparison, against: PairedComparison) -> Examination | None:
    """The curve, and the lifts under it and under its powers; None for data without positions."""
    if not compared.curves:
        return None
    curve = compared.curves[ESTIMATED]
    lifts = [
        CurveGain(over=base, curve=name, **asdict(on.lift(base, name)))
        for base, on in ((CHAMPION, against), (CURRENT, compared))
        if base in on.position
        for name in compared.curves
    ]
    return Examination(
        source=curve.source,
        decay=curve.decay,
        decay_se=curve.decay_se,
        clip=compared.clip,
        curves={name: tuple(curve.at.tolist()) for name, curve in compared.curves.items()},
        lifts=tuple(lifts),
    )


def list_examples(compared: PairedComparison) -> tuple[Points, ...]:
    """Some lists with a conversion, evenly spread: (logged rank, new rank, converted) of their first rows."""
    rows = compared.rows
    if rows.list is None or not compared.position:
        return ()
    old, new = compared.rank[CURRENT], compared.rank[NEW]
    examples = []
    for number in _evenly_spread(rows.list, rows.label):
        first = np.flatnonzero((rows.list == number) & ((old <= RANKS_SHOWN) | (new <= RANKS_SHOWN)))
        first = first[np.argsort(old[first])]
        examples.append(tuple((float(old[row]), float(new[row]), float(rows.label[row])) for row in first))
    return tuple(examples)


def _evenly_spread(lists: Ints, label: NDArray[np.float64]) -> Ints:
    """At most LISTS_SHOWN lists of several rows with a conversion."""
    converting = np.flatnonzero((np.bincount(lists, label) > 0) & (np.bincount(lists) > 1))
    if not len(converting):
        return converting
    spread: Ints = converting[np.unique(np.linspace(0, len(converting) - 1, LISTS_SHOWN).round().astype(int))]
    return spread
