"""The report of an evaluation: one HTML file without links, readable in Kubeflow's sandboxed frame."""

import math
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy
import pyarrow
from markupsafe import Markup

from artifacts.metrics import GainOver, MetricsDocument
from artifacts.pool import WIDENING
from artifacts.training import Trial
from artifacts.verdict import Verdict
from components.evaluate.decide.gain_text import NAMES, percent
from components.evaluate.decide.rule_result import Decision
from components.evaluate.inputs import StepDocuments
from components.evaluate.metrics.drift import ALARM, WARN
from components.evaluate.report.columns import COLUMNS
from components.evaluate.report.plots import charts, search
from components.evaluate.report.svg import interval, page, share_bar
from model.bundle.booster import xgboost
from model.bundle.bundle import Bundle
from model.bundle.predictor import Engine
from model.spec.types import Spec
from model.verdict_sentences import VERDICT_SENTENCES

ENGINES: dict[Engine, str] = {"kernel": "the compiled kernel", "xgboost": "XGBoost"}
TRIALS_SHOWN = 100
NOTHING = "-"


@dataclass(frozen=True)
class ReportInputs:
    """Everything that the report shows. `engine` scored the test rows."""

    spec: Spec
    bundle: Bundle
    documents: StepDocuments
    decision: Decision
    metrics: MetricsDocument
    verdict: Verdict
    engine: Engine


def render(inputs: ReportInputs) -> str:
    """The HTML. A section without numbers is left out."""
    metrics, documents = inputs.metrics, inputs.documents
    measured = bool(metrics.candidates)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            spec=inputs.spec,
            manifest=inputs.bundle.manifest,
            decision=inputs.decision,
            verdict=inputs.verdict,
            sentence=VERDICT_SENTENCES[inputs.decision.outcome],
            metrics=metrics.scalars,
            tables=metrics,
            measured=measured,
            training=documents.training,
            rejection=documents.rejection,
            split=documents.split,
            extract=documents.extract,
            charts=charts(metrics) if measured else {},
            interval=_intervals(metrics.comparisons),
            cut_interval=_intervals(tuple(gain for cut in metrics.cuts for gain in cut.gains)),
            widening=WIDENING,
            share_bar=share_bar,
            pages=[page(rows) for rows in metrics.pages],
            trials=sorted(documents.training.trials, key=_by_loss)[:TRIALS_SHOWN],
            costs={cost.number: cost.cpu_seconds for cost in documents.cost.trials} if documents.cost else {},
            versions=versions(inputs.bundle),
            engine=ENGINES[inputs.engine],
            search=search(documents.training.trials),
            warn=WARN,
            alarm=ALARM,
            column_names=COLUMNS,
        )
    )


def _environment() -> jinja2.Environment:
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
        "kind": _kind,
        "of_kind": lambda gains, kind: next((gain for gain in gains if _kind(gain) == kind), None),
    }
    return environment


def _kind(gain: GainOver) -> tuple[str, str]:
    return gain.over, gain.by


def _by_loss(trial: Trial) -> tuple[float, int]:
    return (math.inf if trial.log_loss is None else trial.log_loss, trial.number)


def number(value: float | None, digits: int = 4) -> str:
    """Significant digits, with an exponent only for very small numbers."""
    if value is None:
        return NOTHING
    if value and abs(value) < 1e-4:
        return f"{value:.2e}"
    return f"{value:,.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}" if value else "0"


def setting(value: str | float | None) -> str:
    """A setting as it is typed: whole numbers without decimals, and without separators of thousands."""
    if value is None or isinstance(value, str):
        return value or NOTHING
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"


def count(value: float | None) -> str:
    """A whole number with separators of thousands."""
    return NOTHING if value is None else f"{value:,.0f}"


def plain(value: float) -> str:
    """A bound as it was written, with separators of thousands."""
    return f"{value:,.10g}"


def versions(bundle: Bundle) -> dict[str, str]:
    """Libraries of training as the manifest has them, and of this evaluation."""
    evaluation = {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "xgboost": xgboost.__version__,
        "pyarrow": pyarrow.__version__,
    }
    return {f"{name} (training)": version for name, version in bundle.manifest.libraries.items()} | {
        f"{name} (evaluation)": version for name, version in evaluation.items()
    }


def _intervals(comparisons: tuple[GainOver, ...]) -> Callable[[GainOver], Markup]:
    """One scale per measure: savings of log loss are far smaller than gains in conversions."""
    reach: dict[str, float] = {}
    for gain in comparisons:
        reach[gain.by] = max(reach.get(gain.by, 1e-9), abs(gain.low), abs(gain.high))
    return lambda gain: interval(gain.low, gain.value, gain.high, reach=reach[gain.by])
