"""Verdict and metrics, each with where it was measured."""

from collections.abc import Mapping

from model.verdict_sentences import VERDICT_SENTENCES
from serving.model_info import ModelInfo
from serving.page.heading import tile
from serving.page.markup import Child, Html, code, element, join, table
from serving.page.text import number, words
from serving.page.verdict import NoVerdict, ShownReason, ShownVerdict

STATES = {"promote": "good", "hold": "warn", "insufficient-data": "warn"}
HEADLINES = {
    "auc": "AUC",
    "log_loss": "log loss",
    "calibration_ratio": "predicted over observed, 1 is right",
    "conversions": "conversions in the test split",
}
TEST_NOTE = "Measured on the test split, rows that training never saw: from verdict.json, which the image carries too."
TRAINING_NOTE = "Measured in training on the calibration split, on which the calibration was fitted: from the bundle."


def verdict_section(info: ModelInfo, verdict: ShownVerdict | NoVerdict) -> Html:
    evaluated = _evaluated(verdict) if isinstance(verdict, ShownVerdict) else _missing(verdict)
    return element(
        "section",
        element("h2", "Verdict and metrics", id="verdict"),
        evaluated,
        element("h3", "In training"),
        element("p", TRAINING_NOTE, class_="note"),
        _metrics("Metrics of the calibration split", info.metrics),
        aria_labelledby="verdict",
    )


def _missing(verdict: NoVerdict) -> Html:
    return element("p", verdict.reason, " The metrics below are the bundle's own.", class_="note")


def _evaluated(verdict: ShownVerdict) -> Html:
    outcome = verdict.verdict
    banner = element(
        "div",
        element("strong", outcome),
        element("p", VERDICT_SENTENCES.get(outcome, "")),
        class_=f"banner {STATES.get(outcome, 'bad')}",
    )
    tiles = [
        tile(number(verdict.metrics[name]), _meaning(name, verdict.metrics))
        for name in HEADLINES
        if name in verdict.metrics
    ]
    rows: list[list[Child]] = [
        [words(reason.rule), _mark(reason), reason.message, reason.bound] for reason in verdict.reasons
    ]
    return join(
        banner,
        element("p", TEST_NOTE, class_="note"),
        element("dl", *tiles, class_="tiles"),
        element("div", table("Rules of the verdict", ("Rule", "", "Finding", "Bound"), rows), class_="sheet"),
        element(
            "details",
            element("summary", "All metrics of the test split"),
            _metrics("Metrics of the test split", verdict.metrics),
        ),
    )


def _meaning(name: str, metrics: Mapping[str, float]) -> str:
    low, high = (metrics.get(f"{name}_{end}") for end in ("low", "high"))
    interval = "" if low is None or high is None else f", {number(low)} to {number(high)}"
    return HEADLINES[name] + interval


def _mark(reason: ShownReason) -> Html:
    if reason.bound == "a note, not a rule":
        return element("span", "note", class_="pill")
    return (
        element("span", "holds", class_="pill good") if reason.passed else element("span", "fails", class_="pill bad")
    )


def _metrics(caption: str, metrics: Mapping[str, float]) -> Html:
    rows: list[list[Child]] = [[code(name), number(value)] for name, value in sorted(metrics.items())]
    return element("div", table(caption, ("Metric", "Value"), rows), class_="sheet figures")
