"""The report: one HTML file, no script, no link to anywhere, readable in a sandboxed frame without a network."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from components.evaluate import charts
from components.evaluate.bootstrap import DRAWS
from components.evaluate.decide import Verdict, percent
from model.bundle import Manifest
from model.spec import Spec

QUALITY = (
    ("log_loss", "log loss"),
    ("normalised_entropy", "normalised entropy"),
    ("auc", "AUC"),
    ("pr_auc", "PR-AUC"),
    ("lift_at_10_percent", "lift in the highest 10 %"),
    ("calibration_ratio", "predicted / observed conversions"),
    ("ece", "expected calibration error"),
)
ORDER = (
    ("ips_conversions", "expected conversions per list (clipped IPS)"),
    ("ips_lift", "relative gain over the current order"),
    ("snips", "self-normalised (SNIPS), per row"),
    ("ess", "effective sample size, rows"),
    ("mean_weight", "mean weight"),
    ("group_auc", "AUC within lists"),
    ("ndcg_at_10_biased", "NDCG@10, biased by the logged order"),
    ("mrr_biased", "MRR, biased by the logged order"),
    ("conversions_at_10_biased", "conversions in the first 10, biased by the logged order"),
    ("kendall_tau", "Kendall's tau with the current order"),
    ("top_10_overlap", "share of the first 10 that stays there"),
    ("lists_changed", "share of lists that change"),
    ("examination_decay", "examination falls with place to the power of minus"),
)
MEASURES = {"current_order": "expected conversions per list"}
WORDS = {"current_order": "the current order", "logistic": "logistic regression", "constant": "constant"}


def render(
    spec: Spec, verdict: Verdict, metrics: Mapping[str, Any], manifest: Manifest, bundle: str, told: Mapping[str, Any]
) -> str:
    """HTML. `metrics` is metrics.json; `told` holds split, ledger, training and extract as the steps wrote them."""
    page = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    ).get_template("report.html.j2")
    return page.render(
        spec=spec,
        verdict=verdict,
        metrics=metrics,
        manifest=manifest,
        bundle=bundle,
        told=told,
        charts=charts,
        confidence=spec.promotion.champion.confidence,
        draws=DRAWS,
        gains=_gains(spec, metrics),
        contenders=list(metrics["contenders"]),
        changes={
            (one["column"], one["value"]): percent(one["change"], sign=True)
            for one in metrics["slices_change"]
            if one["change"] is not None
        },
        held={
            one["feature"]: f"{one['direction']}, {one['violations']:.0f} of {one['steps']:.0f} steps against"
            for one in metrics["directions"]
        },
        most_effect=max((one["mean_effect"] for one in metrics["importance"]), default=0.0) or 1.0,
        losses=[trial["log_loss"] for trial in told["training"]["trials"]],
        QUALITY=QUALITY,
        ORDER=ORDER,
        n=_count,
        f=_figure,
        pc=percent,
    )


def _gains(spec: Spec, metrics: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = [(WORDS[name], gain | {"by": MEASURES.get(name, "log loss")}) for name, gain in metrics["floors"].items()]
    if champion := metrics["against_champion"]:
        measure = spec.promotion.champion.metric or ("ips_conversions" if metrics["examination"] else "log_loss")
        by = "expected conversions per list" if measure == "ips_conversions" else "log loss"
        found.append(("the model in service", champion["primary"] | {"by": by}))
        if measure == "ips_conversions":
            found.append(("the model in service", champion["log_loss"] | {"by": "log loss"}))
    return found


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _figure(value: object) -> str:
    """Four digits or so; words as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    digits = max(0, 4 - math.floor(math.log10(abs(value))) - 1) if value else 0
    return f"{value:,.{min(digits, 7)}f}"
