"""From measurements to what the rules read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from artifacts.metrics import SliceRow
from artifacts.pool import Pool
from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import ChampionComparison, Evidence, SliceResult, UnseenCategories
from components.evaluate.decide.gain_text import NAMES
from components.evaluate.metrics.candidate_names import (
    CHAMPION,
    CONSTANT,
    CURRENT,
    ESTIMATED,
    EXPONENTS,
    LOGISTIC,
    NEW,
)
from components.evaluate.metrics.paired_comparison import PairedComparison
from components.evaluate.metrics.slice_results import RowValues, slice_results, slice_rows
from components.evaluate.metrics.slices import Slicing
from model.arrays import Floats

ByCurve = Mapping[str, tuple[SliceResult, ...]]


@dataclass(frozen=True)
class Measurements:
    """What was measured: `champion` without its gains, None where there is none.

    `against` is the comparison with it, on the rows that it has not learned from: `compared` itself where that is all.
    `slicings` are of the rows of `sliced`.
    """

    compared: PairedComparison
    against: PairedComparison
    scalars: Mapping[str, float]
    slicings: Sequence[Slicing]
    champion: ChampionComparison | None
    unseen: UnseenCategories | None
    pool: Pool

    @property
    def sliced(self) -> PairedComparison:
        """Whose rows are cut into slices: they are compared with the champion where there is one to compare with."""
        return self.against if CHAMPION in self.against.loss else self.compared


@dataclass(frozen=True)
class GatheredEvidence:
    """The evidence with the examination curve as estimated, and `sensitivity` with it raised to other exponents."""

    evidence: Evidence
    sensitivity: Mapping[str, Evidence]
    slices: tuple[SliceRow, ...]


def gather_evidence(measured: Measurements, criteria: Criteria) -> GatheredEvidence:
    """Slices and champion are compared by order where the spec does so, else by log loss."""
    reference = _reference(measured, criteria)
    curves = (ESTIMATED, *(EXPONENTS if criteria.by_order else ()))
    slices = {
        slicing.column: _by_curve(measured, slicing, reference, criteria, curves) for slicing in measured.slicings
    }
    evidence = {curve: _evidence(measured, criteria, reference, slices, curve) for curve in curves}
    rows = [
        row
        for slicing in measured.slicings
        for row in slice_rows(
            slicing,
            measured.sliced.rows.label,
            measured.sliced.probability[NEW],
            slices[slicing.column][ESTIMATED],
            reference=NAMES[reference],
        )
    ]
    return GatheredEvidence(evidence.pop(ESTIMATED), evidence, tuple(rows))


def _reference(measured: Measurements, criteria: Criteria) -> str:
    """The candidate that slices are compared with."""
    if CHAMPION in measured.against.loss:
        return CHAMPION
    return CURRENT if criteria.by_order else CONSTANT


def _evidence(
    measured: Measurements, criteria: Criteria, reference: str, slices: Mapping[str, ByCurve], curve: str
) -> Evidence:
    compared = measured.compared
    gains = {name: compared.saving(name) for name in (CONSTANT, LOGISTIC)}
    if criteria.ranked:
        gains[CURRENT] = compared.lift(CURRENT, curve)
    champion, against = measured.champion, measured.against
    if champion and CHAMPION in against.loss:
        saving = against.saving(CHAMPION)
        primary = against.lift(CHAMPION, curve) if criteria.by_order else saving
        order = None if criteria.by_order else against.order_saving(CHAMPION)
        champion = replace(champion, unscorable="", primary=primary, log_loss=saving, order=order)
    results = {column: by_curve[curve] for column, by_curve in slices.items()}
    return Evidence(measured.scalars, gains, results, NAMES[reference], champion, measured.unseen, measured.pool)


def _by_curve(
    measured: Measurements, slicing: Slicing, reference: str, criteria: Criteria, curves: Sequence[str]
) -> ByCurve:
    """The results of a column's slices under each curve; log loss does not depend on the curve."""
    compared = measured.sliced
    if not criteria.by_order:
        loss = _row_values(compared, compared.loss[NEW], compared.loss[reference], less_is_better=True)
        return dict.fromkeys(curves, slice_results(slicing, loss))
    assert compared.rows.list is not None
    position = compared.positions_within(slicing.within(compared.rows.list))
    results = {}
    for curve in curves:
        new, base = (compared.value(position[name], curve) for name in (NEW, reference))
        values = _row_values(compared, new, base, less_is_better=False)
        if curve == ESTIMATED:
            steeper = (compared.steeper_value(position[NEW]), compared.steeper_value(position[reference]))
            values = replace(values, steeper=steeper)
        results[curve] = slice_results(slicing, values)
    return results


def _row_values(compared: PairedComparison, new: Floats, base: Floats, *, less_is_better: bool) -> RowValues:
    rows = compared.rows
    return RowValues(
        new, base, rows.unit, rows.label, less_is_better=less_is_better, widening=compared.widening
    )  # fmt: skip
