"""The scalar metrics of the new model, by name."""

import math
from dataclasses import asdict

import numpy as np

from components.evaluate.metrics.bootstrap import Estimate
from components.evaluate.metrics.candidate_names import CHAMPION, CONSTANT, CURRENT, ESTIMATED, LOGISTIC, NEW
from components.evaluate.metrics.discrimination import auc_within
from components.evaluate.metrics.off_policy import estimate
from components.evaluate.metrics.paired_comparison import PairedComparison
from components.evaluate.metrics.ranking import gini, group_auc, logged_agreement, moved, ranks


def probability_metrics(compared: PairedComparison) -> dict[str, float]:
    """Of the new model's probabilities."""
    label, probability = compared.rows.label, compared.probability[NEW]
    metrics = {"rows": float(len(label)), "conversions": float(label.sum()), "conversion_rate": float(label.mean())}
    metrics |= compared.quality[NEW]
    unit = compared.rows.unit
    metrics |= _interval("auc", auc_within(label, probability, unit, np.zeros_like(unit)))
    metrics |= _interval("auc_within_cuts", auc_within(label, probability, unit, compared.cut))
    metrics |= _interval("log_loss", compared.log_loss(NEW))
    metrics |= _interval("calibration_ratio", compared.calibration_ratio())
    for base in (CONSTANT, LOGISTIC):
        if base in compared.loss:
            metrics |= _interval(f"log_loss_saving_over_{base}", compared.saving(base))
    return metrics


def _interval(name: str, value: Estimate) -> dict[str, float]:
    return {name: value.value, f"{name}_low": value.low, f"{name}_high": value.high}


def champion_metrics(against: PairedComparison) -> dict[str, float]:
    """Gains over the model in service; {} where there is none."""
    if CHAMPION not in against.loss:
        return {}
    metrics = _interval("log_loss_saving_over_champion", against.saving(CHAMPION))
    return metrics | (
        _interval("ips_lift_over_champion", against.lift(CHAMPION)) if CHAMPION in against.position else {}
    )


def order_metrics(compared: PairedComparison) -> dict[str, float]:
    """Of the new model's order; {} without lists, and nothing off-policy without positions."""
    rows = compared.rows
    if rows.list is None:
        return {}
    metrics = {"lists": float(rows.list.max() + 1)} | agreement(compared, NEW)
    if not compared.curves:
        return metrics
    assert rows.position is not None
    weighted = estimate(rows.label, compared.weight(compared.position[NEW], ESTIMATED))
    lift = compared.lift(CURRENT)
    metrics |= {
        "logged_positions": float(len(np.unique(rows.position))),
        "examination_decay": compared.curves[ESTIMATED].decay,
        "examination_decay_se": compared.curves[ESTIMATED].decay_se,
        "snips": weighted.snips,
        "ess": compared.effective_conversions(NEW),
        "mean_weight": weighted.mean_weight,
        "max_weight": weighted.max_weight,
        "minimal_detectable_lift": lift.detectable,
        "ips_conversions": compared.conversions_per_list(NEW),
        "ips_conversions_current_order": compared.conversions_per_list(CURRENT),
    }
    metrics |= _interval("ips_lift", lift)
    metrics |= asdict(moved(rows.list, rows.position, compared.position[NEW]))
    return metrics | _marketplace(compared)


def agreement(compared: PairedComparison, name: str) -> dict[str, float]:
    """Agreement of a candidate's order with logged conversions; biased by the logged order, as the names say."""
    rows = compared.rows
    assert rows.list is not None
    score = compared.order[name] if name in compared.order else -np.asarray(rows.position, np.float64)
    rank = ranks(rows.list, score)
    auc, lists = group_auc(rows.list, rows.label, rank)
    logged = logged_agreement(rows.list, rows.label, rank)
    metrics = {
        "ndcg_at_10_biased": logged.ndcg_at_10,
        "mrr_biased": logged.mrr,
        "conversions_at_10_biased": logged.conversions_at_10,
        "lists_with_conversion": float(logged.lists),
        "lists_in_group_auc": float(lists),
    }
    return metrics | ({"group_auc": auc} if math.isfinite(auc) else {})


def _marketplace(compared: PairedComparison) -> dict[str, float]:
    """How attention is spread over the items under the new order and under the logged one."""
    rows = compared.rows
    if rows.item is None:
        return {}
    curve, items = compared.curves[ESTIMATED], int(rows.item.max()) + 1
    metrics = {"items_shown": float(items)}
    for name, ending in ((NEW, ""), (CURRENT, "_current_order")):
        position = compared.position[name]
        top = compared.rank[name] <= 10
        attention = np.bincount(rows.item, curve.of(position), minlength=items).astype(np.float64)
        metrics[f"items_ever_in_top_10{ending}"] = float(np.mean(np.bincount(rows.item, top, minlength=items) > 0))
        metrics[f"attention_gini{ending}"] = gini(attention)
    return metrics
