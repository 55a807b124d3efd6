"""The report of an evaluation: one HTML file without links, readable in Kubeflow's sandboxed frame."""

import math
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy
import pyarrow

from components.evaluate.decide.decide import Verdict, percent
from components.evaluate.metrics.compute_metrics import NAMES
from components.evaluate.metrics.drift import ALARM, WARN
from components.evaluate.metrics.probability import flat
from components.evaluate.report.plots import charts, search
from components.evaluate.report.svg import interval, page, share_bar
from model.bundle.booster import xgboost
from model.bundle.bundle import Bundle
from model.spec.types import Spec

SENTENCES = {
    "promote": "Every rule holds: this model may become an image.",
    "hold": "Not shown to be good enough. No image is built.",
    "reject": "Shown to be worse, or not what was asked for. No image is built.",
    "insufficient-data": "Too little was observed to say anything. No image is built.",
    "invalid": "Something is missing or not finite. No image is built.",
}
TRIALS_SHOWN = 100
NOTHING = "-"


@dataclass(frozen=True)
class Told:
    """What the steps before told of themselves."""

    spec: Spec
    bundle: Bundle
    search: dict[str, Any]
    ledger: dict[str, Any]
    split: dict[str, Any]
    extract: dict[str, Any]
    verdict: dict[str, Any]


def render(verdict: Verdict, document: dict[str, Any], told: Told) -> str:
    """HTML of metrics.json (`document`) and what was told. A section without numbers is left out."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "number": number,
        "count": count,
        "setting": setting,
        "plain": plain,
        "named": lambda name: NAMES[name],
    }
    measured = bool(document["contenders"])
    return environment.get_template("report.html.j2").render(
        verdict=verdict,
        sentence=SENTENCES[verdict.word],
        metrics=flat(document),
        document=document,
        measured=measured,
        told=told,
        manifest=told.bundle.manifest,
        charts=charts(document) if measured else {},
        interval=_intervals(document),
        share_bar=share_bar,
        pages=[page(rows) for rows in document.get("pages", [])],
        trials=sorted(told.search["trials"], key=_by_loss)[:TRIALS_SHOWN],
        versions=versions(told.bundle),
        search=search(told.search["trials"]),
        warn=WARN,
        alarm=ALARM,
        column_names=COLUMNS,
    )


COLUMNS = {
    "log_loss": ("log loss", "lower is better"),
    "normalised_entropy": ("normalised entropy", "log loss over that of the base rate; below 1 = learned something"),
    "auc": ("AUC", "higher is better"),
    "pr_auc": ("PR-AUC", "higher is better"),
    "lift_at_10_percent": ("lift at 10 %", "conversion rate of the best tenth over that of all"),
    "calibration_ratio": ("predicted / observed", "1 is right"),
    "ece": ("ECE", "mean gap between predicted and observed, in bins of equal mass"),
    "ips_conversions": ("conversions per list", "estimated from the logged order by examination (IPS, clipped)"),
    "snips": ("SNIPS per row", "the same, self-normalised: a second opinion"),
    "group_auc": ("AUC within lists", "weighted by rows"),
    "ndcg_at_10_biased": ("NDCG@10, biased", "by the logged order; a diagnostic that decides nothing"),
    "mrr_biased": ("MRR, biased", "by the logged order; a diagnostic that decides nothing"),
    "conversions_at_10_biased": ("conversions in top 10, biased", "by the logged order; decides nothing"),
}


def _by_loss(trial: dict[str, Any]) -> tuple[float, int]:
    loss = trial["log_loss"]
    return (math.inf if loss is None else float(loss), int(trial["number"]))


def number(value: float | None, digits: int = 4) -> str:
    """Significant digits without exponents where people can read them."""
    if value is None:
        return NOTHING
    if value and abs(value) < 1e-4:
        return f"{value:.2e}"
    return f"{value:,.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}" if value else "0"


def setting(value: str | float | None) -> str:
    """A setting as somebody would type it: whole numbers whole, and without thousands marked."""
    if value is None or isinstance(value, str):
        return value or NOTHING
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"


def count(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"


def plain(value: float) -> str:
    """A bound as it was written, with thousands marked."""
    return f"{value:,.10g}"


def versions(bundle: Bundle) -> dict[str, str]:
    """Libraries of training as the manifest has them, and of this evaluation."""
    here = {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "xgboost": xgboost.__version__,
        "pyarrow": pyarrow.__version__,
    }
    return {f"{name} (training)": version for name, version in bundle.manifest.libraries.items()} | {
        f"{name} (evaluation)": version for name, version in here.items()
    }


def _intervals(document: dict[str, Any]) -> Any:
    """One scale per measure: savings of log loss are far smaller than gains in conversions."""
    reach: dict[str, float] = {}
    for one in document.get("comparisons", ()):
        reach[one["by"]] = max(reach.get(one["by"], 1e-9), abs(one["low"]), abs(one["high"]))
    return lambda one: interval(one["low"], one["value"], one["high"], reach=reach[one["by"]])
