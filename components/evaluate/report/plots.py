"""The report's charts, from the tables of metrics.json."""

from typing import Any

from markupsafe import Markup

from components.evaluate.metrics.compute_metrics import NAMES
from components.evaluate.metrics.paired_comparison import CHAMPION, CONSTANT, CURRENT, ESTIMATED, LOGISTIC, NEW
from components.evaluate.report.svg import Bar, Chart, Line

STYLES = {NEW: "new", CHAMPION: "base", LOGISTIC: "third", CONSTANT: "guide", CURRENT: "base"}
BEST_FIRST = "share of rows, highest scored first"


def charts(document: dict[str, Any]) -> dict[str, Markup]:
    """By the name under which the template asks for them."""
    rate = float(document["conversion_rate"])
    names = [name for name in (NEW, CHAMPION, LOGISTIC) if name in document["roc"]]
    drawn = {
        "calibration": _calibration(document["calibration"]),
        "gain": Chart(
            "Gain", BEST_FIRST, "share of conversions",
            lines=[_guide("no order", (0, 0), (1, 1)), *_lines(document["gain"], names)], x_text=share, y_text=share,
        ),
        "lift": _lift({name: document["gain"][name] for name in names}),
        "roc": Chart(
            "ROC", "false positive rate", "true positive rate",
            lines=[_guide("chance", (0, 0), (1, 1)), *_lines(document["roc"], names)],
        ),
        "pr": _precision(document["pr"], names, rate),
    }  # fmt: skip
    if document["examination"]:
        drawn["examination"] = _examination(document["examination"]["curves"])
    return {name: chart.svg() for name, chart in drawn.items()}


def _lines(points: dict[str, Any], names: list[str]) -> list[Line]:
    return [Line(NAMES[name], points[name], STYLES[name]) for name in reversed(names)]


def _guide(name: str, *points: tuple[float, float]) -> Line:
    return Line(name, points, "guide")


def _calibration(bins: dict[str, Any]) -> Chart:
    most = max(max(one["mean_probability"], one["high"]) for found in bins.values() for one in found)
    bars = [
        Bar(one["mean_probability"], one["rate"], one["low"], one["high"], STYLES[name])
        for name, found in reversed(bins.items())
        for one in found
    ]
    reach = (0.0, most * 1.03)
    return Chart(
        "Calibration", "predicted", "observed", lines=[_guide("perfect", (0, 0), (most, most))], bars=bars,
        x_range=reach, y_range=reach, x_text=share, y_text=share,
    )  # fmt: skip


def _lift(gain: dict[str, Any]) -> Chart:
    found = {name: [[x, y / x] for x, y in points if x >= 0.01] for name, points in gain.items()}
    most = max(y for points in found.values() for _, y in points)
    lines = [_guide("no order", (0, 1), (1, 1)), *_lines(found, list(found))]
    return Chart("Lift", BEST_FIRST, "times the mean rate", lines=lines, y_range=(0, most * 1.05), x_text=share)


def _precision(points: dict[str, Any], names: list[str], rate: float) -> Chart:
    shown = {name: [one for one in points[name] if one[0] >= 0.02] for name in names}
    most = max([y for found in shown.values() for _, y in found] + [rate])
    return Chart(
        "Precision and recall", "recall", "precision",
        lines=[_guide("base rate", (0, rate), (1, rate)), *_lines(shown, names)],
        y_range=(0, min(1.0, most * 1.1)), x_text=share, y_text=share,
    )  # fmt: skip


def _examination(curves: dict[str, list[float]]) -> Chart:
    last = len(next(iter(curves.values())))
    lines = [
        Line(name, [[place + 1, value] for place, value in enumerate(at)], "new" if name == ESTIMATED else "guide")
        for name, at in sorted(curves.items(), key=lambda one: one[0] == ESTIMATED)
    ]
    return Chart(
        "Examination", "place", "looked at, relative to place 1", lines=lines, x_range=(1, max(2, last)), y_text=share
    )


def search(trials: list[dict[str, Any]]) -> Markup | None:
    """Log loss of every finished trial, and the best so far; the worst tenth stands at the top edge."""
    losses = [(float(one["number"] + 1), float(one["log_loss"])) for one in trials if one["log_loss"] is not None]
    if len(losses) < 2:
        return None
    ordered = sorted(loss for _, loss in losses)
    low, high = ordered[0], ordered[int(0.9 * (len(ordered) - 1))]
    room = 0.05 * (high - low or low)
    return Chart(
        "Search", "trial", "log loss", lines=[Line("best so far", _best_so_far(losses), "new")], dots=losses,
        x_range=(1, losses[-1][0]), y_range=(low - room, high + room), y_text=lambda loss: f"{loss:.5g}",
    ).svg()  # fmt: skip


def _best_so_far(losses: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A step at every trial that was better than all before it: in between nothing was known of a better one."""
    steps = [losses[0]]
    for trial, loss in losses[1:]:
        best = steps[-1][1]
        steps.append((trial, best))
        if loss < best:
            steps.append((trial, loss))
    return steps


def share(value: float) -> str:
    return f"{value * 100:.3g} %"
