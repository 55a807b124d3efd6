"""Charts as inline SVG: a few kilobytes each, no script, drawn with the page's own colours."""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 420, 260, 52, 36, 10, 12
Point = Sequence[float]


class Chart:
    """One picture with its axes, in the data's own coordinates; `x_to` and `y_to` are the far ends."""

    def __init__(
        self, title: str, x: str, y: str, *, x_to: float = 1.0, y_to: float = 1.0, x_from: float = 0.0
    ) -> None:
        self._title, self._x, self._y = title, x, y
        self._x_from, self._x_to, self._y_to = x_from, x_to or 1.0, y_to or 1.0
        self._parts: list[str] = []

    def line(self, points: Sequence[Point], kind: str = "") -> "Chart":
        placed = " ".join(f"{self._across(p[0]):.1f},{self._up(p[1]):.1f}" for p in points)
        self._parts.append(f'<polyline class="line {kind}" points="{placed}"/>')
        return self

    def dots(self, points: Sequence[Point]) -> "Chart":
        self._parts += [
            f'<circle class="dot" cx="{self._across(p[0]):.1f}" cy="{self._up(p[1]):.1f}" r="3"/>' for p in points
        ]
        return self

    def whiskers(self, spans: Sequence[Point]) -> "Chart":
        """(x, low, high) each."""
        for x, low, high in spans:
            at = f"{self._across(x):.1f}"
            self._parts.append(f'<path class="whisker" d="M{at} {self._up(low):.1f}V{self._up(high):.1f}"/>')
        return self

    def svg(self) -> Markup:
        right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM
        grid, step = [], 4
        for tick in range(step + 1):
            share = tick / step
            x, y = LEFT + share * (right - LEFT), floor - share * (floor - TOP)
            grid.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>')
            grid.append(
                f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
                f"{_short(share * self._y_to)}</text>"
            )
            value = self._x_from + share * (self._x_to - self._x_from)
            grid.append(f'<text class="tick" x="{x:.1f}" y="{floor + 16}" text-anchor="middle">{_short(value)}</text>')
        middle = (LEFT + right) / 2
        words = (
            f'<text class="axis" x="{middle}" y="{HEIGHT - 4}" text-anchor="middle">{self._x}</text>'
            f'<text class="axis" transform="translate(12 {(TOP + floor) / 2}) rotate(-90)" text-anchor="middle">'
            f"{self._y}</text>"
        )
        inside = "".join([*grid, *self._parts, words])
        return Markup(
            f'<figure><figcaption>{self._title}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{self._title}">{inside}</svg></figure>'
        )  # every text in it is this package's own

    def _across(self, value: float) -> float:
        share = (value - self._x_from) / ((self._x_to - self._x_from) or 1.0)
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - RIGHT - LEFT)

    def _up(self, value: float) -> float:
        return (HEIGHT - BOTTOM) - min(max(value / self._y_to, 0.0), 1.0) * (HEIGHT - BOTTOM - TOP)


def _short(value: float) -> str:
    return f"{value:.3g}"


def calibration(bins: Sequence[dict[str, float]]) -> Markup:
    most = 1.05 * max(max(one["mean_probability"], one["high"]) for one in bins)
    spans = [(one["mean_probability"], one["low"], one["high"]) for one in bins]
    points = [(one["mean_probability"], one["rate"]) for one in bins]
    chart = Chart("Calibration: bins of equal size, 95 % intervals", "predicted", "observed", x_to=most, y_to=most)
    return chart.line([(0, 0), (most, most)], "guide").whiskers(spans).line(points).dots(points).svg()


def gain(points: Sequence[Point]) -> Markup:
    chart = Chart("Gain: conversions among the highest scored", "share of rows", "share of conversions")
    return chart.line([(0, 0), (1, 1)], "guide").line(points).svg()


def roc(points: Sequence[Point]) -> Markup:
    chart = Chart("ROC", "false positive rate", "true positive rate")
    return chart.line([(0, 0), (1, 1)], "guide").line(points).svg()


def precision_recall(points: Sequence[Point], rate: float) -> Markup:
    most = 1.05 * max(rate, *(point[1] for point in points[1:])) if len(points) > 1 else 1.0
    chart = Chart("Precision and recall", "recall", "precision", y_to=min(1.0, most))
    return chart.line([(0, rate), (1, rate)], "guide").line(points).svg()


def examination(curve: Sequence[float]) -> Markup:
    places = [(place + 1.0, value) for place, value in enumerate(curve)]
    chart = Chart(
        "Examination: how often a place is looked at", "place", "relative to place 1", x_from=1, x_to=len(curve)
    )
    half = [(place, value**0.5) for place, value in places]
    double = [(place, value**2) for place, value in places]
    return chart.line(half, "guide").line(double, "guide").line(places).dots(places).svg()


def search(losses: Sequence[float | None]) -> Markup:
    """Every finished trial's log loss, and the best so far."""
    known = [(number + 1.0, loss) for number, loss in enumerate(losses) if loss is not None]
    ordered = sorted(loss for _, loss in known)
    low, high = ordered[0], ordered[min(len(ordered) - 1, int(len(ordered) * 0.9))]
    spread = (high - low) or abs(low) or 1.0

    def height(loss: float) -> float:
        return min((loss - low) / spread, 1.0)

    best, so_far = [], float("inf")
    for number, loss in known:
        so_far = min(so_far, loss)
        best.append((number, height(so_far)))
    label = f"log loss above the best, {low:.5f} (top: +{spread:.2g})"
    chart = Chart("Search: trials and the best so far", "trial", label, x_from=1, x_to=max(2, len(losses)))
    return chart.dots([(number, height(loss)) for number, loss in known]).line(best).svg()
