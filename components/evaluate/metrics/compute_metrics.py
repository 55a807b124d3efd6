"""All numbers of one evaluation: flat metrics, tables for the report, and the evidence for the decision."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.evaluate.decide.decide import POWER, Evidence, Opponent, Rules, Slice, Unseen
from components.evaluate.metrics import probability as quality
from components.evaluate.metrics.bootstrap import Estimate
from components.evaluate.metrics.off_policy import CLIP, estimate
from components.evaluate.metrics.paired_comparison import (
    BENT,
    CHAMPION,
    CONSTANT,
    CURRENT,
    ESTIMATED,
    LOGISTIC,
    NEW,
    Comparison,
)
from components.evaluate.metrics.ranking import gini, group_auc, logged_agreement, moved, ranks
from components.evaluate.metrics.slices import Slicing, described, findings

Floats = NDArray[np.float64]
PAGES_SHOWN, PLACES_SHOWN = 8, 20


def probability_metrics(compared: Comparison) -> dict[str, float]:
    """Flat numbers of the new model's probabilities."""
    label = compared.rows.label
    probability = compared.probability[NEW]
    found = {"rows": float(len(label)), "conversions": float(label.sum()), "conversion_rate": float(label.mean())}
    found |= quality.of_probabilities(label, probability)
    half = quality.Z95 * quality.auc_error(label, probability)
    found |= {"auc_low": max(0.0, found["auc"] - half), "auc_high": min(1.0, found["auc"] + half)}
    found |= _interval("log_loss", compared.log_loss(NEW)) | _interval(
        "calibration_ratio", compared.calibration_ratio()
    )
    for base in (CONSTANT, LOGISTIC, CHAMPION):
        if base in compared.loss:
            found |= _interval(f"log_loss_saving_over_{base}", compared.saving(base))
    return found


def _interval(name: str, found: Estimate) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def order_metrics(compared: Comparison) -> dict[str, float]:
    """Flat numbers of the new model's order; {} without lists, and nothing off-policy without places."""
    rows = compared.rows
    if rows.list is None:
        return {}
    found = {"lists": float(rows.list.max() + 1)} | _agreement(compared, NEW)
    if not compared.curves:
        return found
    assert rows.place is not None
    weighed = estimate(rows.label, compared.weight(compared.place[NEW], ESTIMATED))
    lift = compared.lift(CURRENT)
    found |= {
        "logged_places": float(len(np.unique(rows.place))),
        "examination_decay": compared.curves[ESTIMATED].decay,
        "snips": weighed.snips,
        "ess": weighed.ess,
        "mean_weight": weighed.mean_weight,
        "max_weight": weighed.max_weight,
        "minimal_detectable_lift": POWER * lift.se,
        "ips_conversions_current_order": compared.conversions_per_list(CURRENT).value,
    }
    found |= _interval("ips_conversions", compared.conversions_per_list(NEW)) | _interval("ips_lift", lift)
    if CHAMPION in compared.place:
        found |= _interval("ips_lift_over_champion", compared.lift(CHAMPION))
    found |= asdict(moved(rows.list, rows.place, compared.place[NEW]))
    return found | _marketplace(compared)


def _agreement(compared: Comparison, name: str) -> dict[str, float]:
    """Agreement with logged conversions; biased by the logged order, as the names say."""
    rows = compared.rows
    assert rows.list is not None
    score = compared.order[name] if name in compared.order else -np.asarray(rows.place, np.float64)
    rank = ranks(rows.list, score)
    auc, lists = group_auc(rows.list, rows.label, rank)
    logged = logged_agreement(rows.list, rows.label, rank)
    found = {
        "ndcg_at_10_biased": logged.ndcg_at_10,
        "mrr_biased": logged.mrr,
        "conversions_at_10_biased": logged.conversions_at_10,
        "lists_with_conversion": float(logged.lists),
        "lists_in_group_auc": float(lists),
    }
    return found | ({"group_auc": auc} if math.isfinite(auc) else {})


def _marketplace(compared: Comparison) -> dict[str, float]:
    """How attention is spread over the items under the new order and the logged one."""
    rows = compared.rows
    if rows.item is None:
        return {}
    assert rows.list is not None
    curve, items = compared.curves[ESTIMATED], int(rows.item.max()) + 1
    found = {"items_shown": float(items)}
    for name, place in ((NEW, compared.place[NEW]), (CURRENT, compared.place[CURRENT])):
        ending = "" if name == NEW else "_current_order"
        top = ranks(rows.list, -place.astype(np.float64)) <= 10
        found[f"items_ever_in_top_10{ending}"] = float(np.mean(np.bincount(rows.item, top, minlength=items) > 0))
        found[f"attention_gini{ending}"] = gini(
            np.bincount(rows.item, curve.of(place), minlength=items).astype(np.float64)
        )
    return found


def contenders_table(compared: Comparison) -> dict[str, dict[str, float]]:
    """Whatever can be said of each contender."""
    label, table = compared.rows.label, {}
    for name in (NEW, CHAMPION, LOGISTIC, CONSTANT, CURRENT):
        row: dict[str, float] = {}
        if name in compared.probability:
            row |= quality.of_probabilities(label, compared.probability[name])
        if name in compared.place:
            weighed = estimate(label, compared.weight(compared.place[name], ESTIMATED))
            row |= {"ips_conversions": compared.conversions_per_list(name).value, "snips": weighed.snips}
        if compared.rows.list is not None and (name in compared.order or name in compared.place):
            row |= _agreement(compared, name)
        if row:
            table[name] = row
    return table


def comparisons_table(compared: Comparison) -> list[dict[str, Any]]:
    """Relative gains of the new model with intervals; above 0 = better."""
    found = [
        {"over": base, "by": "log loss", **asdict(compared.saving(base))}
        for base in (CHAMPION, LOGISTIC, CONSTANT)
        if base in compared.loss
    ]
    found += [
        {"over": base, "by": "conversions per list", **asdict(compared.lift(base))}
        for base in (CHAMPION, CURRENT, LOGISTIC)
        if base in compared.place
    ]
    return [one | {"detectable": POWER * float(one["se"])} for one in found]


def examination_table(compared: Comparison) -> dict[str, Any]:
    """The curve, and what its steepness does to the lifts."""
    curve = compared.curves[ESTIMATED]
    lifts = [
        {"over": base, "curve": bend, **asdict(compared.lift(base, bend))}
        for base in (CHAMPION, CURRENT)
        if base in compared.place
        for bend in compared.curves
    ]
    return {
        "source": curve.source,
        "decay": curve.decay,
        "clip": CLIP,
        "curves": {name: [float(value) for value in one.at] for name, one in compared.curves.items()},
        "lifts": lifts,
    }


def curves_table(compared: Comparison) -> dict[str, Any]:
    """Calibration, gain, ROC and precision-recall points of those that give probabilities."""
    label = compared.rows.label
    shown = {name: p for name, p in compared.probability.items() if name != CONSTANT}
    return {
        "calibration": {name: quality.calibration_bins(label, p) for name, p in shown.items() if name != LOGISTIC},
        "gain": {name: quality.gain_curve(label, p) for name, p in shown.items()},
        "roc": {name: quality.roc_points(label, p) for name, p in shown.items()},
        "pr": {name: quality.pr_points(label, p) for name, p in shown.items()},
    }


def pages_table(compared: Comparison) -> list[list[list[float]]]:
    """Some lists with a conversion, evenly spread: [logged rank, new rank, converted] of their first rows."""
    rows = compared.rows
    if rows.list is None or not compared.place:
        return []
    sizes = np.bincount(rows.list)
    wanted = np.flatnonzero((np.bincount(rows.list, rows.label) > 0) & (sizes > 1))
    chosen = wanted[np.unique(np.linspace(0, len(wanted) - 1, PAGES_SHOWN).round().astype(int))] if len(wanted) else []
    old = ranks(rows.list, -compared.place[CURRENT].astype(np.float64))
    new = ranks(rows.list, -compared.place[NEW].astype(np.float64))
    pages = []
    for number in chosen:
        within = np.flatnonzero((rows.list == number) & ((old <= PLACES_SHOWN) | (new <= PLACES_SHOWN)))
        within = within[np.argsort(old[within])]
        pages.append([[float(old[row]), float(new[row]), float(rows.label[row])] for row in within])
    return pages


@dataclass(frozen=True)
class Judged:
    """The evidence with the curve as estimated, and with it bent."""

    evidence: Evidence
    bent: Mapping[str, Evidence]
    slices: list[dict[str, Any]]


def judged(
    compared: Comparison,
    rules: Rules,
    flat: Mapping[str, float],
    slicings: list[Slicing],
    opponent: Opponent | None,
    *,
    unseen: Unseen | None,
) -> Judged:
    """What the rules look at; `opponent` is given as far as it is known without numbers."""
    by_order = rules.ranked and rules.metric == "ips_conversions"
    scored = CHAMPION in compared.loss
    reference = CHAMPION if scored else CURRENT if by_order else CONSTANT

    def evidence(bend: str) -> Evidence:
        floors = {name: compared.saving(name) for name in (CONSTANT, LOGISTIC)}
        if rules.ranked:
            floors[CURRENT] = compared.lift(CURRENT, bend)
        rival = opponent
        if opponent and scored:
            primary = compared.lift(CHAMPION, bend) if by_order else compared.saving(CHAMPION)
            rival = Opponent(opponent.same_bundle, "", primary, compared.saving(CHAMPION))
        found = {one.column: per_slice[one.column][bend] for one in slicings}
        return Evidence(flat, floors, found, NAMES[reference], rival, unseen)

    bends = (ESTIMATED, *(BENT if by_order else ()))
    per_slice = {one.column: _by_bend(compared, one, reference, by_order, bends) for one in slicings}
    probability = compared.probability[NEW]
    table: list[dict[str, Any]] = []
    for one in slicings:
        changes = {slice.value: slice for slice in per_slice[one.column][ESTIMATED]}
        for row in described(one, compared.rows.label, probability):
            found = changes[str(row["value"])]
            table.append(row | {"change": found.change, "p": found.p, "reference": NAMES[reference]})
    return Judged(evidence(ESTIMATED), {bend: evidence(bend) for bend in bends[1:]}, table)


NAMES = {
    NEW: "the new model",
    CHAMPION: "the model in service",
    LOGISTIC: "the logistic regression",
    CONSTANT: "the constant",
    CURRENT: "the current order",
}


def _by_bend(
    compared: Comparison, slicing: Slicing, reference: str, by_order: bool, bends: tuple[str, ...]
) -> dict[str, tuple[Slice, ...]]:
    rows = compared.rows
    given: dict[str, tuple[Floats, Floats]] = {}
    if by_order:
        assert rows.list is not None
        place = compared.places_within(slicing.within(rows.list))
        given = {bend: (compared.value(place[NEW], bend), compared.value(place[reference], bend)) for bend in bends}
    else:
        given = dict.fromkeys(bends, (compared.loss[NEW], compared.loss[reference]))
    return {
        bend: findings(slicing, new=new, base=base, unit=rows.unit, label=rows.label, less_is_better=not by_order)
        for bend, (new, base) in given.items()
    }
