"""What the server has done since its start. The script fills it in from /metrics."""

from serving.page.heading import tile
from serving.page.markup import Html, element
from serving.page.text import NOTHING

TILES = (
    ("rows", "rows scored"),
    ("rate", "rows a second"),
    ("median", "latency of /predict, median"),
    ("tail", "latency of /predict, 99th percentile"),
    ("in-flight", "requests in flight"),
    ("refused", "requests refused"),
)
TABLES = (
    ("reasons", "Refused, by reason"),
    ("flagged", "Flagged rows"),
    ("phases", "Where a request to /predict spends its time, mean"),
)


def live_section() -> Html:
    lists = [_card(title, element("dl", id=name, class_="counts")) for name, title in TABLES]
    probabilities = _card("Probabilities of the rows", element("ul", id="probabilities", class_="bars"))
    return element(
        "section",
        element(
            "div",
            element("h2", "Live", id="live"),
            element("span", "reading", id="pulse", class_="pill"),
            element("button", "Pause", type="button", id="pause", class_="quiet", aria_pressed="false"),
            class_="head",
        ),
        element("p", "Since this server started; every two seconds, from /metrics.", class_="note"),
        element("dl", *(tile(NOTHING, meaning, live=name) for name, meaning in TILES), class_="tiles"),
        element("div", element("div", *lists, class_="stack"), probabilities, class_="halves"),
        aria_labelledby="live",
    )


def _card(title: str, content: Html) -> Html:
    return element("div", element("h3", title), content, class_="card")
