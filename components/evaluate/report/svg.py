"""Hand-made SVG for the report: it scales, follows light and dark by CSS classes, and weighs a few kilobytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

Polyline = Sequence[Sequence[float]]
WIDTH, HEIGHT = 460, 300
MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 72, 24, 12, 42


@dataclass(frozen=True)
class Line:
    """`style` is a CSS class of the report: new, base, third, guide."""

    name: str
    points: Polyline
    style: str


@dataclass(frozen=True)
class Bar:
    """An interval (low to high) at x, drawn through its point."""

    x: float
    y: float
    low: float
    high: float
    style: str


@dataclass(frozen=True)
class Chart:
    """Lines, bars and dots in one frame. `x_text` and `y_text` turn a tick's number into words."""

    title: str
    x_name: str
    y_name: str
    lines: Sequence[Line] = ()
    bars: Sequence[Bar] = ()
    dots: Polyline = ()
    x_range: tuple[float, float] = (0, 1)
    y_range: tuple[float, float] = (0, 1)
    x_text: Callable[[float], str] = field(default=lambda value: f"{value:g}")
    y_text: Callable[[float], str] = field(default=lambda value: f"{value:g}")

    def svg(self) -> Markup:
        """The drawing, with its lines' names as its label for screen readers."""
        parts = [*self._frame(), *map(self._line, self.lines), *map(self._bar, self.bars), *map(self._dot, self.dots)]
        legend = " · ".join(line.name for line in self.lines)
        label = f"{escape(self.title)}: {escape(legend)}"
        head = f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        # Every text in it is escaped where it is made.
        return Markup(head + "".join(parts) + "</svg>")

    def _x(self, value: float) -> float:
        low, high = self.x_range
        return MARGIN_LEFT + (value - low) / (high - low or 1) * (WIDTH - MARGIN_LEFT - MARGIN_RIGHT)

    def _y(self, value: float) -> float:
        low, high = self.y_range
        inside = min(max(value, low), high)
        return HEIGHT - MARGIN_BOTTOM - (inside - low) / (high - low or 1) * (HEIGHT - MARGIN_TOP - MARGIN_BOTTOM)

    def _frame(self) -> list[str]:
        parts = []
        for tick in ticks(*self.y_range):
            y = self._y(tick)
            parts.append(f'<path class="grid" d="M{MARGIN_LEFT} {y:.1f}H{WIDTH - MARGIN_RIGHT}"/>')
            parts.append(_text(MARGIN_LEFT - 7, y + 4, self.y_text(tick), "end"))
        for tick in ticks(*self.x_range):
            parts.append(_text(self._x(tick), HEIGHT - MARGIN_BOTTOM + 17, self.x_text(tick), "middle"))
        parts.append(f'<path class="axis" d="M{MARGIN_LEFT} {HEIGHT - MARGIN_BOTTOM}H{WIDTH - MARGIN_RIGHT}"/>')
        parts.append(_text((MARGIN_LEFT + WIDTH - MARGIN_RIGHT) / 2, HEIGHT - 7, self.x_name, "middle"))
        middle = (MARGIN_TOP + HEIGHT - MARGIN_BOTTOM) / 2
        turned = f'transform="rotate(-90 13 {middle:.0f})"'
        parts.append(f'<text x="13" y="{middle:.0f}" text-anchor="middle" {turned}>{escape(self.y_name)}</text>')
        return parts

    def _line(self, line: Line) -> str:
        steps = "L".join(f"{self._x(x):.1f} {self._y(y):.1f}" for x, y, *_ in line.points)
        return f'<path class="line {line.style}" d="M{steps}"/>'

    def _bar(self, bar: Bar) -> str:
        x, y = self._x(bar.x), self._y(bar.y)
        stem = f'<path class="stem {bar.style}" d="M{x:.1f} {self._y(bar.low):.1f}V{self._y(bar.high):.1f}"/>'
        return f'{stem}<circle class="dot {bar.style}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>'

    def _dot(self, point: Sequence[float]) -> str:
        return f'<circle class="dot base" cx="{self._x(point[0]):.1f}" cy="{self._y(point[1]):.1f}" r="2.6"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers within."""
    span = high - low
    if not span > 0:
        return [low]
    size = 10.0 ** _floor_log10(span / 4)
    step = next(size * unit for unit in (10, 5, 2, 1) if span / (size * unit) >= 3)
    first = -int(-low / step // 1) if low <= 0 else int(low / step) + (low % step > 1e-12)
    round_numbers, number = [], first
    while number * step <= high + span * 1e-9:
        if number * step >= low - span * 1e-9:
            round_numbers.append(round(number * step, 12))
        number += 1
    return round_numbers


def _floor_log10(value: float) -> int:
    return int(f"{value:e}".split("e")[1])


def interval(low: float, value: float, high: float, *, reach: float) -> Markup:
    """A gain with its interval around a zero line, `reach` being the half width."""
    width, height = 170, 18

    def at(number: float) -> float:
        return width / 2 + max(-1.0, min(1.0, number / reach)) * (width / 2 - 4)

    style = "good" if low > 0 else "bad" if high < 0 else "open"
    return Markup(
        f'<svg class="interval" viewBox="0 0 {width} {height}" aria-hidden="true">'
        f'<path class="axis" d="M{width / 2} 0V{height}"/>'
        f'<path class="stem {style}" d="M{at(low):.1f} {height / 2}H{at(high):.1f}"/>'
        f'<circle class="dot {style}" cx="{at(value):.1f}" cy="{height / 2}" r="4"/></svg>'
    )


def share_bar(share: float, style: str = "new") -> Markup:
    """A horizontal bar; `share` of its full width."""
    width = max(0.0, min(1.0, share)) * 160
    return Markup(
        '<svg class="share" viewBox="0 0 160 12" aria-hidden="true">'
        f'<rect class="bar {escape(style)}" y="1" width="{width:.1f}" height="10" rx="2"/></svg>'
    )


def page(rows: Polyline) -> Markup:
    """One list before (left) and after (right): [logged rank, new rank, converted] of its rows."""
    deepest = max(max(old, new) for old, new, _ in rows)
    height = 12 * deepest + 10

    def line(old: float, new: float, converted: float) -> str:
        style = "new" if converted else "quiet"
        dots = "".join(
            f'<circle class="dot {style}" cx="{x}" cy="{12 * y:.0f}" r="2.6"/>' for x, y in ((8, old), (92, new))
        )
        a, b = f"{12 * old:.0f}", f"{12 * new:.0f}"
        return f'<path class="move {style}" d="M8 {a}C50 {a} 50 {b} 92 {b}"/>{dots}'

    drawn = "".join(line(*row) for row in sorted(rows, key=lambda row: row[2]))
    return Markup(f'<svg class="page" viewBox="0 0 100 {height:.0f}" aria-hidden="true">{drawn}</svg>')
