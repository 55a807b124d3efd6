"""The inputs of a row, and the rules over them."""

from model.bundle.features import CategoryFeature, Direction, Input
from model.bundle.unknown import UnknownPolicy
from serving.model_info import ModelInfo
from serving.page.markup import Child, Html, code, element, table
from serving.page.text import number

LISTED = 12
DIRECTIONS: dict[Direction | None, str] = {
    None: "",
    "increasing": "never lowers the probability when it grows",
    "decreasing": "never raises the probability when it grows",
}
UNKNOWN: dict[UnknownPolicy, str] = {
    "other": "an unknown value is scored as one more category, and flagged",
    "missing": "an unknown value is scored as missing, and flagged",
    "refuse": "a request with an unknown value is refused",
}
BOUNDS_NOTE = (
    "Training rejects rows outside of these. The server scores them all the same, flags the answer and counts them."
)


def inputs_section(info: ModelInfo) -> Html:
    rows: list[list[Child]] = [
        [code(feature.name), feature.kind, _values(feature), _effect(feature)] for feature in info.features
    ]
    return element(
        "section",
        element("h2", "Inputs", id="inputs"),
        element("p", "A request has every one of them by name; null is a value that is not known.", class_="note"),
        _position(info),
        element("div", table("Inputs", ("Input", "Kind", "What training saw", "Effect"), rows), class_="sheet"),
        *_bounds(info),
        aria_labelledby="inputs",
    )


def seen(feature: Input) -> str:
    """The range of a number in training, or how many categories it knew."""
    if isinstance(feature, CategoryFeature):
        return f"one of {len(feature.categories)}"
    if feature.minimum is None or feature.maximum is None:
        return "no value in training"
    return f"{number(feature.minimum)} to {number(feature.maximum)}"


def _values(feature: Input) -> Child:
    if not isinstance(feature, CategoryFeature):
        return seen(feature)
    shown, hidden = feature.categories[:LISTED], feature.categories[LISTED:]
    if not hidden:
        return _list(shown)
    return element("details", element("summary", f"{len(feature.categories)} categories"), _list(feature.categories))


def _list(categories: tuple[str, ...]) -> Html:
    return element("ul", *(element("li", category) for category in categories), class_="chips")


def _effect(feature: Input) -> str:
    if isinstance(feature, CategoryFeature):
        return UNKNOWN[feature.unknown]
    return DIRECTIONS[feature.direction]


def _position(info: ModelInfo) -> Html | None:
    if info.position is None:
        return None
    rest = f" is never sent: every row is scored as if shown at position {info.position.constant}."
    return element("p", code(info.position.feature), rest, class_="note")


def _bounds(info: ModelInfo) -> list[Html]:
    if not info.bounds:
        return []
    rows: list[list[Child]] = [
        [rule.name, code(rule.expression), number(rule.min), number(rule.max)] for rule in info.bounds
    ]
    return [
        element("h3", "Bounds"),
        element("p", BOUNDS_NOTE, class_="note"),
        element("div", table("Bounds", ("Rule", "Expression", "Minimum", "Maximum"), rows), class_="sheet"),
    ]
