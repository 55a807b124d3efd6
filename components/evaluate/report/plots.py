"""The report's charts, from the tables of metrics.json."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from artifacts.metrics import CalibrationBin, MetricsDocument, Points
from artifacts.training import Trial
from components.evaluate.decide.gain_text import NAMES
from components.evaluate.metrics.candidate_names import CHAMPION, CONSTANT, CURRENT, ESTIMATED, LOGISTIC, NEW
from components.evaluate.report.svg import Bar, Chart, Line

STYLES = {NEW: "new", CHAMPION: "base", LOGISTIC: "third", CONSTANT: "guide", CURRENT: "base"}
BEST_FIRST = "share of rows, highest scored first"


def charts(metrics: MetricsDocument) -> dict[str, Markup]:
    """By the name that the template uses."""
    rate = metrics.scalars["conversion_rate"]
    names = [name for name in (NEW, CHAMPION, LOGISTIC) if name in metrics.roc]
    drawn = {
        "calibration": _calibration(metrics.calibration),
        "gain": Chart(
            "Gain", BEST_FIRST, "share of conversions",
            lines=[_guide("no order", (0, 0), (1, 1)), *_lines(metrics.gain, names)], x_text=share, y_text=share,
        ),
        "lift": _lift({name: metrics.gain[name] for name in names}),
        "roc": Chart(
            "ROC", "false positive rate", "true positive rate",
            lines=[_guide("chance", (0, 0), (1, 1)), *_lines(metrics.roc, names)],
        ),
        "pr": _precision(metrics.pr, names, rate),
    }  # fmt: skip
    if metrics.examination:
        drawn["examination"] = _examination(metrics.examination.curves)
    return {name: chart.svg() for name, chart in drawn.items()}


def _lines(points: Mapping[str, Points], names: list[str]) -> list[Line]:
    return [Line(NAMES[name], points[name], STYLES[name]) for name in reversed(names)]


def _guide(name: str, *points: tuple[float, float]) -> Line:
    return Line(name, points, "guide")


def _calibration(bins_of: Mapping[str, tuple[CalibrationBin, ...]]) -> Chart:
    most = max(max(bin.mean_probability, bin.high) for bins in bins_of.values() for bin in bins)
    bars = [
        Bar(bin.mean_probability, bin.rate, bin.low, bin.high, STYLES[name])
        for name in (CHAMPION, NEW)
        for bin in bins_of.get(name, ())
    ]
    reach = (0.0, most * 1.03)
    return Chart(
        "Calibration", "predicted", "observed", lines=[_guide("perfect", (0, 0), (most, most))], bars=bars,
        x_range=reach, y_range=reach, x_text=share, y_text=share,
    )  # fmt: skip


def _lift(gain: Mapping[str, Points]) -> Chart:
    lifts = {name: tuple((x, y / x) for x, y in points if x >= 0.01) for name, points in gain.items()}
    most = max(y for points in lifts.values() for _, y in points)
    lines = [_guide("no order", (0, 1), (1, 1)), *_lines(lifts, list(lifts))]
    return Chart("Lift", BEST_FIRST, "times the mean rate", lines=lines, y_range=(0, most * 1.05), x_text=share)


def _precision(curves: Mapping[str, Points], names: list[str], rate: float) -> Chart:
    points = {name: tuple(point for point in curves[name] if point[0] >= 0.02) for name in names}
    most = max([precision for curve in points.values() for _, precision in curve] + [rate])
    return Chart(
        "Precision and recall", "recall", "precision",
        lines=[_guide("base rate", (0, rate), (1, rate)), *_lines(points, names)],
        y_range=(0, min(1.0, most * 1.1)), x_text=share, y_text=share,
    )  # fmt: skip


def _examination(curves: Mapping[str, Sequence[float]]) -> Chart:
    last = len(next(iter(curves.values())))
    lines = [
        Line(name, list(enumerate(curve, start=1)), "new" if name == ESTIMATED else "guide")
        for name, curve in sorted(curves.items(), key=lambda item: item[0] == ESTIMATED)
    ]
    return Chart(
        "Examination", "position", "looked at, relative to position 1", lines=lines, x_range=(1, max(2, last)),
        y_text=share,
    )  # fmt: skip


def search(trials: Sequence[Trial]) -> Markup | None:
    """Log loss of every finished trial, and the best so far; the worst tenth is drawn at the top edge."""
    losses = [(trial.number + 1.0, trial.log_loss) for trial in trials if trial.log_loss is not None]
    if len(losses) < 2:
        return None
    ordered = sorted(loss for _, loss in losses)
    low, high = ordered[0], ordered[int(0.9 * (len(ordered) - 1))]
    margin = 0.05 * (high - low or low)
    return Chart(
        "Search", "trial", "log loss", lines=[Line("best so far", _best_so_far(losses), "new")], dots=losses,
        x_range=(1, losses[-1][0]), y_range=(low - margin, high + margin), y_text=lambda loss: f"{loss:.5g}",
    ).svg()  # fmt: skip


def _best_so_far(losses: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A step at every trial that was better than all before it."""
    steps = [losses[0]]
    for trial, loss in losses[1:]:
        best = steps[-1][1]
        steps.append((trial, best))
        if loss < best:
            steps.append((trial, loss))
    return steps


def share(value: float) -> str:
    """A tick of an axis of shares: 0.25 -> 25 %."""
    return f"{value * 100:.3g} %"
